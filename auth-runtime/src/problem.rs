//! Refusals as other programs read them (RFC 9457). In: a kind of problem. Out: a response in
//! `application/problem+json` whose type and code never change.

use auth_policy::settings::Seconds;
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{audit::DenialId, json_object::JsonObject};

/// What the `type` of each problem begins with.
const TYPE: &str = "urn:auth-engine:problem:";

/// How many bytes most problems take at most.
const BODY_BYTES: usize = 384;

/// How many headers the answer will have, with those that every answer has.
const HEADERS: usize = 12;

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

#[derive(Clone, Debug, PartialEq, Eq)]
struct Members {
    title: &'static str,
    status: StatusCode,
    /// Nothing where it is empty.
    detail: String,
    code: &'static str,
    /// Which refusal this is: never the same twice.
    instance: Option<DenialId>,
    missing_scopes: Option<Vec<String>>,
    missing_role: Option<String>,
    violated_policies: Vec<String>,
    reasons: Vec<&'static str>,
    /// In seconds.
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem with a status, a stable code and a title that is the same every time.
    pub fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self(Box::new(Members {
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
        self.0.instance = id;
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

impl Members {
    /// The body.
    fn to_json(&self) -> Vec<u8> {
        let mut json = JsonObject::with_capacity(BODY_BYTES);
        json.text("type", &[TYPE, self.code]);
        json.text("title", &[self.title]);
        json.literal("status", self.status.as_str());
        if !self.detail.is_empty() {
            json.text("detail", &[&self.detail]);
        }
        json.text("code", &[self.code]);
        if let Some(id) = &self.instance {
            json.text("instance", &[DenialId::INSTANCE, id.as_str()]);
        }
        if let Some(scopes) = &self.missing_scopes {
            json.texts("missing_scopes", scopes);
        }
        if let Some(role) = &self.missing_role {
            json.text("missing_role", &[role]);
        }
        if !self.violated_policies.is_empty() {
            json.texts("violated-policies", &self.violated_policies);
        }
        if !self.reasons.is_empty() {
            json.texts("reasons", &self.reasons);
        }
        if let Some(seconds) = self.retry_after {
            json.literal("retry_after", &seconds.to_string());
        }
        json.finish()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = self.0.to_json();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.0.status;
        let headers = response.headers_mut();
        *headers = HeaderMap::with_capacity(HEADERS);
        let media_type = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, media_type);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
