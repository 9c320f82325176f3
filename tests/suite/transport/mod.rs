//! What surrounds every answer, from outside: headers for browsers, CORS, and the refusal of what
//! came in plain text.

mod cors;
mod headers;
mod https;
mod listeners;

use auth_runtime::{
    AuthBuilder, EmbeddedPolicy, Https, Router, authenticate, policy, public,
    routing::{get, post},
};
use axum::{extract::State, http::HeaderName};

use super::{
    fixture::{Answer, Door, Reached, ask},
    forge,
};

#[authenticate(jwt, policy = "policies/transport.yaml", scopes = "read:posts")]
async fn guarded(State(reached): State<Reached>) -> &'static str {
    reached.note("guarded")
}

#[public(policy = "policies/transport.yaml", reason = "says nothing")]
async fn open(State(reached): State<Reached>) -> &'static str {
    reached.note("open")
}

#[public(policy = "policies/transport.yaml", reason = "takes a body")]
async fn takes(body: auth_runtime::extract::Json<u8>) -> String {
    body.0.to_string()
}

#[public(policy = "policies/transport.yaml", reason = "breaks")]
async fn breaks() -> &'static str {
    panic!("at axum/src/secret.rs")
}

#[public(policy = "policies/transport.yaml", reason = "a page, which loads its own script")]
async fn page() -> ([(HeaderName, &'static str); 2], &'static str) {
    let policy = "script-src 'self'; frame-ancestors 'none'";
    let headers = [
        (HeaderName::from_static("content-security-policy"), policy),
        (HeaderName::from_static("vary"), "Accept"),
    ];
    (headers, "a page")
}

#[public(policy = "policies/transport.yaml", reason = "a method of its own")]
async fn options(State(reached): State<Reached>) -> &'static str {
    reached.note("options")
}

fn routes() -> Router<Reached> {
    Router::new()
        .route("/guarded", get(guarded).put(guarded).delete(guarded))
        .route("/open", get(open).options(options))
        .route("/takes", post(takes))
        .route("/breaks", get(breaks))
        .route("/page", get(page))
}

/// Everything that a policy can say.
fn full() -> EmbeddedPolicy {
    policy!("policies/transport.yaml")
}

/// As little as a policy can say of CORS.
fn bare() -> EmbeddedPolicy {
    policy!("policies/transport-bare.yaml")
}

async fn door(policy: EmbeddedPolicy) -> Door {
    Door::under(policy, [("jwt", forge::own_keys())], routes()).await
}

/// A door for what comes by TLS.
async fn production(policy: EmbeddedPolicy) -> Door {
    let required = |builder: AuthBuilder| builder.https(Https::Required);
    Door::built(required, policy, [("jwt", forge::own_keys())], routes()).await
}

/// What a request in plain text is told.
pub(super) async fn refusal() -> Answer {
    production(full()).await.send(ask("GET", "/open")).await
}
