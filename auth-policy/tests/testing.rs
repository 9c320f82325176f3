//! Tests of policies. In: a policy, endpoints, and files of tests. Out: what such a file is told, and
//! which changes of the policy it would miss.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails should say so loudly"
)]

use auth_policy::{
    Policy, Source, check,
    lock::{Endpoint, Guard, Lock, Rule},
    settings::Seconds,
    testing::{Mutation, PolicyTests},
};

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

fn with<T>(text: &str, ask: impl FnOnce(&auth_policy::testing::Expectations<'_>) -> T) -> T {
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

/// The finding that a file is told, which has to be the only one.
#[track_caller]
fn only(text: &str) -> String {
    let told = told(text);
    assert_eq!(told.matches("error[").count(), 1, "{told}");
    told
}

#[test]
fn an_endpoint_that_is_not_mentioned_lets_nobody_in() {
    let told = only(
        &TESTS
            .replace("  PUT /posts: { jwt | session: [author, admin], jwt: any client }\n", "")
            .replace(
                "  GET /: anyone\n",
                "  GET /: anyone\n  PUT /posts: { jwt: [author, admin, any client] }\n",
            ),
    );
    let head = "error[unexpected-access]: `PUT /posts` lets in `admin` and `author` through `session`, whom no test expects";
    assert!(told.starts_with(head), "{told}");
}

#[test]
fn every_line_of_a_whole_file_is_missed() {
    let mutation = mutated(TESTS);
    assert_eq!(mutation.survivors, []);
    assert!(mutation.tried > 20 && mutation.untried == 0, "{mutation:#?}");
    assert_eq!(mutation.noticed + mutation.equivalent, mutation.tried);
}
