//! A policy with the locks beside it: what no endpoint uses, statements about endpoints, and locks
//! that say something else.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use auth_policy::{CheckedWithLocks, Code, Severity, Source, check, check_with_locks, lock::Lock};

const POLICY: &str = r#"version: 1
scopes:
  read:posts: Read posts
  edit:posts: { is: Edit posts, mutates: true }
  audit:log: Read the log
roles:
  reader: { grants: [read:posts] }
  author: { includes: [reader], grants: [edit:posts] }
  auditor: { grants: [audit:log] }
  moderator: {}
schemes:
  jwt:
    issuer: https://issuer.example
    audience: test-api
    algorithms: [EdDSA]
    keys: ${TEST_JWT_KEYS}
    access_ttl: 15m
    refresh_ttl: 7d
  api_key: { header: X-API-Key, prefix: test, grants: [read:posts], limit: keys, max_ttl: 1d }
  session: { idle: 30m, lifetime: 24h }
issuers:
  partner:
    issuer: https://partner.example
    audience: test-api
    algorithms: [ES256]
    keys: file:partner.json
    may_grant: [read:posts]
    roles: { lead: author }
limits:
  keys: { rate: 9/minute, by: credential }
  slow: { rate: 1/minute, by: address }
rules:
  edit: { schemes: [jwt, session], scopes: edit:posts }
"#;

const LOCK: &str = "lock 1 of p.yaml
GET / public -> everybody @ a::index reason \"landing page\"
GET /posts jwt | session scope read:posts -> x @ a::list
PUT /posts/{id} jwt | session scope edit:posts; rule edit -> x @ a::edit
GET /mine jwt -> x @ a::mine
POST /flags session role moderator -> x @ a::flag
";

fn with(policy: &str, locks: &[&str]) -> CheckedWithLocks {
    let locks: Vec<_> = locks.iter().map(|lock| Source::lock("p.lock", (*lock).into())).collect();
    check_with_locks(&Source::new("p.yaml", policy.into()), &locks)
}

fn checked(text: &str) -> auth_policy::Policy {
    check(&Source::new("p.yaml", text.into())).policy.unwrap()
}

/// What is found in a policy: code, line and message.
fn found(policy: &str, locks: &[&str]) -> Vec<(Code, u32, String)> {
    let found = with(policy, locks).checked.diagnostics;
    found.into_iter().map(|found| (found.code, found.place.line, found.message)).collect()
}

/// The policy with statements, and what is found in them.
fn stated(statements: &str) -> Vec<(Code, String, Option<String>)> {
    let found = with(&format!("{POLICY}{statements}"), &[LOCK]).checked.diagnostics;
    let of_statements = found.into_iter().filter(|found| found.severity == Severity::Error);
    of_statements.map(|found| (found.code, found.message, found.help)).collect()
}

#[test]
fn z3_what_no_endpoint_uses_is_reported_at_its_declaration() {
    let expected = [
        (Code::ScopeNotAsked, 5, "no endpoint asks for the scope `audit:log`"),
        (Code::RoleOpensNothing, 9, "the role `auditor` opens no endpoint"),
        (Code::SchemeNotAsked, 19, "no endpoint takes credentials of `api_key`"),
        (Code::SchemeNotAsked, 22, "no endpoint takes credentials of `partner`"),
        (Code::LimitNotUsed, 31, "nothing is held to the limit `slow`"),
    ];
    let expected = expected.map(|(code, line, message)| (code, line, message.to_owned()));
    assert_eq!(found(POLICY, &[LOCK]), expected);
    // Without a lock nobody knows.
    assert_eq!(
        found(POLICY, &[]),
        [(
            Code::RoleWithoutEffect,
            10,
            "the role `moderator` grants nothing, and no role includes it".to_owned()
        )]
    );
}

#[test]
fn z3_what_one_lock_uses_is_used() {
    let admin = "lock 1 of p.yaml
GET /log jwt | partner scope audit:log; limit slow -> x @ b::log
GET /key api_key -> x @ b::key
";
    assert_eq!(found(POLICY, &[LOCK, admin]), []);
    let without_rule = LOCK.replace("; rule edit", "");
    let found = found(POLICY, &[&without_rule, admin]);
    assert_eq!(
        found,
        [(Code::RuleNotAsked, 33, "no endpoint asks for the rule `edit`".to_owned())]
    );
}

/// A role counts where it opens something with others, by an issuer's table, or in a handler's rule.
#[test]
fn z3_a_role_that_opens_something_is_not_reported() {
    let opens_nothing = |lock: &str| {
        let found = found(POLICY, &[lock]).into_iter();
        let roles = found.filter(|(code, ..)| *code == Code::RoleOpensNothing);
        roles.map(|(.., message)| message).collect::<Vec<_>>()
    };
    let head = "lock 1 of p.yaml\n";
    let both = "GET / jwt scope edit:posts and audit:log -> x @ a\n";
    assert_eq!(
        opens_nothing(&format!("{head}{both}")),
        ["the role `moderator` opens no endpoint", "the role `reader` opens no endpoint"]
            .into_iter()
            .rev()
            .collect::<Vec<_>>()
    );
    let foreign = "GET / partner role author -> x @ a\n";
    let rest = opens_nothing(&format!("{head}{foreign}"));
    assert!(!rest.iter().any(|message| message.contains("author")), "{rest:?}");
    let everybody = "GET / jwt -> x @ a\n";
    assert_eq!(opens_nothing(&format!("{head}{everybody}")).len(), 4);
}

#[test]
fn never_and_always_are_held_for_endpoints() {
    let holding = r#"
never:
  - role: reader
    reaches: { endpoint: "PUT /posts/{id}" }
  - role: auditor
    reaches: { endpoint: GET /posts, scopes: read:posts }
  - role: author
    reaches: { endpoint: POST /flags }
always:
  - role: author
    reaches: { endpoint: "PUT /posts/{id}" }
  - role: moderator
    reaches: { endpoint: GET /mine }
  - role: moderator
    reaches: { endpoint: POST /flags }
  - role: moderator
    reaches: { endpoint: GET / }
"#;
    assert_eq!(stated(holding), []);
    let broken = |word: &str, role: &str, endpoint: &str| {
        let statement =
            format!("{word}: [{{ role: {role}, reaches: {{ endpoint: \"{endpoint}\" }} }}]\n");
        let found = stated(&statement);
        let [(Code::InvariantBroken, message, _)] = &found[..] else { unreachable!("{found:?}") };
        message.rsplit_once("says this entry, but it ").unwrap().1.to_owned()
    };
    assert_eq!(broken("never", "author", "PUT /posts/{id}"), "does: jwt");
    assert_eq!(broken("never", "moderator", "POST /flags"), "does: session");
    assert_eq!(broken("never", "auditor", "GET /"), "does: it is open to everybody");
    assert_eq!(broken("never", "auditor", "GET /mine"), "does: jwt");
    assert_eq!(broken("always", "reader", "PUT /posts/{id}"), "does not");
    assert_eq!(broken("always", "author", "POST /flags"), "does not");
}

/// What a foreign issuer's tokens hold counts against `never` and not for `always`.
#[test]
fn never_is_about_tokens_of_others_too() {
    let lock = "lock 1 of p.yaml\nGET /a partner role author -> x @ a\n";
    let said = |word: &str| {
        let statement = format!("{word}: [{{ role: author, reaches: {{ endpoint: GET /a }} }}]");
        let found = found(&format!("{POLICY}{statement}"), &[lock]);
        found.into_iter().filter(|(code, ..)| *code == Code::InvariantBroken).count()
    };
    assert_eq!((said("never"), said("always")), (1, 1));
}

#[test]
fn a_statement_about_an_endpoint_that_is_not_there_is_an_error_with_a_guess() {
    let cases = [
        ("GET /post", "did you mean `GET /posts`?"),
        ("DELETE /posts", "did you mean `GET /posts`?"),
        ("PUT /posts/{ids}", "did you mean `PUT /posts/{id}`?"),
        ("GET /somewhere/else", "name it as the lock does, method and path; "),
    ];
    for (endpoint, help) in cases {
        let statement =
            format!("never: [{{ role: reader, reaches: {{ endpoint: \"{endpoint}\" }} }}]\n");
        let found = stated(&statement);
        let [(Code::UndeclaredEndpoint, message, Some(said))] = &found[..] else {
            unreachable!("{found:?}")
        };
        assert_eq!(*message, format!("the application has no endpoint `{endpoint}`"));
        assert!(said.starts_with(help), "{said}");
    }
}

#[test]
fn a_statement_that_nothing_holds_is_a_warning() {
    let policy = format!("{POLICY}never: [{{ role: reader, reaches: {{ endpoint: GET /a }} }}]\n");
    let found = with(&policy, &[]);
    assert!(found.checked.policy.is_some());
    assert!(found.checked.diagnostics.iter().any(|found| found.code == Code::NoLock));
}

#[test]
fn a_lock_of_other_names_is_stale_where_it_names_them() {
    let lock = "lock 1 of p.yaml
GET /a jwt | cookie scope read:post and edit:posts; role boss; acr mfa; limit fast -> x @ a
GET /b jwt scope edit:posts; rule edits -> x @ b
GET /edits public identity saml; limit faster -> x @ c reason \"d\"
";
    let found = with(POLICY, &[lock]);
    let [of_lock] = &found.locks[..] else { unreachable!() };
    let told: Vec<_> = of_lock
        .iter()
        .map(|found| (found.code, found.place.line, found.place.column, found.place.length))
        .collect();
    let stale = |line, column, length| (Code::StaleLock, line, column, length);
    assert_eq!(
        told,
        [
            stale(2, 14, 6),
            stale(2, 27, 9),
            stale(2, 58, 4),
            stale(2, 68, 3),
            stale(2, 79, 4),
            stale(3, 35, 5),
            stale(4, 28, 4),
            stale(4, 40, 6),
        ]
    );
    assert!(of_lock[1].message.contains("the scope `read:post`"), "{:?}", of_lock[1]);
}

/// The lock as it is written is the one with nothing to say about.
#[test]
fn a_lock_that_is_not_what_the_policy_comes_to_is_out_of_date() {
    let policy = checked(POLICY);
    let written = Lock::parse(LOCK).unwrap().write(&policy);
    assert_eq!(with(POLICY, &[&written]).locks, [vec![]]);
    let first = |policy: &str, lock: &str| {
        let found = with(policy, &[lock]).locks.remove(0).remove(0);
        assert_eq!((found.code, found.severity), (Code::LockOutOfDate, Severity::Warning));
        (found.place.line, found.message)
    };
    let other = "this line is not what the policy comes to now".to_owned();
    let granted = POLICY.replace("grants: [audit:log]", "grants: [audit:log, read:posts]");
    let line = written.lines().position(|line| line.contains("GET     /posts ")).unwrap() + 1;
    assert_eq!(first(&granted, &written), (u32::try_from(line).unwrap(), other.clone()));
    assert_eq!(first(POLICY, &format!("{written}# more\n")).1, other);
    let rule = POLICY.replace("edit: { schemes: [jwt, session]", "edit: { schemes: [jwt]");
    assert_eq!(first(&rule, &written).1, "the rule `edit` says something else now");
    let limited = written.replace("scope edit:posts; rule", "scope edit:posts; limit slow; rule");
    assert_ne!(first(POLICY, &limited).1, "the rule `edit` says something else now");
}

#[test]
fn a_file_that_is_no_lock_is_an_error_of_its_own() {
    for (lock, line) in [(&b"GET / jwt"[..], 1), (b"lock 1 of p\nGET \xff", 2), (b"<<<<<<< a", 1)] {
        let lock = Source::lock("p.lock", lock.to_vec());
        let found = check_with_locks(&Source::new("p.yaml", POLICY.into()), &[lock]);
        let [found] = &found.locks[0][..] else { unreachable!("{found:?}") };
        assert_eq!((found.severity, found.place.line), (Severity::Error, line));
    }
}
