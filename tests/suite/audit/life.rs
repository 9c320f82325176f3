//! A4, A1: each thing that happens to a sign-in is one event of its own kind, and no other.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use auth_runtime::{
    Auth, Protected, Router,
    account::StoredAccounts,
    audit::{AuditSink, Kind, Thresholds, Watch},
    clock::{ManualClock, Timestamp},
    endpoints::AccountEndpoints,
    password::Hasher,
    policy,
    secret::Secret,
    session,
    sign_in::PasswordSignIn,
    tokens::Tokens,
};
use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap},
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
    auth: Auth,
    tokens: Tokens,
    app: Protected,
    store: Arc<Failing>,
    written: Written,
}

impl World {
    async fn new() -> Self {
        let written = Written::default();
        Self::with(written.clone(), written).await
    }

    /// With a sink at whose end everything is written.
    async fn with(sink: impl AuditSink, written: Written) -> Self {
        let store = Arc::new(Failing::default());
        let auth = Auth::from_policy(policy!("../policies/test.yaml"))
            .keys("jwt", forge::own_keys())
            .keys("partner", forge::p256_keys())
            .store(store.clone())
            .clock(ManualClock::at(Timestamp(START)))
            .audit(sink)
            .build()
            .await
            .unwrap();
        let hasher = Hasher::new(auth.policy().passwords()).unwrap();
        let hash = hasher.hash(Secret::from(PASSWORD.to_owned())).await.unwrap();
        let accounts = StoredAccounts::new(store.clone());
        accounts.register("ada", vec!["author".to_owned()], hash, auth.now()).await.unwrap();
        let tokens = Tokens::new(auth.clone()).await.unwrap();
        let endpoints = AccountEndpoints::new(tokens.clone(), hasher.clone()).unwrap();
        let sign_in = PasswordSignIn::new(auth.clone(), hasher).unwrap();
        let routes = Router::new().nest("/auth", endpoints.router());
        let app = routes.merge(session::router(sign_in)).protect(auth.clone());
        Self { auth, tokens, app, store, written }
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

/// From the connection to the suspicion: an address that tries one name after the other.
#[tokio::test]
async fn m14_sign_ins_that_fail_are_watched_with_the_address_they_come_from() {
    let written = Written::default();
    let three = Thresholds { accounts_per_address: 3, ..Thresholds::default() };
    let world = World::with(Watch::new(written.clone(), three), written).await;
    for name in ["ada", "bob", "carol"] {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 4711))));
        let body = json!({ "username": name, "password": "wrong" }).to_string();
        let request = ask("POST", "/auth/login").body("application/json", body);
        assert_eq!(world.ask(request.extensions(extensions)).await.status, 401);
    }
    let events = world.written.take();
    assert!(events.iter().all(|event| event["client.address"] == "192.0.2.7"), "{events:?}");
    let last = events.last().unwrap();
    assert_eq!((&last["event.name"], &last["auth.count"]), (&"auth.suspicious".into(), &3.into()));
    assert_eq!(last["auth.cause"], "address-many-accounts");
    assert_eq!(last["http.route"], "/auth/login");
}

/// What is given out is seen in the answer alone, not where somebody prints what held it.
#[tokio::test]
async fn a2_what_is_given_out_does_not_show_its_secret() {
    let world = World::new().await;
    let now = world.auth.now();
    let ada = world.auth.accounts().unwrap().by_name("ada", now).await.unwrap().unwrap();
    let signed_in = world.tokens.sign_in(&ada).await.unwrap();
    let session = world.auth.sessions().unwrap().begin(&ada, &HeaderMap::new()).await.unwrap();
    let cookie = session.set_cookie.to_str().unwrap().split(['=', ';']).nth(1).unwrap().to_owned();
    for (printed, secrets) in [
        (
            format!("{signed_in:?} {signed_in:#?}"),
            vec![signed_in.access_token.expose(), signed_in.refresh_token.expose()],
        ),
        (
            format!("{session:?} {session:#?}"),
            vec![session.csrf_token.expose(), cookie.rsplit('.').next().unwrap()],
        ),
        (format!("{ada:?}"), vec!["$argon2"]),
    ] {
        for secret in secrets {
            assert!(secret.len() >= 7 && !printed.contains(secret), "{printed}");
        }
    }
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
