//! Requests that this service makes. In: a URL, and which addresses it may lead to. Out: an answer
//! that came from there, in time, and is no longer than is read.
//!
//! Every feature that speaks HTTP does it through here, so there is one place for the bounds.

mod address;
#[cfg(any(feature = "client", feature = "oidc"))]
pub(crate) mod form;

use std::{error::Error, fmt, net::IpAddr, time::Duration};

use reqwest::{
    Client, Method, RequestBuilder, Response, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{CONTENT_TYPE, HeaderMap},
    redirect::Policy,
};

use address::is_public;

#[cfg(any(feature = "client", feature = "oidc"))]
use crate::secret::Secret;

/// The longest token, in bytes: longer ones fit no header that servers take.
#[cfg(any(feature = "client", feature = "oidc"))]
pub(crate) const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// How long one request may take, from the connection to the last byte of the answer.
const REQUEST_LIMIT: Duration = Duration::from_secs(5);

/// Makes requests without following redirects, without a proxy, cookies and retries.
#[derive(Clone, Debug)]
pub(crate) struct Outbound {
    client: Client,
    network: Network,
}

/// Which addresses may be asked. Certificates are those that the operating system trusts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    /// Public ones over `https`: for URLs that somebody else chose.
    #[allow(dead_code, reason = "made by the feature `discovery` alone")]
    Public,
    /// All of them over `https`: for URLs that the operator chose.
    #[allow(dead_code, reason = "made by the feature `client` alone")]
    Chosen,
    /// All of them over `https`, and this machine over `http`.
    Development,
}

/// An answer that did not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Not `https`, or with a user name in it.
    UrlRefused,
    /// An address of this machine or its network.
    AddressRefused,
    /// There was no connection, or it broke: what the library says.
    Unreachable(String),
    Timeout,
    TooLarge,
    /// The body is not UTF-8.
    NotText,
}

impl Outbound {
    /// # Errors
    ///
    /// When the certificates of the operating system cannot be read.
    pub(crate) fn new(network: Network) -> Result<Self, Failure> {
        let client = Client::builder()
            .user_agent("auth-runtime")
            .redirect(Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .timeout(REQUEST_LIMIT);
        let client = match network {
            Network::Public => client.https_only(true).dns_resolver(PublicAddresses),
            Network::Chosen => client.https_only(true),
            Network::Development => client,
        };
        let client = client.build().map_err(|error| explain(&error))?;
        Ok(Self { client, network })
    }

    /// Whether that URL may be asked, as far as can be told before its name is resolved.
    #[cfg(feature = "oidc")]
    pub(crate) fn admits(&self, url: &str) -> bool {
        self.network.admit(url).is_ok()
    }

    /// The same URL as it is sent: in ASCII, and without what readers of URLs leave out.
    ///
    /// # Errors
    ///
    /// When it may not be asked.
    #[cfg(feature = "oidc")]
    pub(crate) fn written(&self, url: &str) -> Result<String, Failure> {
        self.network.admit(url).map(String::from)
    }

    /// A request to that URL, if it may be asked.
    ///
    /// # Errors
    ///
    /// When the URL is malformed, or the network does not have it.
    pub(crate) fn request(&self, method: Method, url: &str) -> Result<RequestBuilder, Failure> {
        Ok(self.client.request(method, self.network.admit(url)?))
    }
}

/// Sends a request and reads the head of the answer.
///
/// # Errors
///
/// When nothing came, or not in time.
pub(crate) async fn send(request: RequestBuilder) -> Result<Response, Failure> {
    request.send().await.map_err(|error| explain(&error))
}

impl Network {
    /// The URL, parsed as it will be used, if it may be asked.
    fn admit(self, url: &str) -> Result<Url, Failure> {
        let url = Url::parse(url).map_err(|_| Failure::UrlRefused)?;
        let host = url.host_str().ok_or(Failure::UrlRefused)?;
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Failure::UrlRefused);
        }
        let here = host == "localhost" || address.is_some_and(|address| address.is_loopback());
        match (url.scheme(), self) {
            // A literal address is never given to the resolver, so it is checked here.
            ("https", Self::Public) if !address.is_none_or(is_public) => {
                Err(Failure::AddressRefused)
            }
            ("https", _) => Ok(url),
            ("http", Self::Development) if here => Ok(url),
            _ => Err(Failure::UrlRefused),
        }
    }
}

/// Resolves a name to its addresses if every one of them is public.
///
/// SECURITY: the connection is made to what is returned here, so that a name cannot be public when
/// it is checked and private when it is used (DNS rebinding).
struct PublicAddresses;

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if !found.iter().all(|address| is_public(address.ip())) {
                return Err(Box::new(NotPublic) as Box<dyn Error + Send + Sync>);
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// What [`PublicAddresses`] says of a name that it does not resolve.
#[derive(Debug)]
struct NotPublic;

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name has an address that is not public")
    }
}

impl Error for NotPublic {}

/// What went wrong, out of a chain of causes.
fn explain(error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        return Failure::Timeout;
    }
    let (mut words, mut next) = (Vec::new(), error.source());
    while let Some(cause) = next {
        if cause.is::<NotPublic>() {
            return Failure::AddressRefused;
        }
        words.push(cause.to_string());
        next = cause.source();
    }
    Failure::Unreachable(words.join(": "))
}

/// `application/json`, or a type built on it such as `application/jwk-set+json`.
pub(crate) fn says_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let media_type = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let subtype = media_type.strip_prefix("application/");
    subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}

/// Whether a token that somebody else made can be shown behind `Bearer`.
///
/// SECURITY: a line break in a token would end the header it is sent in.
#[cfg(any(feature = "client", feature = "oidc"))]
pub(crate) fn fits_a_header(token: &Secret) -> bool {
    // Looked at, and kept nowhere.
    let bytes = token.expose().as_bytes();
    (1..=MAX_TOKEN_BYTES).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
}

/// The body, read no further than it may be long, in bytes.
///
/// # Errors
///
/// When it is longer, is no UTF-8, or the connection breaks.
pub(crate) async fn text(mut response: Response, max_bytes: usize) -> Result<String, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| explain(&error))? {
        if body.len() + chunk.len() > max_bytes {
            return Err(Failure::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    String::from_utf8(body).map_err(|_| Failure::NotText)
}
