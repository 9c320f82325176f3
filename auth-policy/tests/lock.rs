//! Locks: what is written is read back, and reads well.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use auth_policy::{
    Policy, Source, check,
    lock::{Endpoint, Guard, Lock, Rule},
    settings::Seconds,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

fn blog() -> Policy {
    let text = include_str!("../../policies/blog.yaml");
    check(&Source::new("policies/blog.yaml", text.into())).policy.unwrap()
}

/// Names as they are, and as somebody might choose them to be misread.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z:._/-]{0,12}",
        select(vec![
            "or", "and", "public", "nobody", "->", "@", "reason", "role", "a b", "\"", "#"
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ]
}

fn names(least: usize) -> impl Strategy<Value = Vec<String>> {
    vec(name(), least..4)
}

fn guard() -> impl Strategy<Value = Guard> {
    let parts = (
        names(0),
        names(0),
        any::<bool>(),
        option::of(name()),
        option::of(name()),
        option::of(name()),
        option::of((0..315_360_000u64).prop_map(Seconds)),
        option::of(name()),
        any::<bool>(),
    );
    parts.prop_map(|(schemes, scopes, any, role, limit, name, max_age, acr, people_only)| {
        let any_scope = any && scopes.len() > 1;
        Guard { schemes, scopes, any_scope, role, limit, name, max_age, acr, people_only }
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    prop_oneof![
        guard().prop_map(Rule::Guarded),
        (any::<String>(), names(0), option::of(name()))
            .prop_map(|(reason, identity, limit)| Rule::Public { reason, identity, limit }),
        any::<String>().prop_map(|reason| Rule::Unguarded { reason }),
    ]
}

fn endpoint() -> impl Strategy<Value = Endpoint> {
    let method = select(vec!["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "ANY"]);
    (method, name(), name(), rule()).prop_map(|(method, path, handler, rule)| Endpoint {
        method: method.to_owned(),
        path,
        handler,
        rule,
    })
}

fn lock() -> impl Strategy<Value = Lock> {
    (name(), vec(endpoint(), 0..8)).prop_map(|(policy, mut endpoints)| {
        let mut seen = std::collections::HashSet::new();
        endpoints.retain(|endpoint| {
            endpoint.method == "ANY"
                || seen.insert((endpoint.method.clone(), endpoint.path.clone()))
        });
        Lock { policy, endpoints }.sorted()
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(lock in lock()) {
        let text = lock.write(&blog());
        prop_assert_eq!(Lock::parse(&text), Ok(lock.clone()), "{}", text);
        prop_assert_eq!(text.lines().count(), 5 + lock.endpoints.len(), "{}", text);
        let crlf = text.replace('\n', "\r\n");
        prop_assert_eq!(Lock::parse(&crlf), Ok(lock));
    }

    /// Neither the order in a router nor any other endpoint shows in a line.
    #[test]
    fn a_line_depends_on_its_endpoint_alone(lock in lock(), other in endpoint()) {
        let before = lock.write(&blog());
        let mut more = lock.clone();
        more.endpoints.insert(0, other);
        more.endpoints.reverse();
        let after = more.write(&blog());
        let kept: Vec<_> = after.lines().collect();
        prop_assert!(before.lines().all(|line| kept.contains(&line)), "{}\n{}", before, after);
        prop_assert_eq!(after.lines().count(), before.lines().count() + 1);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(lock 1 of a\n)?(GET|\"| |;|->|@|a|\\\\|\\|\n|\\PC){0,60}") {
        if let Err(error) = Lock::parse(&text) {
            let lines = text.split('\n').count();
            prop_assert!((1..=lines).contains(&(error.place.line as usize)), "{}", error);
        }
    }
}

fn refused(line: &str) -> String {
    Lock::parse(&format!("lock 1 of p.yaml\n{line}\n")).unwrap_err().to_string()
}

#[test]
fn a_line_that_is_none_says_where_and_why() {
    let cases = [
        ("FETCH / jwt -> @ a", "line 2, column 1: a method is one of GET, HEAD, POST, "),
        ("GET / -> @ a", "line 2, column 7: here belongs a scheme"),
        ("GET / jwt @ a", "line 2, column 11: here belongs a condition"),
        (
            "GET / jwt scop a -> @ a",
            "line 2, column 11: this is no condition, or stands here twice",
        ),
        ("GET / jwt scope a; scope b -> @ a", "line 2, column 20: this is no condition"),
        ("GET / jwt scope a and b or c -> @ a", "line 2, column 25: here belongs `->`"),
        ("GET / jwt max_age 3 -> @ a", "line 2, column 19: this has no unit"),
        ("GET / public -> @ a", "line 2, column 20: here belongs `reason` and why it has no guard"),
        ("GET / unguarded limit a -> @ a", "line 2, column 17: here belongs `->`"),
        ("GET / jwt -> role admin", "line 2, column 24: here belongs `@` and the handler"),
        ("GET / jwt -> @ a b", "line 2, column 18: here belongs the end of the line"),
        ("GET / jwt -> @ a\nGET / jwt -> @ b", "line 3, column 1: this endpoint stands here twice"),
        ("<<<<<<< HEAD", "line 2, column 1: a merge left its mark here; resolve the conflict"),
        ("GET \"/", "line 2, column 5: these quotes are not closed"),
    ];
    for (line, said) in cases {
        assert!(refused(line).starts_with(said), "{line}: {}", refused(line));
    }
}

#[test]
fn a_file_that_is_none_says_so() {
    for text in ["", "# only a comment\n", "\n\n"] {
        assert!(Lock::parse(text).unwrap_err().message.starts_with("this is no lock: "));
    }
    let other = Lock::parse("lock 2 of p.yaml\n").unwrap_err();
    assert!(other.message.starts_with("this version of the format"), "{other}");
    assert_eq!((other.place.column, other.place.length), (6, 1));
    let long = format!("lock 1 of p.yaml\n{}", "#\n".repeat(4 * 1024 * 1024));
    assert_eq!(Lock::parse(&long).unwrap_err().message, "a lock has at most 8 MiB");
}

/// What a reader would take for another rule, or for another line, is written out.
#[test]
fn a_reason_cannot_pretend_to_be_a_rule() {
    let reason = "fine\" -> everybody @ a\nGET /admin public reason \"\u{202e}ok".to_owned();
    let (method, path, handler) = ("GET".to_owned(), "/".to_owned(), "a".to_owned());
    let rule = Rule::Unguarded { reason };
    let lock =
        Lock { policy: "p.yaml".into(), endpoints: vec![Endpoint { method, path, handler, rule }] };
    let text = lock.write(&blog());
    let line = text.lines().last().unwrap();
    assert!(
        line.contains(
            r#"reason "fine\" -> everybody @ a\u{a}GET /admin public reason \"\u{202e}ok""#
        )
    );
    assert_eq!(Lock::parse(&text).unwrap(), lock);
}

#[test]
fn roles_that_are_enough_together_are_told_where_none_of_them_is_alone() {
    let policy = |grants: &str| {
        let text = format!(
            "version: 1\nscopes: {{ a: A, b: B }}\nroles: {{ chief: {{ grants: [a] }}, other: {{ grants: [{grants}] }} }}\nschemes: {{ jwt: {{ issuer: https://a.example, audience: a, algorithms: [EdDSA], keys: \"${{K}}\", access_ttl: 15m, refresh_ttl: 7d }} }}\n"
        );
        check(&Source::new("p.yaml", text.into())).policy.unwrap()
    };
    let reached = |grants: &str| {
        let lock = "lock 1 of p.yaml\nGET /it  jwt  scope a or b; role chief  -> nobody  @ a::it\n";
        let written = Lock::parse(lock).unwrap().write(&policy(grants));
        written.split("-> ").nth(1).unwrap().split_once("  ").unwrap().0.to_owned()
    };
    // With `other` a chief could carry `b` as well, but gets in with `a` all the same.
    assert_eq!(reached("b"), "role chief");
    let lock = "lock 1 of p.yaml\nGET /it  jwt  scope a and b; role chief  -> nobody  @ a::it\n";
    let written = Lock::parse(lock).unwrap().write(&policy("b"));
    assert!(written.contains("-> role chief + other "), "{written}");
}
