//! Who one is. In: any credential of this service. Out: what it is worth.

use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::{
    Guard,
    rule::{API_KEY, JWT, Own, SESSION},
    secret::Secret,
};

#[derive(Serialize)]
struct Me<'a> {
    subject: &'a str,
    issuer: &'a str,
    scheme: &'a str,
    roles: Vec<&'a str>,
    scopes: Vec<&'a str>,
    /// Seconds since 1970.
    expires_at: i64,
    /// Where a cookie carries the credential: what pages send beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf_token: Option<&'a str>,
}

/// Tokens of foreign issuers do not count: their subjects have no account here.
pub(super) async fn me(guard: Guard<Own<{ JWT | API_KEY | SESSION }>>) -> Response {
    let caller = guard.identity();
    let csrf_token = caller.csrf_token();
    axum::Json(Me {
        subject: &caller.subject().id,
        issuer: &caller.subject().issuer,
        scheme: caller.scheme(),
        roles: caller.roles().collect(),
        scopes: caller.scopes().collect(),
        expires_at: caller.expires_at().0,
        // Read by pages of our own, which send it back.
        csrf_token: csrf_token.as_ref().map(Secret::expose),
    })
    .into_response()
}
