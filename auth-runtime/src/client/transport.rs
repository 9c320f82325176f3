//! How requests for tokens travel. In: a request. Out: what the token endpoint answered.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use auth_policy::settings::Seconds;

use super::ClientError;
use crate::secret::Secret;

/// Sends requests to a token endpoint.
///
/// # Security
///
/// The request carries the client's secret, and whoever answers chooses the token. An implementation
/// sends it only over a connection that proves who is there (HTTPS), to that very address (no
/// redirects), and reads an answer of bounded size. [`HttpTransport`](super::HttpTransport) does all
/// of this.
pub trait Transport: Send + Sync + 'static {
    /// Sends a request by POST. Whatever status the answer has, it is one.
    fn send<'t>(&'t self, request: &'t TokenRequest) -> Sending<'t>;
}

/// An answer on its way.
pub type Sending<'t> = Pin<Box<dyn Future<Output = Result<TokenAnswer, ClientError>> + Send + 't>>;

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send<'t>(&'t self, request: &'t TokenRequest) -> Sending<'t> {
        (**self).send(request)
    }
}

/// A request for a token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenRequest {
    /// The token endpoint.
    pub url: String,
    /// The value of the header `Authorization`, if there is to be one.
    pub authorization: Option<Secret>,
    /// The body: `application/x-www-form-urlencoded`.
    pub form: Secret,
}

/// What a token endpoint answered.
#[derive(Clone)]
#[non_exhaustive]
pub struct TokenAnswer {
    /// The status.
    pub status: u16,
    /// The body, if its media type says that it is JSON.
    pub json: Option<Secret>,
    /// When to come back, if the answer says so in seconds: `Retry-After`.
    pub retry_after: Option<Seconds>,
}

impl TokenAnswer {
    /// An answer without a body.
    pub const fn new(status: u16) -> Self {
        Self { status, json: None, retry_after: None }
    }

    /// Status 200 with that JSON.
    pub fn ok(json: String) -> Self {
        Self { json: Some(Secret::from(json)), ..Self::new(200) }
    }
}

impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAnswer").field("status", &self.status).finish_non_exhaustive()
    }
}
