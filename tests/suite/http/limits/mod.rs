//! Rate limits from outside, through the real router and a stopped clock.

mod answers;
mod crowd;
mod keys;
mod outage;
mod sign_in;
mod stages;

use std::sync::Arc;

use auth_runtime::{
    Router, authenticate,
    limit::{Limiter, MemoryLimiter},
    policy, public,
    routing::{get, post},
};
use axum::extract::State;

use super::{
    fixture::{Answer, Door, Reached, ask},
    forge,
};

#[public(policy = "policies/limits.yaml", reason = "counted by address", limit = "by_address")]
async fn by_address(State(reached): State<Reached>) -> &'static str {
    reached.note("by_address")
}

#[public(
    policy = "policies/limits.yaml",
    reason = "counted by nothing a stranger has",
    limit = "by_account"
)]
async fn strangers(State(reached): State<Reached>) -> &'static str {
    reached.note("strangers")
}

#[public(
    policy = "policies/limits.yaml",
    reason = "counted by address, or by account",
    identity = jwt,
    limit = "by_account"
)]
async fn perhaps(State(reached): State<Reached>) -> &'static str {
    reached.note("perhaps")
}

#[public(policy = "policies/limits.yaml", reason = "counted by route", limit = "by_route")]
async fn by_route(State(reached): State<Reached>) -> &'static str {
    reached.note("by_route")
}

#[public(policy = "policies/limits.yaml", reason = "counted by both", limit = "by_pair")]
async fn by_pair(State(reached): State<Reached>) -> &'static str {
    reached.note("by_pair")
}

#[public(policy = "policies/limits.yaml", reason = "two at once", limit = "sudden")]
async fn sudden(State(reached): State<Reached>) -> &'static str {
    reached.note("sudden")
}

#[public(policy = "policies/limits.yaml", reason = "a hundred an hour", limit = "hourly")]
async fn hourly(State(reached): State<Reached>) -> &'static str {
    reached.note("hourly")
}

#[public(policy = "policies/limits.yaml", reason = "matters little", limit = "lenient")]
async fn lenient(State(reached): State<Reached>) -> &'static str {
    reached.note("lenient")
}

#[public(policy = "policies/limits.yaml", reason = "counted by nothing")]
async fn free(State(reached): State<Reached>) -> &'static str {
    reached.note("free")
}

#[authenticate(jwt, policy = "policies/limits.yaml", limit = "by_account")]
async fn by_account(State(reached): State<Reached>) -> &'static str {
    reached.note("by_account")
}

#[authenticate(jwt, policy = "policies/limits.yaml", limit = "by_credential")]
async fn by_credential(State(reached): State<Reached>) -> &'static str {
    reached.note("by_credential")
}

#[authenticate(jwt, policy = "policies/limits.yaml", scopes = "read:posts", limit = "both")]
async fn both(State(reached): State<Reached>) -> &'static str {
    reached.note("both")
}

#[authenticate(rule = "ruled", policy = "policies/limits.yaml")]
async fn ruled(State(reached): State<Reached>) -> &'static str {
    reached.note("ruled")
}

#[authenticate(jwt, policy = "policies/limits.yaml", scopes = "write:posts", limit = "by_address")]
async fn write(State(reached): State<Reached>, _: String) -> &'static str {
    reached.note("write")
}

fn routes() -> Router<Reached> {
    Router::new()
        .route("/address", get(by_address))
        .route("/again", get(by_address))
        .route("/strangers", get(strangers))
        .route("/perhaps", get(perhaps))
        .route("/route/{id}", get(by_route).post(by_route))
        .route("/other/{id}", get(by_route))
        .route("/pair", get(by_pair))
        .route("/sudden", get(sudden))
        .route("/hourly", get(hourly))
        .route("/free", get(free))
        .route("/lenient", get(lenient))
        .route("/account", get(by_account))
        .route("/credential", get(by_credential))
        .route("/both", get(both))
        .route("/ruled", get(ruled))
        .route("/write", post(write))
        .route("/login", post(sign_in::login))
}

async fn door() -> Door {
    door_with(Arc::new(MemoryLimiter::new())).await
}

async fn door_with(limiter: Arc<dyn Limiter>) -> Door {
    let policy = policy!("policies/limits.yaml");
    Door::counted_by(limiter, policy, [("jwt", forge::own_keys())], routes()).await
}

/// A request without a credential, from that address.
async fn stranger(door: &Door, path: &str, address: &str) -> Answer {
    door.send(ask("GET", path).from(address)).await
}

async fn owner(door: &Door, path: &str, token: &str) -> Answer {
    door.send(ask("GET", path).bearer(token).from("192.0.2.1")).await
}

/// What somebody over the limit is told.
pub(super) async fn refusal() -> Answer {
    let door = door().await;
    for _ in 0..3 {
        stranger(&door, "/address", "192.0.2.1").await;
    }
    stranger(&door, "/address", "192.0.2.1").await
}

/// The one value of a header.
fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let mut values = answer.headers.get_all(name).iter();
    let value = values.next().map(|value| value.to_str().unwrap());
    assert_eq!(values.next(), None, "{name} comes once");
    value
}
