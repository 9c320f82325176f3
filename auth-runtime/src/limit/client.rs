//! Who asks, for what takes cells itself. In: a request. Out: its client's address and endpoint.

use std::{fmt, net::IpAddr, sync::Arc};

use axum::{
    extract::{FromRequestParts, MatchedPath},
    http::{Method, request::Parts},
};

use crate::{context::Context, denial::Denial, visit::Visit};

/// The client of a request, as an argument of a handler that hands it on to
/// [`SignInLimit::before`](super::SignInLimit::before).
///
/// ```
/// use auth_runtime::{limit::Client, public};
///
/// #[public(reason = "shows a client its own address")]
/// async fn address(client: Client) -> String {
///     client.address().map_or("unknown".to_owned(), |address| address.to_string())
/// }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(super) endpoint: String,
    pub(super) visit: Arc<Visit>,
}

impl Client {
    /// The client's address: the peer's, or where the peer is a proxy that the policy trusts, the
    /// one that it names. `None` where the peer is not known, because the application is not served
    /// by [`Protected::serve`](crate::Protected::serve).
    pub fn address(&self) -> Option<IpAddr> {
        self.visit.address
    }

    pub(super) fn of(visit: &Arc<Visit>, parts: &Parts) -> Self {
        let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        Self { endpoint: format!("{} {path}", method(&parts.method)), visit: Arc::clone(visit) }
    }
}

/// The method as far as it tells endpoints apart.
///
/// SECURITY: `HEAD` is answered where `GET` is, and a stranger can make up others.
fn method(method: &Method) -> &'static str {
    const KNOWN: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    match method.as_str() {
        "HEAD" => "GET",
        method => KNOWN.into_iter().find(|known| *known == method).unwrap_or("other"),
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Denial> {
        Ok(Self::of(Context::visit(parts)?, parts))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("address", &self.address()).finish_non_exhaustive()
    }
}
