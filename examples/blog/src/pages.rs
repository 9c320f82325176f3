//! What needs no credential. In: anybody. Out: a page for people and a word for monitors.

use auth_runtime::public;
use axum::{
    http::header,
    response::{Html, IntoResponse},
};

const LANDING: &str = include_str!("landing.html");

#[public(reason = "landing page")]
pub(crate) async fn landing() -> impl IntoResponse {
    // The page needs nothing but its own inline style, and nothing may frame it.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(LANDING))
}

#[public(reason = "health check for load balancers")]
pub(crate) async fn health() -> &'static str {
    "ok"
}
