//! Refusals as other programs read them (RFC 9457). In: a kind of problem. Out: a response in
//! `application/problem+json` whose type and code never change.

use auth_policy::settings::Seconds;
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::audit::DenialId;

/// How many bytes most problems take at most.
const BODY_BYTES: usize = 384;

/// What went wrong, in the form of RFC 9457.
///
/// The `type` is `urn:auth-engine:problem:CODE`: stable, and nothing that a client would fetch.
///
/// ```
/// use auth_runtime::problem::Problem;
/// use axum::{http::StatusCode, response::IntoResponse};
///
/// let response = Problem::new(StatusCode::CONFLICT, "taken", "Name taken")
///     .detail("choose another user name")
///     .into_response();
/// assert_eq!(response.status(), 409);
/// assert_eq!(response.headers()["content-type"], "application/problem+json");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(Box<Members>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Members {
    #[serde(rename = "type")]
    type_uri: String,
    title: &'static str,
    #[serde(serialize_with = "status_number")]
    status: StatusCode,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
    code: &'static str,
    /// Which refusal this is: never the same twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing_scopes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing_role: Option<String>,
    #[serde(rename = "violated-policies", skip_serializing_if = "Vec::is_empty")]
    violated_policies: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<&'static str>,
    /// In seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem with a status, a stable code and a title that is the same every time.
    pub fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self(Box::new(Members {
            type_uri: format!("urn:auth-engine:problem:{code}"),
            title,
            status,
            detail: String::new(),
            code,
            instance: None,
            missing_scopes: None,
            missing_role: None,
            violated_policies: Vec::new(),
            reasons: Vec::new(),
            retry_after: None,
        }))
    }

    /// What the client can do about this one. Must not hold internals or other people's text.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// Stable codes for every reason, where there may be several: of a password, `too_short`.
    #[must_use]
    pub fn reasons(mut self, reasons: impl IntoIterator<Item = &'static str>) -> Self {
        self.0.reasons = reasons.into_iter().collect();
        self
    }

    /// The `instance`: `urn:auth-engine:denial:ID`, which the audit event has too.
    pub(crate) fn denied_as(mut self, id: Option<DenialId>) -> Self {
        self.0.instance = id.map(|id| id.instance());
        self
    }

    pub(crate) fn missing_scopes(mut self, scopes: Vec<String>) -> Self {
        self.0.missing_scopes = Some(scopes);
        self
    }

    pub(crate) fn missing_role(mut self, role: Option<String>) -> Self {
        self.0.missing_role = role;
        self
    }

    /// When to come back, in seconds from now: also sent as `Retry-After` (RFC 9110).
    #[must_use]
    pub fn retry_after(mut self, span: Seconds) -> Self {
        self.0.retry_after = Some(span.0);
        self
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable code, such as `not_found`.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// 404: nothing here, or nothing for this caller; the two look the same.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not found")
    }

    /// 405: the path is there, the method is not.
    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed")
    }

    /// 403: it came in plain text, and what is answered here goes by TLS alone.
    pub(crate) fn https_required() -> Self {
        Self::new(StatusCode::FORBIDDEN, "https_required", "HTTPS required")
            .detail("ask again over HTTPS; what this request carried was sent in plain text")
    }

    /// 422: the body can be read, but is not what this endpoint takes. `detail` says what is.
    pub fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unprocessable", "Unprocessable body")
            .detail(detail)
    }

    /// 500: a fault of the service; the log says which.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error")
    }

    /// 429: limits have no cell left for this request. The member that names them is that of
    /// draft-ietf-httpapi-ratelimit-headers.
    pub(crate) fn quota_exceeded(limits: Vec<String>) -> Self {
        let problem =
            Self::new(StatusCode::TOO_MANY_REQUESTS, "quota_exceeded", "Too many requests");
        let mut problem = problem.detail("come back later; Retry-After says when");
        problem.0.violated_policies = limits;
        problem
    }

    /// 503: something the answer depends on cannot be reached.
    pub fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Temporarily unavailable")
    }
}

fn status_number<S: serde::Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u16(status.as_u16())
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // INVARIANT: strings, numbers and lists of strings are always written.
        let mut body = Vec::with_capacity(BODY_BYTES);
        if serde_json::to_writer(&mut body, &self.0).is_err() {
            body.clear();
        }
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.0.status;
        let headers = response.headers_mut();
        let media_type = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, media_type);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
