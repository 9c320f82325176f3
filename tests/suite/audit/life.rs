//! A4, A1: each thing that happens to a sign-in is one event of its own kind, and no other.

use std::{sync::Arc, time::Duration};

use auth_runtime::{
    Auth, Protected, Router,
    account::StoredAccounts,
    audit::Kind,
    clock::{ManualClock, Timestamp},
    endpoints::AccountEndpoints,
    password::Hasher,
    policy,
    secret::Secret,
    session,
    sign_in::PasswordSignIn,
    tokens::Tokens,
};
use serde_json::{Value, json};

use super::{
    fixture::{Answer, Ask, START, ask, send},
    forge,
    sample::Written,
};
use crate::failing::Failing;

const PASSWORD: &str = "correct horse battery";
const NEW: &str = "another walk, up the hill";

/// A service whose store can be pulled.
struct World {
    app: Protected,
    store: Arc<Failing>,
    written: Written,
}

impl World {
    async fn new() -> Self {
        let (store, written) = (Arc::new(Failing::default()), Written::default());
        let auth = Auth::from_policy(policy!("../policies/test.yaml"))
            .keys("jwt", forge::own_keys())
            .keys("partner", forge::p256_keys())
            .store(store.clone())
            .clock(ManualClock::at(Timestamp(START)))
            .audit(written.clone())
            .build()
            .await
            .unwrap();
        let hasher = Hasher::new(auth.policy().passwords()).unwrap();
        let hash = hasher.hash(Secret::from(PASSWORD.to_owned())).await.unwrap();
        let accounts = StoredAccounts::new(store.clone());
        accounts.register("ada", vec!["author".to_owned()], hash, auth.now()).await.unwrap();
        let tokens = Tokens::new(auth.clone()).await.unwrap();
        let endpoints = AccountEndpoints::new(tokens, hasher.clone()).unwrap();
        let sign_in = PasswordSignIn::new(auth.clone(), hasher).unwrap();
        let routes = Router::new().nest("/auth", endpoints.router());
        let app = routes.merge(session::router(sign_in)).protect(auth.clone());
        Self { app, store, written }
    }

    async fn ask(&self, request: Ask) -> Answer {
        send(self.app.clone(), request).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(ask("POST", path).body("application/json", body.to_string())).await
    }

    /// The kinds of the events since the last call, each with its decision.
    fn kinds(&self) -> Vec<String> {
        let events = self.written.take().into_iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let pair =
            |it: Value| format!("{} {}", text(&it["event.name"]), text(&it["auth.decision"]));
        events.map(|event| pair(event).split_off("auth.".len())).collect()
    }
}

#[tokio::test]
async fn a4_each_step_in_the_life_of_tokens_is_an_event() {
    let world = World::new().await;
    let credentials = |password: &str| json!({ "username": "ada", "password": password });
    assert_eq!(world.post("/auth/login", &credentials("wrong")).await.status, 401);
    assert_eq!(world.kinds(), ["login deny"]);
    let nobody = json!({ "username": "nobody", "password": "wrong" });
    assert_eq!(world.post("/auth/login", &nobody).await.status, 401);
    assert_eq!(world.kinds(), ["login deny"]);

    let first = world.post("/auth/login", &credentials(PASSWORD)).await.json();
    assert_eq!(world.kinds(), ["token.issued allow", "login allow"]);
    let other = world.post("/auth/login", &credentials(PASSWORD)).await.json();
    world.kinds();

    let renewal = |token: &Value| json!({ "refresh_token": token });
    assert_eq!(world.post("/auth/refresh", &renewal(&json!("rt_x"))).await.status, 401);
    assert_eq!(world.kinds(), ["token.refreshed deny"]);
    let second = world.post("/auth/refresh", &renewal(&first["refresh_token"])).await.json();
    assert_eq!(world.kinds(), ["token.refreshed allow"]);
    world.post("/auth/refresh", &renewal(&second["refresh_token"])).await;
    world.kinds();
    let stale = world.post("/auth/refresh", &renewal(&first["refresh_token"])).await;
    assert_eq!((stale.status, stale.instance.is_some()), (401, true));
    assert_eq!(world.kinds(), ["refresh.reuse deny"]);

    let token = other["access_token"].as_str().unwrap();
    let change = json!({ "current": PASSWORD, "new": NEW }).to_string();
    let request = ask("POST", "/auth/password").bearer(token);
    assert_eq!(world.ask(request.body("application/json", change)).await.status, 204);
    assert_eq!(world.kinds(), ["access allow", "password.changed allow"]);
    assert_eq!(world.ask(ask("POST", "/auth/logout").bearer(token)).await.status, 204);
    assert_eq!(world.kinds(), ["access allow", "logout allow", "token.revoked allow"]);
    assert_eq!(world.ask(ask("POST", "/auth/logout").bearer(token)).await.status, 401);
    assert_eq!(world.kinds(), ["access deny"]);
}

#[tokio::test]
async fn a4_each_step_in_the_life_of_a_session_is_an_event() {
    let world = World::new().await;
    let credentials = json!({ "username": "ada", "password": PASSWORD });
    let begun = world.post("/session", &credentials).await;
    assert_eq!(begun.status, 200, "{}", begun.text());
    assert_eq!(world.kinds(), ["session.begun allow", "login allow"]);
    let cookie = begun.headers["set-cookie"].to_str().unwrap();
    let cookie = cookie.split("; ").next().unwrap().to_owned();
    let csrf = begun.json()["csrf_token"].as_str().unwrap().to_owned();
    let request = ask("DELETE", "/session").header("cookie", &cookie);
    let request = request.header("x-csrf-token", &csrf).header("sec-fetch-site", "same-origin");
    assert_eq!(world.ask(request).await.status, 204);
    assert_eq!(world.kinds(), ["access allow", "session.ended allow"]);
    assert_eq!(world.ask(ask("GET", "/session").header("cookie", &cookie)).await.status, 401);
    assert_eq!(world.kinds(), ["access deny"]);
}

/// A name that was tried is recognized and not repeated; the account that has it is named.
#[tokio::test]
async fn a2_a_failed_sign_in_says_whose_account_and_never_what_was_typed() {
    let world = World::new().await;
    let mut tags = Vec::new();
    for name in ["ada", "ADA", "canary-password-in-the-name-field"] {
        let body = json!({ "username": name, "password": "canary-wrong" });
        world.post("/auth/login", &body).await;
        let event = world.written.take().remove(0);
        assert!(!event.to_string().contains("canary"), "{event}");
        assert_eq!(event.get("user.id").is_some(), event["auth.cause"] == "wrong-password");
        tags.push(event["auth.account"].as_str().unwrap().to_owned());
    }
    assert_eq!(tags[0], tags[1]);
    assert_ne!(tags[1], tags[2]);
}

#[tokio::test(start_paused = true)]
async fn a4_a_store_that_goes_away_and_comes_back_is_two_events() {
    let world = World::new().await;
    let outages = async || {
        tokio::time::sleep(Duration::from_secs(10)).await;
        world.written.causes_of(Kind::Outage)
    };
    assert_eq!(outages().await, [""; 0]);
    world.store.set_down(true);
    assert_eq!(outages().await, ["store-unreachable"]);
    assert_eq!(outages().await, [""; 0], "told once");
    world.store.set_down(false);
    assert_eq!(outages().await, ["store-reachable"]);
}
