//! Documents over HTTPS. In: a URL that somebody else chose. Out: the JSON that is there, if
//! asking for it can hurt nobody.

use std::{error::Error, fmt, net::IpAddr, time::Duration};

use auth_policy::settings::Seconds;
use reqwest::{
    Client, Response, StatusCode, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderMap},
    redirect::Policy,
};

use super::{Fetch, FetchError, Fetched, Fetching, address::is_public};

/// The longest document that is read, in bytes.
const MAX_BYTES: usize = 512 * 1024;
/// How long one document may take.
const DOCUMENT_LIMIT: Duration = Duration::from_secs(5);

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
pub struct HttpFetch {
    client: Client,
    network: Network,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    /// Whatever public address.
    Public,
    /// Any address over `https`, and this machine over `http`.
    Development,
}

impl HttpFetch {
    /// For services in use: the bounds above.
    ///
    /// # Errors
    ///
    /// When the certificates of the operating system cannot be read.
    pub fn production() -> Result<Self, FetchError> {
        Self::new(Network::Public)
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
        Self::new(Network::Development)
    }

    fn new(network: Network) -> Result<Self, FetchError> {
        let client = Client::builder()
            .user_agent("auth-runtime")
            .redirect(Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .timeout(DOCUMENT_LIMIT);
        let client = match network {
            Network::Public => client.https_only(true).dns_resolver(PublicAddresses),
            Network::Development => client,
        };
        let client = client.build().map_err(|error| explain(&error))?;
        Ok(Self { client, network })
    }

    async fn document(&self, url: &str) -> Result<Fetched, FetchError> {
        let url = self.network.admit(url)?;
        let request = self.client.get(url).header(ACCEPT, "application/json");
        let response = request.send().await.map_err(|error| explain(&error))?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        if !says_json(response.headers()) {
            return Err(FetchError::NotJson);
        }
        let max_age = max_age(response.headers());
        Ok(Fetched { body: text(response).await?, max_age })
    }
}

impl Fetch for HttpFetch {
    fn get<'f>(&'f self, url: &'f str) -> Fetching<'f> {
        Box::pin(self.document(url))
    }
}

impl Network {
    /// The URL, parsed as it will be used, if it may be asked.
    fn admit(self, url: &str) -> Result<Url, FetchError> {
        let url = Url::parse(url).map_err(|_| FetchError::UrlRefused)?;
        let host = url.host_str().ok_or(FetchError::UrlRefused)?;
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::UrlRefused);
        }
        let here = host == "localhost" || address.is_some_and(|address| address.is_loopback());
        match (url.scheme(), self) {
            // A literal address is never given to the resolver, so it is checked here.
            ("https", Self::Public) if !address.is_none_or(is_public) => {
                Err(FetchError::AddressRefused)
            }
            ("https", _) => Ok(url),
            ("http", Self::Development) if here => Ok(url),
            _ => Err(FetchError::UrlRefused),
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
fn explain(error: &reqwest::Error) -> FetchError {
    if error.is_timeout() {
        return FetchError::Timeout;
    }
    let (mut words, mut next) = (Vec::new(), error.source());
    while let Some(cause) = next {
        if cause.is::<NotPublic>() {
            return FetchError::AddressRefused;
        }
        words.push(cause.to_string());
        next = cause.source();
    }
    FetchError::Unreachable(words.join(": "))
}

/// `application/json`, or a type built on it such as `application/jwk-set+json`.
fn says_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let media_type = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let subtype = media_type.strip_prefix("application/");
    subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
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

/// The body, read no further than it may be long.
async fn text(mut response: Response) -> Result<String, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| explain(&error))? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    String::from_utf8(body).map_err(|_| FetchError::NotJson)
}
