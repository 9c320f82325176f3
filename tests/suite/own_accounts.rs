//! The example whose people are in a table of its own: its router, driven from outside.

use std::sync::Arc;

use auth_policy::{Source, check};
use auth_runtime::{
    Auth, Protected,
    jwt::KeySet,
    password::Hasher,
    policy,
    policy_types::{Algorithm, Passwords},
    secret::Secret,
    store::MemoryStore,
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use own_accounts::people::{People, Person};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{files::workspace, instance};

const PASSWORD: &str = "correct horse battery";

/// The application, with Ada and Bob in its table.
struct World {
    app: Protected,
    people: People,
    ada: Person,
}

impl World {
    async fn new() -> Self {
        let key = KeySet::generate(Algorithm::EdDSA).expect("a key");
        let people = People::default();
        let auth = Auth::from_policy(policy!("../policies/own-accounts.yaml"))
            .keys("jwt", KeySet::from_jwk_set(key.expose()).expect("keys"))
            .store(Arc::new(MemoryStore::new()))
            .accounts(Arc::new(people.clone()))
            .build()
            .await
            .expect("an engine");
        let hasher = Hasher::new(&Passwords::default()).expect("a hasher");
        let hash = hasher.hash(Secret::from(PASSWORD.to_owned())).await.expect("a hash").to_text();
        let person = |number, name: &str, is_manager| Person {
            number,
            email: format!("{name}@staff.example"),
            password_hash: hash.clone(),
            is_manager,
            has_left: false,
        };
        let ada = person(17, "ada", true);
        people.save(ada.clone());
        people.save(person(18, "bob", false));
        let app = own_accounts::app(auth, people.clone()).await.expect("the application");
        Self { app, people, ada }
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let answer = self.app.clone().oneshot(request).await.expect("an answer");
        let status = answer.status();
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        let body = instance::without(&body);
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    async fn login(&self, name: &str, password: &str) -> (StatusCode, Value) {
        self.post("/login", json!({ "username": name, "password": password })).await
    }

    async fn refresh(&self, signed_in: &Value) -> (StatusCode, Value) {
        self.post("/refresh", json!({ "refresh_token": signed_in["refresh_token"] })).await
    }

    /// What a guarded endpoint answers to that sign-in.
    async fn with(&self, method: Method, path: &str, signed_in: &Value) -> StatusCode {
        let token = signed_in["access_token"].as_str().expect("a token");
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        self.send(request.body(Body::empty()).expect("a request")).await.0
    }
}

#[tokio::test]
async fn m10_a_table_of_ones_own_is_enough_to_sign_in_renew_and_sign_out() {
    let world = World::new().await;
    let (status, first) = world.login("ada@staff.example", PASSWORD).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(world.with(Method::GET, "/me", &first).await, StatusCode::OK);

    let (status, second) = world.refresh(&first).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(world.with(Method::POST, "/logout", &second).await, StatusCode::NO_CONTENT);
    assert_eq!(world.with(Method::GET, "/me", &second).await, StatusCode::UNAUTHORIZED);
    assert_eq!(world.with(Method::GET, "/me", &first).await, StatusCode::UNAUTHORIZED);
    assert_eq!(world.refresh(&second).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn m10_roles_follow_from_what_the_application_knows() {
    let world = World::new().await;
    let (_, ada) = world.login("ada@staff.example", PASSWORD).await;
    let (_, bob) = world.login("bob@staff.example", PASSWORD).await;
    assert_eq!(world.with(Method::GET, "/salaries", &ada).await, StatusCode::OK);
    assert_eq!(world.with(Method::GET, "/salaries", &bob).await, StatusCode::FORBIDDEN);

    world.people.save(Person { is_manager: false, ..world.ada.clone() });
    let (_, renewed) = world.refresh(&ada).await;
    assert_eq!(world.with(Method::GET, "/salaries", &renewed).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn m10_a_wrong_password_an_unknown_name_and_somebody_who_left_look_the_same() {
    let world = World::new().await;
    let (_, ada) = world.login("ada@staff.example", PASSWORD).await;
    let wrong = world.login("ada@staff.example", "another").await;
    assert_eq!(wrong.0, StatusCode::UNAUTHORIZED);
    assert_eq!(world.login("eve@staff.example", PASSWORD).await, wrong);
    let long = world.login(&"e".repeat(255), PASSWORD).await;
    assert_eq!(long.0, StatusCode::UNPROCESSABLE_ENTITY, "longer than any name");

    world.people.save(Person { has_left: true, ..world.ada.clone() });
    assert_eq!(world.login("ada@staff.example", PASSWORD).await, wrong);
    assert_eq!(world.refresh(&ada).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn s7_a_password_is_changed_in_the_table_of_ones_own() {
    let world = World::new().await;
    let (_, here) = world.login("ada@staff.example", PASSWORD).await;
    let (_, there) = world.login("ada@staff.example", PASSWORD).await;
    let token = here["access_token"].as_str().expect("a token");
    let new = "another walk, up the hill";
    let request = Request::post("/password")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(json!({ "current": PASSWORD, "new": new }).to_string()));
    let (status, _) = world.send(request.expect("a request")).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(world.with(Method::GET, "/staff", &here).await, StatusCode::OK);
    assert_eq!(world.with(Method::GET, "/staff", &there).await, StatusCode::UNAUTHORIZED);
    assert_eq!(world.login("ada@staff.example", PASSWORD).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(world.login("ada@staff.example", new).await.0, StatusCode::OK);
}

#[test]
fn its_policy_is_clean() {
    let path = "policies/own-accounts.yaml";
    let text = std::fs::read(workspace().join(path)).expect("the policy");
    let source = Source::new(path, text);
    let findings = check(&source).diagnostics;
    let printed: Vec<_> = findings.iter().map(|found| found.render(&source)).collect();
    assert!(printed.is_empty(), "{}", printed.join("\n"));
}
