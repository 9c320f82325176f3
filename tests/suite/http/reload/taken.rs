//! Z10: what may change while a service runs, each row of the table in docs/reload.md.

use auth_runtime::{
    account::Accounts,
    audit::{Decision, Kind},
};

use super::{PASSWORD, World};
use crate::http::fixture::ask;

const READER: &str = "reader: { grants: [read:posts] }";

#[tokio::test]
async fn z10_a_grant_is_gone_for_tokens_that_are_out_and_there_for_them_again() {
    let world = World::new().await;
    let token = world.token("author");
    assert_eq!(world.knows(&token).await.text(), "read:posts write:posts");
    world.adopts(READER, "reader: { grants: [read:reports] }");
    assert_eq!(world.knows(&token).await.status, 403);
    world.adopts(READER, READER);
    assert_eq!(world.knows(&token).await.text(), "read:posts write:posts");
}

#[tokio::test]
async fn z10_lifetimes_of_tokens_are_for_those_issued_from_then_on() {
    let world = World::new().await;
    let before = world.token("reader");
    world.adopts("access_ttl: 15m", "access_ttl: 5m");
    let after = world.token("reader");
    world.clock.advance(10 * 60);
    assert_eq!((world.knows(&before).await.status, world.knows(&after).await.status), (200, 401));
}

#[tokio::test]
async fn z10_the_idle_time_and_the_lifetime_of_sessions_are_those_of_the_policy_in_force() {
    let world = World::new().await;
    world.register("ada").await;
    let (first, second) = (world.cookie("ada").await, world.cookie("ada").await);
    world.clock.advance(6 * 60);
    world.adopts("idle: 30m", "idle: 5m");
    assert_eq!(world.session(&first).await.status, 401);
    world.adopts("idle: 30m", "idle: 2h");
    // Who shows it under the longer time has it for longer, and no longer than that.
    assert_eq!(world.session(&second).await.status, 200);
    world.auth.flush().await.unwrap();
    world.clock.advance(90 * 60);
    assert_eq!(world.session(&second).await.status, 200);
    world.adopts("idle: 30m, lifetime: 24h", "idle: 30m, lifetime: 1h");
    assert_eq!(world.session(&second).await.status, 401);
}

#[tokio::test]
async fn z10_a_cookie_of_another_name_is_no_cookie_any_more() {
    let world = World::new().await;
    world.register("ada").await;
    let cookie = world.cookie("ada").await;
    world.adopts("session: { idle", "session: { cookie: __Host-other, idle");
    assert_eq!(world.session(&cookie).await.status, 401);
    let renamed = cookie.replacen("__Host-session", "__Host-other", 1);
    assert_eq!(world.session(&renamed).await.status, 200);
}

#[tokio::test]
async fn z10_a_rate_is_another_for_the_next_request() {
    let world = World::new().await;
    let count = async || world.send(ask("GET", "/counted").from("192.0.2.1")).await;
    let policy = |answer: &crate::http::fixture::Answer| {
        answer.headers["ratelimit-policy"].to_str().unwrap().to_owned()
    };
    assert_eq!(policy(&count().await), "\"plenty\";q=1000;w=60");
    world.adopts("plenty: { rate: 1000/minute", "plenty: { rate: 3/minute");
    // The bucket is the same: what the first request took counts under the new rate too.
    let answers = [count().await, count().await, count().await];
    assert_eq!(policy(&answers[0]), "\"plenty\";q=3;w=60");
    assert_eq!(answers.map(|answer| answer.status), [200, 200, 429]);
    world.adopts("plenty: { rate: 1000/minute", "plenty: { rate: 1000/minute");
    assert_eq!(count().await.status, 200);
}

/// The limit of signing in is looked up for each attempt, not once when the router was made.
#[tokio::test]
async fn rl6_z10_endpoints_may_name_another_limit() {
    let world = World::new().await;
    let attempt = async || world.sign_in("ada", "wrong", "https://blog.example").await.status;
    for _ in 0..4 {
        assert_eq!(attempt().await, 401);
    }
    world.adopts("login: { limit: plenty }", "login: { limit: few }");
    assert_eq!([attempt().await, attempt().await, attempt().await], [401, 401, 429]);
}

#[tokio::test]
async fn z10_keys_are_worth_what_their_ceiling_is_now() {
    let world = World::new().await;
    world.register("ada").await;
    let ada = world.accounts.by_name("ada", world.auth.now()).await.unwrap().unwrap();
    let new = r#"{"name":"ci","scopes":["read:posts","write:posts"]}"#;
    let create = ask("POST", "/api-keys").bearer(world.token_of(&ada.id, "author"));
    let created = world.send(create.body("application/json", new)).await;
    assert_eq!(created.status, 201, "{created:?}");
    let key = created.json()["key"].as_str().unwrap().to_owned();
    let show = async || world.send(ask("GET", "/guarded").header("x-api-key", &key)).await;
    assert_eq!(show().await.text(), "read:posts write:posts");
    world.adopts("grants: [read:posts, write:posts], max", "grants: [read:posts], max");
    assert_eq!(show().await.text(), "read:posts");
    world.adopts("grants: [read:posts, write:posts], max", "grants: [write:posts], max");
    assert_eq!(show().await.status, 403);
    world.adopts("max_ttl: 90d", "max_ttl: 90d");
    assert_eq!(show().await.text(), "read:posts write:posts");
    // A longest life is for keys that are made from then on.
    world.adopts("max_ttl: 90d", "max_ttl: 2d");
    world.clock.advance(3 * 24 * 3600);
    assert_eq!(show().await.status, 200);
}

#[tokio::test]
async fn z10_origins_are_trusted_from_the_next_request_on() {
    let world = World::new().await;
    world.register("ada").await;
    let from = async |origin: &str| world.sign_in("ada", PASSWORD, origin).await.status;
    let (app, other) = ("https://app.example", "https://other.example");
    assert_eq!((from(app).await, from(other).await), (200, 403));
    world.adopts("[https://app.example]", "[https://other.example]");
    assert_eq!((from(app).await, from(other).await), (403, 200));
}

#[tokio::test]
async fn z10_proxies_are_believed_from_the_next_request_on() {
    let world = World::new().await;
    let few = |network: &str| {
        let text = world.edited("plenty: { rate: 1000/minute", "plenty: { rate: 1/minute");
        std::fs::write(&world.file, format!("{text}{network}")).unwrap();
        world.auth.reload(&world.file).unwrap();
    };
    let through = async |client: &str| {
        let request = ask("GET", "/counted").header("x-forwarded-for", client);
        world.status(request.from("192.0.2.1")).await
    };
    few("");
    assert_eq!((through("198.51.100.1").await, through("198.51.100.2").await), (200, 429));
    few("\nnetwork: { trusted_proxies: [192.0.2.1], header: x_forwarded_for }\n");
    assert_eq!((through("198.51.100.3").await, through("198.51.100.4").await), (200, 200));
}

#[tokio::test]
async fn z10_tokens_issued_before_keep_verifying_whatever_value_changed() {
    let world = World::new().await;
    let token = world.token("author");
    for (old, new) in [
        ("access_ttl: 15m", "access_ttl: 1m"),
        ("refresh_ttl: 7d", "refresh_ttl: 1d"),
        ("within: 1s", "within: 2s"),
        ("on_store_down: refuse", "on_store_down: accept_until_expiry"),
        ("idle: 30m", "idle: 5m"),
        ("max_ttl: 90d", "max_ttl: 9d"),
        ("few: { rate: 2/minute", "few: { rate: 3/hour"),
        ("Read posts", "Read the posts"),
        ("roles: {}", "roles: { staff: reader }"),
        ("\ncsrf: { trusted_origins: [https://app.example] }\n", "\n"),
    ] {
        world.adopts(old, new);
        assert_eq!(world.knows(&token).await.status, 200, "{new}");
    }
}

#[tokio::test]
async fn a4_a_reload_is_an_event_with_the_revision_that_came() {
    let world = World::new().await;
    let before = world.auth.policy().revision().clone();
    world.audit.take();
    world.adopts("access_ttl: 15m", "access_ttl: 5m");
    let event = world.audit.only();
    assert_eq!((event.kind, event.decision), (Kind::PolicyReloaded, Decision::Allow));
    assert_eq!((event.cause, event.subject), (None, None));
    assert_eq!(event.policy, world.auth.policy().revision().as_str());
    assert_ne!(event.policy, before.as_str());
}
