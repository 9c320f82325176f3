//! Refusals as OAuth has them. In: why a client gets nothing. Out: a body of RFC 6749, section 5.2.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{denial::Denial, store::StoreError};

/// What a client is told that gets nothing.
#[derive(Debug)]
pub(super) struct OAuthError {
    status: StatusCode,
    code: &'static str,
    description: &'static str,
    retry_after: Option<HeaderValue>,
}

#[derive(Serialize)]
struct Body {
    error: &'static str,
    error_description: &'static str,
}

impl OAuthError {
    /// 400: the request is malformed, or says two things at once.
    pub(super) const fn invalid_request(description: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    /// 401: whoever asks is no client, or not that one. The answer is the same for all of them.
    pub(super) const fn invalid_client() -> Self {
        let description = "the client is not known, or did not show that it is the one";
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", description)
    }

    /// 400: what was presented to get a token for is worth nothing.
    pub(super) const fn invalid_grant() -> Self {
        let description = "the grant is not valid, has ended, or is not this client's";
        Self::new(StatusCode::BAD_REQUEST, "invalid_grant", description)
    }

    /// 400: the client is not registered for that.
    pub(super) const fn unauthorized_client() -> Self {
        let description = "the client is not registered for this grant";
        Self::new(StatusCode::BAD_REQUEST, "unauthorized_client", description)
    }

    /// 400: nobody is given a token for that here.
    pub(super) const fn unsupported_grant_type() -> Self {
        let description = "this server does not offer that grant";
        Self::new(StatusCode::BAD_REQUEST, "unsupported_grant_type", description)
    }

    /// 400: the scope is malformed, or more than there is to be had.
    pub(super) const fn invalid_scope() -> Self {
        let description = "a scope is unknown, or more than this client or grant has";
        Self::new(StatusCode::BAD_REQUEST, "invalid_scope", description)
    }

    /// 500: a fault of the service.
    pub(super) const fn server_error() -> Self {
        let description = "the request could not be answered";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", description)
    }

    const fn new(status: StatusCode, code: &'static str, description: &'static str) -> Self {
        Self { status, code, description, retry_after: None }
    }
}

/// 503 for a store that cannot answer, 500 for one that answers what it must not.
impl From<StoreError> for OAuthError {
    fn from(error: StoreError) -> Self {
        Denial::from(error).into()
    }
}

/// A limit, or a store that is down: the status and when to come back, in OAuth's form.
impl From<Denial> for OAuthError {
    fn from(denial: Denial) -> Self {
        let (parts, _) = denial.into_response().into_parts();
        let retry_after = parts.headers.get(header::RETRY_AFTER).cloned();
        let (code, description) = match parts.status {
            StatusCode::TOO_MANY_REQUESTS => ("temporarily_unavailable", "too many requests"),
            StatusCode::SERVICE_UNAVAILABLE => ("temporarily_unavailable", "come back later"),
            _ => return Self::server_error(),
        };
        Self { status: parts.status, code, description, retry_after }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let body = Body { error: self.code, error_description: self.description };
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"oauth\", charset=\"UTF-8\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(retry_after) = self.retry_after {
            headers.insert(header::RETRY_AFTER, retry_after);
        }
        response
    }
}
