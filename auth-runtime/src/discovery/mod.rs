//! The keys of foreign issuers, asked for where the issuers publish them. In: an entry of `issuers`
//! without `keys`. Out: its key set, kept, and fetched anew as time and tokens ask for it.
//!
//! ```text
//! token ─> keys at hand ─ fresh ───────────────────────────────> verify
//!                       ├ due, or the key unknown ─ one fetch ─> verify
//!                       └ dead ─ no fetch succeeds ────────────> 503
//! ```
//!
//! Nothing runs in the background: a fetch begins with a request that needs it. [`Fetch`] is how
//! documents are asked for; with the feature `discovery`, `HttpFetch` does it over HTTPS.

mod document;
mod error;
#[cfg(feature = "discovery")]
mod http;
mod remote;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use auth_policy::settings::Seconds;

pub use error::FetchError;
#[cfg(feature = "discovery")]
pub use http::HttpFetch;

#[cfg(feature = "oidc")]
pub(crate) use document::locations;
pub(crate) use remote::{RemoteKeys, Surroundings};

/// How long after one fetch the next may begin, unless the application says otherwise.
const COOL_DOWN: Seconds = Seconds(60);
/// How long keys serve when no fetch succeeds, unless the application says otherwise.
const MAX_STALE: Seconds = Seconds(24 * 60 * 60);

/// Asks an issuer for a document. The engine has one for all issuers.
///
/// # Security
///
/// The address comes from a discovery document, so whoever controls that chooses it. An
/// implementation answers only with what came over a connection that proves who spoke (HTTPS),
/// from that very address (no redirects), in JSON, and of bounded size; and it does not connect to
/// addresses that only this machine or its network can reach. `HttpFetch` does all of this.
pub trait Fetch: Send + Sync + 'static {
    /// The document at that URL. Answers of any status but 200 are errors.
    fn get<'f>(&'f self, url: &'f str) -> Fetching<'f>;
}

/// A document on its way.
pub type Fetching<'f> = Pin<Box<dyn Future<Output = Result<Fetched, FetchError>> + Send + 'f>>;

/// A document that was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its text.
    pub body: String,
    /// For how long its sender says that it is good, if it says so: `max-age` of `Cache-Control`.
    pub max_age: Option<Seconds>,
}

impl<F: Fetch + ?Sized> Fetch for Arc<F> {
    fn get<'f>(&'f self, url: &'f str) -> Fetching<'f> {
        (**self).get(url)
    }
}

/// How the keys of foreign issuers are come by, and how long they are good.
///
/// # Example
///
/// ```
/// use auth_runtime::{
///     discovery::{Discovery, Fetch, FetchError, Fetching},
///     policy_types::Seconds,
/// };
///
/// /// Reaches nobody: what a test of an outage wants.
/// struct Nobody;
///
/// impl Fetch for Nobody {
///     fn get<'f>(&'f self, _url: &'f str) -> Fetching<'f> {
///         Box::pin(async { Err(FetchError::Timeout) })
///     }
/// }
///
/// let discovery = Discovery::new(Nobody).max_stale(Seconds(3600));
/// # assert!(format!("{discovery:?}").contains("3600"));
/// ```
#[derive(Clone)]
pub struct Discovery {
    fetch: Arc<dyn Fetch>,
    cool_down: Seconds,
    max_stale: Seconds,
}

impl Discovery {
    /// Asks for documents by these means.
    pub fn new(fetch: impl Fetch) -> Self {
        Self { fetch: Arc::new(fetch), cool_down: COOL_DOWN, max_stale: MAX_STALE }
    }

    /// How long after one fetch from an issuer the next may begin, whether it succeeded or not.
    /// At least 1 s. Default 60 s.
    #[must_use]
    pub fn cool_down(mut self, span: Seconds) -> Self {
        self.cool_down = span.max(Seconds(1));
        self
    }

    /// How long keys serve while no fetch succeeds; after that, requests are answered with 503.
    /// Default 24 h.
    ///
    /// # Security
    ///
    /// A key that its issuer withdraws while it cannot be reached is believed for this long.
    #[must_use]
    pub fn max_stale(mut self, span: Seconds) -> Self {
        self.max_stale = span;
        self
    }
}

impl fmt::Debug for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discovery")
            .field("cool_down", &self.cool_down)
            .field("max_stale", &self.max_stale)
            .finish_non_exhaustive()
    }
}
