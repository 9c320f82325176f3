//! Documents over HTTPS. In: a URL that somebody else chose. Out: the JSON that is there, if
//! asking for it can hurt nobody.

use auth_policy::settings::Seconds;
use reqwest::{
    Method, StatusCode,
    header::{ACCEPT, CACHE_CONTROL, HeaderMap},
};

use super::{Fetch, FetchError, Fetched, Fetching};
use crate::outbound::{self, Failure, Network, Outbound};

/// The longest document that is read, in bytes.
const MAX_BYTES: usize = 512 * 1024;

/// Asks for documents over HTTPS, and no one it should not ask.
///
/// - `https` alone, with certificates the operating system trusts;
/// - to public addresses alone: a name is resolved, every address it has is checked, and one of
///   those very addresses is connected to;
/// - without following redirects, without a proxy, without cookies and retries;
/// - 5 s for a document of at most 512 KiB, which says that it is JSON.
///
/// # Security
///
/// A discovery document can name any address for the keys. Without these bounds it could have this
/// service ask its own network for things: server-side request forgery.
#[derive(Clone, Debug)]
pub struct HttpFetch(Outbound);

impl HttpFetch {
    /// For services in use: the bounds above.
    ///
    /// # Errors
    ///
    /// When the certificates of the operating system cannot be read.
    pub fn production() -> Result<Self, FetchError> {
        Ok(Self(Outbound::new(Network::Public)?))
    }

    /// For a developer's machine: also `http` where it stays on the machine, and private addresses.
    ///
    /// # Errors
    ///
    /// When the certificates of the operating system cannot be read.
    ///
    /// # Security
    ///
    /// Not for production: a discovery document can have this service ask its own network.
    pub fn development() -> Result<Self, FetchError> {
        Ok(Self(Outbound::new(Network::Development)?))
    }

    async fn document(&self, url: &str) -> Result<Fetched, FetchError> {
        let request = self.0.request(Method::GET, url)?.header(ACCEPT, "application/json");
        let response = outbound::send(request).await?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        if !outbound::says_json(response.headers()) {
            return Err(FetchError::NotJson);
        }
        let max_age = max_age(response.headers());
        Ok(Fetched { body: outbound::text(response, MAX_BYTES).await?, max_age })
    }
}

impl Fetch for HttpFetch {
    fn get<'f>(&'f self, url: &'f str) -> Fetching<'f> {
        Box::pin(self.document(url))
    }
}

impl From<Failure> for FetchError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::UrlRefused => Self::UrlRefused,
            Failure::AddressRefused => Self::AddressRefused,
            Failure::Unreachable(why) => Self::Unreachable(why),
            Failure::Timeout => Self::Timeout,
            Failure::TooLarge => Self::TooLarge,
            Failure::NotText => Self::NotJson,
        }
    }
}

fn max_age(headers: &HeaderMap) -> Option<Seconds> {
    let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut directives = values.flat_map(|value| value.split(',')).map(str::trim);
    directives.find_map(|directive| {
        if directive.eq_ignore_ascii_case("no-store") || directive.eq_ignore_ascii_case("no-cache")
        {
            return Some(Seconds(0));
        }
        let (name, value) = directive.split_once('=')?;
        let seconds = value.trim_matches('"').parse().ok()?;
        name.eq_ignore_ascii_case("max-age").then_some(Seconds(seconds))
    })
}
