//! Tests of policies. In: a policy, endpoints, and files of tests. Out: what such a file is told, and
//! which changes of the policy it would miss.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails should say so loudly"
)]

use std::collections::BTreeMap;

use auth_policy::{
    Policy, Source,
    access::{Holder, admits},
    check,
    lock::{Endpoint, Guard, Lock, Rule},
    settings::Seconds,
    testing::{Expectations, Mutation, PolicyTests, Survivor, SurvivorPlace},
};
use proptest::prelude::*;

const POLICY: &str = "version: 1
scopes:
  read:posts: Read posts
  write:posts: { is: Write posts, mutates: true }
  delete:posts: { is: Delete posts, mutates: true }
roles:
  reader: { grants: [read:posts] }
  author: { includes: [reader], grants: [write:posts] }
  admin: { includes: [author], grants: [delete:posts] }
schemes:
  jwt: { issuer: https://a.example, audience: a, algorithms: [EdDSA], keys: file:k, access_ttl: 5m, refresh_ttl: 1d }
  session: { idle: 30m, lifetime: 24h }
  api_key: { prefix: app, grants: [read:posts], max_ttl: 90d, limit: keys }
limits: { clients: { rate: 9/minute, by: [address, credential] }, keys: { rate: 9/minute, by: credential } }
endpoints: { token: { limit: clients } }
oauth: { grants: [client_credentials] }
issuers:
  partner: { issuer: https://b.example, audience: a, scope_claim: scp, may_grant: [read:posts], roles: { Editors: author } }
rules:
  edit: { schemes: [jwt, session], scopes: write:posts }
";

/// Complete for the lock below.
const TESTS: &str = "version: 1
endpoints:
  GET /: anyone
  GET /posts:
    jwt | session | api_key: any role
    jwt: any client
    partner: [any role, no role]
  PUT /posts: { jwt | session: [author, admin], jwt: any client }
  DELETE /posts: { session: admin }
cases:
  - { through: session, roles: admin, signed_in: 9m, may: DELETE /posts }
  - { through: session, roles: admin, signed_in: 10m, may_not: [DELETE /posts] }
";

fn policy() -> Policy {
    let checked = check(&source("p.yaml", POLICY));
    checked.policy.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics))
}

fn source(name: &str, text: &str) -> Source {
    Source::new(name, text.as_bytes().to_vec())
}

fn lock() -> Lock {
    let guard = |schemes: &[&str], scope: &str| Guard {
        schemes: schemes.iter().map(|name| (*name).to_owned()).collect(),
        scopes: vec![scope.to_owned()],
        ..Guard::default()
    };
    let public = Rule::Public { reason: "landing".to_owned(), identity: vec![], limit: None };
    let edit = Guard { name: Some("edit".to_owned()), ..guard(&["jwt", "session"], "write:posts") };
    let delete = Guard { max_age: Some(Seconds(600)), ..guard(&["session"], "delete:posts") };
    let read = guard(&["api_key", "jwt", "partner", "session"], "read:posts");
    let endpoint = |method: &str, path: &str, rule: Rule| Endpoint {
        method: method.to_owned(),
        path: path.to_owned(),
        handler: "app::handler".to_owned(),
        rule,
    };
    let endpoints = vec![
        endpoint("GET", "/", public),
        endpoint("DELETE", "/posts", Rule::Guarded(delete)),
        endpoint("GET", "/posts", Rule::Guarded(read)),
        endpoint("PUT", "/posts", Rule::Guarded(edit)),
    ];
    Lock { policy: "p.yaml".to_owned(), endpoints }
}

/// What a file is told about itself: nothing, or its findings as text.
fn told(text: &str) -> String {
    let source = source("p.test.yaml", text);
    let (policy, lock) = (policy(), lock());
    let found = match PolicyTests::read(&source) {
        Err(found) => found,
        Ok(tests) => match tests.expect(&source, &policy, &lock) {
            Err(found) => found,
            Ok(expectations) => expectations.run().diagnostics(&source),
        },
    };
    found.iter().map(|found| found.render(&source) + "\n").collect()
}

fn with<T>(text: &str, ask: impl FnOnce(&Expectations<'_>) -> T) -> T {
    let source = source("p.test.yaml", text);
    let (policy, lock) = (policy(), lock());
    let tests = PolicyTests::read(&source).unwrap_or_else(|found| panic!("{found:#?}"));
    ask(&tests.expect(&source, &policy, &lock).unwrap_or_else(|found| panic!("{found:#?}")))
}

fn mutated(text: &str) -> Mutation {
    with(text, |expectations| expectations.mutate(&source("p.yaml", POLICY), 10_000).unwrap())
}

#[test]
fn what_is_listed_gets_in_and_nobody_else() {
    assert_eq!(told(TESTS), "");
}

/// Each text with one mistake, and exactly what its author is told. `UPDATE_EXPECT=1 cargo test -p
/// auth-policy --test testing` writes the latter.
#[test]
fn mistakes_are_told_with_their_place() {
    let put = |from: &str, to: &str| {
        let text = TESTS.replacen(from, to, 1);
        assert_ne!(text, TESTS, "{from}");
        text
    };
    let mistakes = [
        ("of another version", put("version: 1", "version: 2")),
        ("without a version", put("version: 1\n", "")),
        ("with a key that is unknown", put("cases:", "casess:")),
        ("with an anchor", put("anyone", "&a anyone")),
        ("with an endpoint twice", put("  GET /: anyone\n", "  GET /: anyone\n  GET /: nobody\n")),
        ("with an endpoint that the lock has not", put("GET /posts:", "GET /post:")),
        ("with an endpoint that is none", put("  GET /: anyone", "  get /: anyone")),
        ("with a word that is no one", put("GET /: anyone", "GET /: everyone")),
        ("with a role by itself", put("{ session: admin }", "admin")),
        ("with nobody in a map", put("{ session: admin }", "{}")),
        ("with nobody in a list", put("{ session: admin }", "{ session: [] }")),
        ("with an undeclared role", put("{ session: admin }", "{ session: admn }")),
        ("with an undeclared scheme", put("{ session: admin }", "{ sesion: admin }")),
        ("with our role for theirs", put("[any role, no role]", "[author, no role]")),
        ("with a client that has no tokens", put("{ session: admin }", "{ session: any client }")),
        ("with a role twice", put("[author, admin]", "[author, author, admin]")),
        (
            "with somebody twice",
            put("any role\n    jwt: any client", "any role\n    jwt: [admin, any client]"),
        ),
        ("with a scheme twice", put("jwt | session | api_key", "jwt | session | jwt")),
        ("with a case of nothing", put(", may: DELETE /posts }", " }")),
        (
            "with a case through nothing",
            put("through: session, roles: admin, signed_in: 9m", "roles: admin"),
        ),
        ("with a span that is none", put("signed_in: 9m", "signed_in: soon")),
        ("with an undeclared scope", put("signed_in: 9m", "scopes: [read:post]")),
        ("with an undeclared context", put("signed_in: 9m", "acr: 'urn:mfa'")),
        ("of a client through a session", put("signed_in: 9m", "client: for itself")),
        (
            "that forgets an endpoint",
            put("  PUT /posts: { jwt | session: [author, admin], jwt: any client }\n", ""),
        ),
        ("that forgets somebody", put("[author, admin], jwt", "[author], jwt")),
        ("that forgets a client", put("admin], jwt: any client }", "admin] }")),
        ("that expects too much", put("{ session: admin }", "{ session: [author, admin] }")),
        ("that expects everybody", put("{ session: admin }", "anyone")),
        ("that expects nobody", put("GET /: anyone", "GET /: nobody")),
        (
            "with a case that should be refused",
            put("may_not: [DELETE /posts]", "may: [DELETE /posts]"),
        ),
        ("with a case that should get in", put("9m, may: DELETE", "9m, may_not: DELETE")),
    ];
    let found: String = mistakes
        .iter()
        .map(|(name, text)| {
            let told = told(text);
            assert!(!told.is_empty(), "{name}");
            format!("# a file {name}\n{told}\n")
        })
        .collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/testing.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(found, expected, "run this test with UPDATE_EXPECT=1 and review the change");
}

#[test]
fn coverage_tells_what_nobody_speaks_of() {
    let whole = with(TESTS, |expectations| expectations.coverage());
    let all = [&whole.endpoints, &whole.roles, &whole.schemes, &whole.grants, &whole.rules];
    assert_eq!(
        all.map(|counted| (counted.covered, counted.all)),
        [(4, 4), (3, 3), (4, 4), (3, 3), (1, 1)]
    );
    assert_eq!((whole.pairs, whole.cases), (4 * 15, 2));
    let part = "version: 1\nendpoints: { GET /posts: { session: reader } }\n";
    let part = with(part, |expectations| expectations.coverage());
    assert_eq!(part.endpoints.missing, ["DELETE /posts", "GET /", "PUT /posts"]);
    assert_eq!(part.roles.missing, ["admin", "author"]);
    assert_eq!(part.schemes.missing, ["api_key", "jwt", "partner"]);
    assert_eq!(part.grants.missing, ["admin: delete:posts", "author: write:posts"]);
    assert_eq!(part.rules.missing, ["edit"]);
}

#[test]
fn every_line_of_a_whole_file_is_missed() {
    let mutation = mutated(TESTS);
    assert_eq!(mutation.survivors, []);
    assert_eq!(mutation.noticed + mutation.equivalent, mutation.tried);
    assert_eq!((mutation.tried, mutation.equivalent, mutation.untried), (28, 7, 0));
}

/// Without the cases nobody would miss the age of a sign-in; with what is proposed, somebody would.
#[test]
fn a_line_that_no_test_would_miss_is_told_with_the_case_that_would() {
    let (without, _) = TESTS.split_once("cases:").unwrap();
    let mutation = mutated(without);
    let [survivor] = &mutation.survivors[..] else { panic!("{:#?}", mutation.survivors) };
    assert_eq!(survivor.change, "without `max_age = 10m`");
    assert_eq!(survivor.place, SurvivorPlace::Endpoints(vec!["DELETE /posts".to_owned()]));
    assert_eq!(
        survivor.effect(),
        "would let in session with role admin and a sign-in 10m ago, at `DELETE /posts`"
    );
    let case = "- { through: session, roles: [admin], signed_in: 10m, may_not: [DELETE /posts] }";
    assert_eq!(survivor.case, case);
    assert_eq!(mutated(&format!("{without}cases:\n  {case}\n")).survivors, []);
}

/// Where the tests fail already, nothing could be told.
#[test]
fn tests_that_fail_are_not_mutated() {
    let text = TESTS.replace("{ session: admin }", "nobody");
    let outcome = with(&text, |all| all.mutate(&source("p.yaml", POLICY), 10)).unwrap_err();
    assert_eq!(outcome.failures().len(), 1);
}

#[test]
fn what_is_not_tried_is_counted() {
    let few = with(TESTS, |all| all.mutate(&source("p.yaml", POLICY), 5)).unwrap();
    assert_eq!((few.tried, few.untried), (5, 23));
}

/// A policy where somebody needs two roles for something, and one includes another for its name.
const TEAMS: &str = "version: 1
scopes: { lock: Lock doors, open: Open doors }
roles:
  keeper: { grants: [lock] }
  porter: { grants: [open] }
  warden: { includes: [keeper], grants: [lock] }
schemes:
  jwt: { issuer: https://a.example, audience: a, algorithms: [EdDSA], keys: file:k, access_ttl: 5m, refresh_ttl: 1d }
  session: { idle: 30m, lifetime: 24h }
  api_key: { prefix: app, grants: [lock, open], max_ttl: 90d, limit: keys }
limits: { clients: { rate: 9/minute, by: [address, credential] }, keys: { rate: 9/minute, by: credential } }
endpoints: { token: { limit: clients } }
oauth: { grants: [client_credentials] }
acr_values: [weak, strong]
";

fn teams() -> Policy {
    let checked = check(&source("p.yaml", TEAMS));
    checked.policy.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics))
}

fn doors(guards: impl IntoIterator<Item = Guard>) -> Lock {
    let endpoint = |(guard, index)| Endpoint {
        method: "POST".to_owned(),
        path: format!("/{index}"),
        handler: "h".to_owned(),
        rule: Rule::Guarded(guard),
    };
    let endpoints = guards.into_iter().zip(0..).map(endpoint).collect();
    Lock { policy: "p.yaml".to_owned(), endpoints }
}

fn guard(scopes: &[&str]) -> Guard {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Guard {
        schemes: owned(&["api_key", "jwt", "session"]),
        scopes: owned(scopes),
        ..Guard::default()
    }
}

/// What nobody would notice of a file that lists whoever gets in.
fn unnoticed(lock: &Lock) -> Vec<String> {
    let (policy, file) = (teams(), source("p.test.yaml", &complete(&teams(), lock)));
    let tests = PolicyTests::read(&file).unwrap();
    let expectations = tests.expect(&file, &policy, lock).unwrap();
    assert_eq!(told_of(&expectations, &file), "");
    let mutation = expectations.mutate(&source("p.yaml", TEAMS), 10_000).unwrap();
    let line = |found: &Survivor| format!("{}: {}", found.change, found.effect());
    mutation.survivors.iter().map(line).collect()
}

fn told_of(expectations: &Expectations<'_>, file: &Source) -> String {
    let found = expectations.run().diagnostics(file);
    found.iter().map(|found| found.render(file) + "\n").collect()
}

/// Endpoints that differ in one part alone are not taken for the same.
#[test]
fn every_part_of_a_rule_counts() {
    let lock = doors([
        guard(&["lock"]),
        guard(&["open"]),
        guard(&[]),
        guard(&["lock", "open"]),
        Guard { any_scope: true, ..guard(&["lock", "open"]) },
        Guard { people_only: true, ..guard(&[]) },
        Guard { role: Some("keeper".to_owned()), ..guard(&[]) },
        Guard { max_age: Some(Seconds(60)), ..guard(&[]) },
        Guard { acr: Some("strong".to_owned()), ..guard(&[]) },
        Guard { schemes: vec!["session".to_owned()], ..guard(&[]) },
    ]);
    let (policy, text) = (teams(), complete(&teams(), &lock));
    let file = source("p.test.yaml", &text);
    let tests = PolicyTests::read(&file).unwrap();
    assert_eq!(told_of(&tests.expect(&file, &policy, &lock).unwrap(), &file), "");
    let lists = text.split("  POST ").skip(1).map(|part| part.split_once(':').unwrap().1);
    let different: std::collections::BTreeSet<_> = lists.collect();
    // A sign-in of this moment, as sure as can be, meets both of the conditions about it.
    assert_eq!(different.len(), lock.endpoints.len() - 1, "{text}");
    assert!(text.contains("jwt: [no role, keeper, porter, warden]"), "{text}");
}

/// Nobody of one role gets in, so nobody would notice that two are not enough any more.
#[test]
fn who_would_be_refused_is_told_as_well() {
    let found = unnoticed(&doors([Guard {
        schemes: vec!["session".to_owned()],
        ..guard(&["lock", "open"])
    }]));
    let lost = "the role `porter` without its grant `open`: would refuse session with roles keeper + porter, at `POST /0`";
    assert!(found.contains(&lost.to_owned()), "{found:#?}");
}

/// What a role includes opens doors by its name, even where it grants nothing more.
#[test]
fn an_include_counts_for_the_name_of_the_role() {
    let lock = doors([Guard { role: Some("keeper".to_owned()), ..guard(&[]) }]);
    assert_eq!(unnoticed(&lock), [""; 0]);
    let file = source("p.test.yaml", &complete(&teams(), &lock));
    let (tests, policy) = (PolicyTests::read(&file).unwrap(), teams());
    let mutation = tests.expect(&file, &policy, &lock).unwrap();
    let mutation = mutation.mutate(&source("p.yaml", TEAMS), 10_000).unwrap();
    // The include, the role, each of two schemes and a third one; keys have no roles.
    assert_eq!((mutation.noticed, mutation.equivalent), (4, mutation.tried - 4), "{mutation:#?}");
}

#[test]
fn a_door_that_opens_for_clients_is_noticed() {
    let people = Guard { people_only: true, ..guard(&[]) };
    assert_eq!(unnoticed(&doors([people])), [""; 0]);
}

fn subset(names: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    proptest::sample::subsequence(names.clone(), 0..=names.len())
}

fn any_guard() -> impl Strategy<Value = Rule> {
    let schemes = subset(&["api_key", "jwt", "partner", "session"]);
    let scopes = subset(&["delete:posts", "read:posts", "write:posts"]);
    let role = proptest::option::of(proptest::sample::select(vec!["admin", "author", "reader"]));
    let max_age = proptest::option::of(Just(Seconds(60)));
    let made = (schemes, scopes, any::<bool>(), role, max_age, any::<bool>(), any::<bool>());
    made.prop_map(|(schemes, scopes, any_scope, role, max_age, people_only, named)| {
        let name = named.then(|| "edit".to_owned());
        let role = role.map(str::to_owned);
        let limit = None;
        Rule::Guarded(Guard {
            schemes,
            scopes,
            any_scope,
            role,
            limit,
            name,
            max_age,
            acr: None,
            people_only,
        })
    })
}

fn any_lock() -> impl Strategy<Value = Lock> {
    proptest::collection::vec(any_guard(), 1..5).prop_map(|rules| {
        let endpoint = |(rule, index)| Endpoint {
            method: "POST".to_owned(),
            path: format!("/{index}"),
            handler: "h".to_owned(),
            rule,
        };
        let endpoints = rules.into_iter().zip(0..).map(endpoint).collect();
        Lock { policy: "p.yaml".to_owned(), endpoints }
    })
}

/// A file that lists whoever gets in, and nobody else, found by asking the access function about
/// each of those a matrix speaks of.
fn complete(policy: &Policy, lock: &Lock) -> String {
    let empty = source("p.test.yaml", "version: 1\nendpoints: {}\n");
    let tests = PolicyTests::read(&empty).unwrap();
    let expectations = tests.expect(&empty, policy, lock).unwrap();
    let mut text = "version: 1\nendpoints:\n".to_owned();
    for endpoint in &lock.endpoints {
        text += &format!("  {} {}:\n", endpoint.method, endpoint.path);
        let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for trial in expectations.trials().filter(|trial| trial.endpoint == endpoint) {
            let Some(credential) = trial.credential else { continue };
            if !admits(policy, &endpoint.rule, Some(&credential)).is_allowed() {
                continue;
            }
            let who = match credential.holder {
                Holder::Client => "any client".to_owned(),
                _ => credential.roles.first().cloned().unwrap_or_else(|| "no role".to_owned()),
            };
            lists.entry(credential.scheme).or_default().push(who);
        }
        if lists.is_empty() {
            text = text.trim_end().to_owned() + " nobody\n";
        }
        for (scheme, list) in lists {
            text += &format!("    {scheme}: [{}]\n", list.join(", "));
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// The table says what the access function says, asked one by one.
    #[test]
    fn a_file_holds_if_and_only_if_it_lists_those_who_are_admitted(lock in any_lock()) {
        let policy = policy();
        let text = complete(&policy, &lock);
        let file = source("p.test.yaml", &text);
        let tests = PolicyTests::read(&file).unwrap();
        let outcome = tests.expect(&file, &policy, &lock).unwrap().run();
        prop_assert!(outcome.is_fine(), "{text}\n{:#?}", outcome.failures());
    }

    /// The case that is proposed for a line holds, and with it the line would be missed.
    #[test]
    fn what_is_proposed_makes_a_line_missed(lock in any_lock()) {
        let policy = policy();
        let mut text = complete(&policy, &lock) + "cases:\n";
        let mut round = 0;
        loop {
            let whole = text.strip_suffix("cases:\n").unwrap_or(&text);
            let file = source("p.test.yaml", whole);
            let tests = PolicyTests::read(&file).unwrap_or_else(|found| panic!("{text}\n{found:#?}"));
            let expectations = tests.expect(&file, &policy, &lock).unwrap();
            let mutation = expectations.mutate(&source("p.yaml", POLICY), 10_000);
            let mutation = mutation.unwrap_or_else(|found| panic!("{text}\n{:#?}", found.failures()));
            prop_assert_eq!(mutation.untried, 0);
            if mutation.survivors.is_empty() {
                break;
            }
            round += 1;
            prop_assert!(round < 40, "{}\n{:#?}", text, mutation.survivors);
            text += &format!("  {}\n", mutation.survivors[0].case);
        }
    }
}

/// What breaks a statement about an endpoint is noticed by the matrix, which expects each role alone.
#[test]
fn what_breaks_a_statement_about_an_endpoint_survives_no_test() {
    let statements = "always: [{ role: admin, reaches: { endpoint: DELETE /posts } }]
never:
  - { role: reader, reaches: { endpoint: PUT /posts } }
  - { role: author, reaches: { endpoint: DELETE /posts } }
";
    let (without, _) = TESTS.split_once("cases:").unwrap();
    // Changes of the kind that `mutate` makes: a grant more, and one less.
    let more = |scope: &str| {
        POLICY.replace("grants: [read:posts] }\n", &format!("grants: [read:posts, {scope}] }}\n"))
    };
    let less = POLICY.replace(", grants: [delete:posts]", "");
    for text in [more("write:posts"), more("delete:posts"), less] {
        let policy = check(&source("p.yaml", &(text + statements))).policy.unwrap();
        let lock = lock();
        assert!(!auth_policy::invariant::broken(&policy, &lock).is_empty());
        let file = source("p.test.yaml", without);
        let tests = PolicyTests::read(&file).unwrap();
        assert!(!tests.expect(&file, &policy, &lock).unwrap().run().is_fine());
    }
}
