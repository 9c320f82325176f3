//! Policy tests over HTTP: each kind of credential at each kind of endpoint, let in and refused, with
//! no handler that runs; and what such a test says when a guard does not do as it expects.

use std::sync::{Arc, Mutex};

use auth_runtime::{
    Router,
    account::{Account, Accounts},
    authenticate,
    clock::Timestamp,
    policy,
    routing::{get, post},
    store::Answer as Looked,
    testing::{Credential, Holder, People, PolicyTest, Report},
};
use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    fixture::{Door, Reached, START, ask, guarded, open, write},
    forge::{self, Edit},
};

#[authenticate(jwt | session, scopes = any("write:posts", "delete:posts"), role = "author")]
async fn either(State(reached): State<Reached>) -> &'static str {
    reached.note("either")
}

#[authenticate(rule = "edit_post")]
async fn edit(State(reached): State<Reached>) -> &'static str {
    reached.note("edit")
}

#[authenticate(partner | api_key, scopes = ["read:posts"])]
async fn machines(State(reached): State<Reached>) -> &'static str {
    reached.note("machines")
}

#[authenticate(jwt | session | partner, max_age = "10m", acr = "urn:example:mfa")]
async fn recent(State(reached): State<Reached>) -> &'static str {
    reached.note("recent")
}

fn routes() -> Router<Reached> {
    Router::new()
        .route("/", get(open))
        .route("/posts", get(guarded).post(write))
        .route("/posts/{id}/title", post(either).put(edit))
        .route("/data/{*rest}", get(machines))
        .nest("/deep/{tenant}", Router::new().route("/x", get(recent)).fallback(guarded))
}

const TESTS: &str = "version: 1
endpoints:
  GET /: anyone
  GET /posts: { jwt: any role }
  POST /posts: { jwt: [author, admin] }
  POST /posts/{id}/title: { jwt | session: [author, admin] }
  PUT /posts/{id}/title: { jwt | session: [author, admin] }
  GET /data/{*rest}: { api_key: any role, partner: any account }
  GET /deep/{tenant}/x: { jwt | session | partner: any account }
  ANY /deep/{tenant}/*: { jwt: any role }
cases:
  - through: jwt
    roles: admin
    scopes: read:posts
    may: GET /posts
    may_not: [POST /posts, 'POST /posts/{id}/title']
  - { through: jwt, roles: [reader, author], scopes: [write:posts], may: POST /posts, may_not: GET /posts }
  - { through: jwt, roles: reader, scopes: [write:posts], may_not: POST /posts }
  - { through: session, signed_in: 10m, acr: 'urn:example:hardware', may_not: 'GET /deep/{tenant}/x' }
  - { through: session, signed_in: 9m, acr: 'urn:example:mfa', may: 'GET /deep/{tenant}/x' }
  - { through: session, acr: 'urn:example:password', may_not: 'GET /deep/{tenant}/x' }
  - { through: partner, scopes: [], may_not: 'GET /data/{*rest}' }
  - { through: partner, signed_in: 9m, may_not: 'GET /deep/{tenant}/x' }
";

/// A token of the partner that carries what the credential does.
fn of_partner(credential: &Credential, now: Timestamp) -> String {
    let mut claims = forge::partner_claims().with("scp", json!(credential.scopes));
    if let Some(ago) = credential.signed_in {
        claims = claims.with("auth_time", now.0 - i64::try_from(ago.0).unwrap());
    }
    if let Some(acr) = &credential.acr {
        claims = claims.with("acr", Value::from(acr.as_str()));
    }
    assert_eq!((credential.holder, now.0), (Holder::Foreign, START));
    forge::partner(&claims)
}

/// What a text comes to at these routes, where nothing that a guard lets in goes on.
async fn tried(text: &str, routes: Router<Reached>) -> Result<Report, String> {
    let door = Door::of(routes).await;
    let test = PolicyTest::new(door.app.clone()).tests(text).issuer("partner", of_partner);
    let report = test.run(env!("CARGO_MANIFEST_DIR")).await;
    assert_eq!(door.reached.take(), [""; 0], "no handler runs");
    report
}

fn lines(report: &Report) -> Vec<String> {
    let text = report.to_string();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn everybody_is_tried_everywhere_and_no_handler_runs() {
    let report = tried(TESTS, routes()).await.unwrap();
    // Without a credential; three schemes in the hands of three roles and of none, and the partner.
    let subjects = 1 + 3 * 4 + 1;
    assert_eq!(
        lines(&report),
        [format!("{} expectations tried over HTTP, 0 not met", 8 * subjects + 11)]
    );
    assert!(report.holds() && report.untried().is_empty());
}

/// Each expectation on its other side: all of them are failures, so none is empty.
#[tokio::test]
async fn whatever_is_not_as_expected_is_told() {
    for (expected, wrong, failures) in [
        ("GET /: anyone", "GET /: nobody", 14),
        ("GET /posts: { jwt: any role }", "GET /posts: { jwt: any account }", 1),
        ("GET /posts: { jwt: any role }", "GET /posts: anyone", 11),
        ("  POST /posts: { jwt: [author, admin] }\n", "", 2),
        ("POST /posts: { jwt:", "POST /posts: { jwt | api_key:", 2),
        ("title: { jwt | session: [", "title: { jwt | session: [reader, ", 2),
        (
            "{ api_key: any role, partner: any account }",
            "{ api_key: any account, partner: any account }",
            1,
        ),
        ("{ api_key: any role, partner: any account }", "{ api_key: any role }", 1),
        ("may: POST /posts, may_not: GET /posts }", "may: [POST /posts, GET /posts] }", 1),
        ("signed_in: 10m", "signed_in: 599s", 1),
        ("signed_in: 9m, acr", "signed_in: 10m, acr", 1),
        ("acr: 'urn:example:password'", "acr: 'urn:example:mfa'", 1),
        ("scopes: [], may_not", "scopes: [read:posts], may_not", 1),
    ] {
        let text = TESTS.replacen(expected, wrong, 1);
        assert_ne!(text, TESTS, "{expected}");
        let report = tried(&text, routes()).await.unwrap();
        let lines = lines(&report);
        assert_eq!(lines.len() - 1, failures, "{wrong}: {lines:#?}");
        assert!(!report.holds());
        assert!(lines.last().unwrap().ends_with(&format!(", {failures} not met")));
    }
}

#[tokio::test]
async fn a_failure_says_who_and_where_and_what() {
    let text = TESTS.replace(
        "ANY /deep/{tenant}/*: { jwt: any role }",
        "ANY /deep/{tenant}/*: { jwt: [reader, author] }",
    );
    let report = tried(&text, routes()).await.unwrap();
    let who = "jwt with role admin, scopes delete:posts + read:posts + read:reports + write:posts, a sign-in just now and acr urn:example:hardware";
    assert_eq!(
        lines(&report)[0],
        format!("ANY /deep/{{tenant}}/*: {who}: expected refused, found let in")
    );
}

/// An answer that no guard gave is neither: a layer in front of the routes is not taken for one.
#[tokio::test]
async fn what_stands_in_the_way_of_a_guard_is_no_refusal() {
    async fn closed(request: Request, next: Next) -> Response {
        match request.method().as_str() {
            "GET" => next.run(request).await,
            _ => StatusCode::FORBIDDEN.into_response(),
        }
    }
    let routes = Router::new().route("/", get(open)).route("/posts", get(guarded).post(write));
    let text = "version: 1\nendpoints: { GET /: anyone, GET /posts: { jwt: any role } }\n";
    let report = tried(text, routes.layer(from_fn(closed))).await.unwrap();
    let lines = lines(&report);
    assert_eq!(lines.len(), 15, "{lines:#?}");
    assert!(lines[0].ends_with("POST /posts: no credential: expected refused, found no guard was reached, and the answer is 403 Forbidden"));
}

/// Another service beside the rules is not asked: it would run.
#[tokio::test]
async fn what_is_mounted_beside_the_rules_is_left_out_and_told() {
    let runs = Arc::new(Mutex::new(0));
    let count = Arc::clone(&runs);
    let service = tower::service_fn(move |_: Request| {
        *count.lock().unwrap() += 1;
        async { Ok::<_, std::convert::Infallible>(StatusCode::OK) }
    });
    let routes = Router::new().route("/", get(open));
    let routes = routes.route_service_unguarded("/files", service, "public files");
    let text = "version: 1\nendpoints: { GET /: anyone, ANY /files: anyone }\n";
    let report = tried(text, routes).await.unwrap();
    assert!(report.holds());
    assert_eq!(report.untried().values().sum::<usize>(), 14);
    assert_eq!(*runs.lock().unwrap(), 0);
}

#[tokio::test]
async fn credentials_that_nobody_can_issue_are_told() {
    let door = Door::of(routes()).await;
    let report =
        PolicyTest::new(door.app).tests(TESTS).run(env!("CARGO_MANIFEST_DIR")).await.unwrap();
    let why = "nothing signs tokens of `partner`: see `PolicyTest::issuer`";
    assert_eq!(report.untried().iter().collect::<Vec<_>>(), [(&why.to_owned(), &10)]);
    assert!(report.holds());
}

/// A table of accounts that is not in the engine's store.
#[derive(Clone, Debug, Default)]
struct Table(Arc<Mutex<Vec<Account>>>);

impl Accounts for Table {
    fn by_name<'a>(&'a self, _: &'a str, _: Timestamp) -> Looked<'a, Option<Account>> {
        Box::pin(async { Ok(None) })
    }

    fn by_id<'a>(&'a self, id: &'a str, _: Timestamp) -> Looked<'a, Option<Account>> {
        let found = self.0.lock().unwrap().iter().find(|account| account.id == id).cloned();
        Box::pin(async { Ok(found) })
    }
}

/// Nobody is without a role here.
impl People for Table {
    fn account<'a>(&'a self, roles: &'a [String], _: Timestamp) -> Looked<'a, Account> {
        Box::pin(async move {
            let mut accounts = self.0.lock().unwrap();
            let id = format!("row-{}", accounts.len());
            let roles = if roles.is_empty() { vec!["reader".to_owned()] } else { roles.to_vec() };
            let password = "$2b$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";
            let account = Account::new(id.clone(), id, roles, password.parse().unwrap());
            accounts.push(account.clone());
            Ok(account)
        })
    }
}

#[tokio::test]
async fn accounts_of_the_applications_own_are_made_by_it_or_left_out() {
    let table = Table::default();
    let keys = [("jwt", forge::own_keys()), ("partner", forge::p256_keys())];
    let accounts = Arc::new(table.clone());
    let policy = policy!("../policies/test.yaml");
    let door = Door::built(|builder| builder.accounts(accounts), policy, keys, routes()).await;
    let test = || PolicyTest::new(door.app.clone()).tests(TESTS).issuer("partner", of_partner);
    let report = test().run(env!("CARGO_MANIFEST_DIR")).await.unwrap();
    let (why, count) = report.untried().first_key_value().unwrap();
    assert!(why.contains("`PolicyTest::people` can make them"), "{why}");
    // Sessions and keys in the hands of three roles and of none at each endpoint, and three cases.
    assert_eq!((report.untried().len(), *count, report.holds()), (1, 8 * 8 + 3, true));

    let report = test().people(table.clone()).run(env!("CARGO_MANIFEST_DIR")).await.unwrap();
    assert!(report.holds(), "{report}");
    let left: Vec<_> = report.untried().iter().map(|(why, count)| (why.as_str(), *count)).collect();
    let none = "nobody in the accounts of the application has just these roles";
    let keys = "a key is made by somebody whose roles change then";
    assert_eq!(left, [(keys, 4 * 8), (none, 8 + 3)]);
    assert!(!table.0.lock().unwrap().is_empty());
}

/// A token that is no good is refused everywhere, which is not what a policy means by a refusal.
#[tokio::test]
async fn a_credential_that_is_not_good_shows_nothing() {
    let door = Door::of(routes()).await;
    let broken =
        |_: &Credential, _: Timestamp| forge::partner(&forge::partner_claims().with("exp", 1));
    let test = PolicyTest::new(door.app).tests(TESTS).issuer("partner", broken);
    let report = test.run(env!("CARGO_MANIFEST_DIR")).await.unwrap();
    let lines = lines(&report);
    assert_eq!(lines.len() - 1, 4, "{lines:#?}");
    assert!(lines.iter().take(4).all(|line| line.contains("401 Unauthorized token_expired")));
}

#[tokio::test]
async fn names_that_are_not_there_are_told_with_their_place() {
    let text = TESTS.replace("GET /posts: { jwt: any role }", "GET /post: { jwt: raeder }");
    let told = tried(&text, routes()).await.unwrap_err();
    assert!(
        told.contains("the lock has no `GET /post`") && told.contains("--> the tests:4:3"),
        "{told}"
    );
    let missing = Door::of(routes()).await.app;
    let told = PolicyTest::new(missing).run(env!("CARGO_MANIFEST_DIR")).await.unwrap_err();
    assert!(
        told.starts_with("the tests of the policy, `policies/test.test.yaml`, cannot be read: "),
        "{told}"
    );
}

/// SECURITY: with the feature on, nothing that comes with a request is a probe, and a guard decides
/// as it does without one.
#[tokio::test]
async fn e3_a_request_of_somebody_else_is_not_stopped_and_not_let_in() {
    let door = Door::of(routes()).await;
    let token = door.token(&["reader"]);
    for name in ["x-probe", "probe", "x-policy-test", "auth-testing"] {
        let answer = door.send(ask("GET", "/posts").header(name, "1")).await;
        assert_eq!((answer.status, door.reached.take()), (401, vec![]));
        let answer = door.send(ask("GET", "/posts").header(name, "1").bearer(&token)).await;
        assert_eq!((answer.status, door.reached.take()), (200, vec!["guarded"]));
    }
}
