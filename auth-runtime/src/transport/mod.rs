//! What surrounds every answer: headers for browsers, CORS, and whether a request came encrypted.
//! In: the policy in force. Out: what is prepared of it once, and used for each request.

mod cors;
mod headers;

use auth_policy::Policy;
use axum::http::Request;
use tower_http::cors::CorsLayer;

use self::headers::SecurityHeaders;
use crate::oauth::AUTHORIZE;

/// Whether requests have to come by TLS.
///
/// # Security
///
/// What came in plain text was read, or changed, by whoever stood in between: its credentials are
/// known to them even if it is refused. So production says [`Required`](Self::Required), and
/// `Strict-Transport-Security` keeps browsers from trying.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Https {
    /// Plain HTTP is answered too: for development, on one machine.
    #[default]
    Optional,
    /// A request counts when the application is [served over
    /// TLS](crate::Protected::over_tls), or when a proxy that the policy trusts says, in the one
    /// header that the policy names, that it came by TLS. Every other is refused before anything
    /// else is looked at: 403, code `https_required`. There is no redirect: a client that is sent on
    /// would show its credentials in plain text each time.
    Required,
}

/// What a policy says of every answer, prepared.
pub(crate) struct Transport {
    pub(crate) headers: SecurityHeaders,
    cors: Option<CorsLayer>,
    /// Whether people let clients in here.
    lets_in: bool,
}

impl Transport {
    pub(crate) fn of(policy: &Policy) -> Self {
        Self {
            headers: SecurityHeaders::of(policy.headers()),
            cors: policy.cors().map(cors::layer),
            lets_in: policy.oauth().is_some(),
        }
    }

    /// What answers this request's browser, where the policy lets pages of other origins in.
    ///
    /// The layer takes every `OPTIONS` for a preflight: one that is none goes to its handler.
    ///
    /// SECURITY: the page that asks for consent is for nobody else's pages, whatever the policy says:
    /// they would read the token in it (RFC 9700, section 2.6).
    pub(crate) fn cors<B>(&self, request: &Request<B>) -> Option<&CorsLayer> {
        let asks = request.method() != axum::http::Method::OPTIONS || cors::is_preflight(request);
        let shared = !self.lets_in || request.uri().path() != AUTHORIZE;
        self.cors.as_ref().filter(|_| asks && shared)
    }
}
