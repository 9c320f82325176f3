//! Which page caused a request. In: what its browser says of that, in `Sec-Fetch-Site` or else in
//! `Origin`. Out: that it was one of ours, or that nobody says; or a [`Forgery`].
//!
//! No page can set either header: browsers write them (Fetch Metadata; Fetch, section 3.2). Other
//! programs can, but nobody's cookie is sent along with what they do.

use axum::http::{HeaderMap, HeaderName, header, request::Parts};

use super::forgery::Forgery;
use crate::host::host;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What is said about the page that caused a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provenance {
    /// It is one of ours, or of an origin that the policy lists; or there is no page, but a person.
    Ours,
    /// Neither header is there: an old browser or no browser.
    Untold,
}

/// The provenance of a request, where pages of these origins count as ours.
///
/// # Errors
///
/// When it was caused by a page of somebody else's, or what is said of it cannot be believed.
pub(super) fn provenance(parts: &Parts, trusted: &[String]) -> Result<Provenance, Forgery> {
    let site = only(&parts.headers, &SEC_FETCH_SITE).map_err(|Several| Forgery::CrossSite)?;
    let origin = only(&parts.headers, &header::ORIGIN).map_err(|Several| Forgery::Origin);
    match (site, origin) {
        (Some(b"same-origin" | b"none"), _) => Ok(Provenance::Ours),
        (Some(b"same-site"), Ok(Some(origin))) if is_listed(origin, trusted) => {
            Ok(Provenance::Ours)
        }
        (Some(b"same-site"), _) => Err(Forgery::SameSite),
        (Some(_), _) => Err(Forgery::CrossSite),
        (None, Ok(None)) => Ok(Provenance::Untold),
        (None, Ok(Some(origin))) if is_listed(origin, trusted) || is_own(origin, parts) => {
            Ok(Provenance::Ours)
        }
        (None, _) => Err(Forgery::Origin),
    }
}

/// Whether the policy lists that origin: to the byte, as browsers write origins in one way.
fn is_listed(origin: &[u8], trusted: &[String]) -> bool {
    trusted.iter().any(|listed| listed.as_bytes() == origin)
}

/// Whether that is the origin of the very host which the request was sent to.
fn is_own(origin: &[u8], parts: &Parts) -> bool {
    let Some((default, authority)) = split(origin) else { return false };
    let Some(asked) = host(&parts.headers, &parts.uri) else { return false };
    match (Place::read(authority, default), Place::read(asked, default)) {
        (Some(origin), Some(asked)) => origin.is(&asked),
        _ => false,
    }
}

/// The default port of an origin's scheme, and what follows it. `null` has neither.
fn split(origin: &[u8]) -> Option<(u16, &str)> {
    let origin = str::from_utf8(origin).ok()?;
    match origin.split_once("://")? {
        ("https", authority) => Some((443, authority)),
        ("http", authority) => Some((80, authority)),
        _ => None,
    }
}

/// A host and a port.
struct Place<'a> {
    host: &'a str,
    port: u16,
}

impl<'a> Place<'a> {
    /// Reads `host` or `host:port`; an IPv6 address is in brackets.
    fn read(text: &'a str, default: u16) -> Option<Self> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !text.ends_with(']') => (host, read_port(port)?),
            _ => (text, default),
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~[:]".contains(&byte);
        (!host.is_empty() && host.bytes().all(plain)).then_some(Self { host, port })
    }

    fn is(&self, other: &Self) -> bool {
        self.port == other.port && self.host.eq_ignore_ascii_case(other.host)
    }
}

fn read_port(text: &str) -> Option<u16> {
    // `parse` takes a sign.
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// There is more than one header of a name.
pub(super) struct Several;

/// The value of the one header of that name.
pub(super) fn only<'r>(
    headers: &'r HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'r [u8]>, Several> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() { Err(Several) } else { Ok(first.map(|value| value.as_bytes())) }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, Request};

    use super::*;

    const TRUSTED: &str = "https://app.blog.example";

    fn asked(uri: &str, headers: &[(&'static str, &str)]) -> Result<Provenance, Forgery> {
        let mut request = Request::post(uri).body(()).unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
        }
        provenance(&request.into_parts().0, &[TRUSTED.to_owned()])
    }

    fn from(host: &str, origin: &str) -> Result<Provenance, Forgery> {
        asked("/", &[("host", host), ("origin", origin)])
    }

    #[test]
    fn c1_fetch_metadata_decides_where_it_is_there() {
        let evil = ("origin", "https://evil.example");
        for site in ["same-origin", "none"] {
            assert_eq!(asked("/", &[("sec-fetch-site", site), evil]), Ok(Provenance::Ours));
        }
        for site in ["cross-site", "", "Same-Origin", "same-origin ,none", "same-origin, none"] {
            let own = [("sec-fetch-site", site), ("host", "b.c"), ("origin", "https://b.c")];
            assert_eq!(asked("/", &own), Err(Forgery::CrossSite), "{site}");
            let listed = [("sec-fetch-site", site), ("origin", TRUSTED)];
            assert_eq!(asked("/", &listed), Err(Forgery::CrossSite), "{site}");
        }
        let two = [("sec-fetch-site", "same-origin"); 2];
        assert_eq!(asked("/", &two), Err(Forgery::CrossSite));
    }

    #[test]
    fn c1_a_sibling_has_to_be_listed() {
        let site = ("sec-fetch-site", "same-site");
        assert_eq!(asked("/", &[site, ("origin", TRUSTED)]), Ok(Provenance::Ours));
        assert_eq!(asked("/", &[site]), Err(Forgery::SameSite));
        let two = [site, ("origin", TRUSTED), ("origin", TRUSTED)];
        assert_eq!(asked("/", &two), Err(Forgery::SameSite));
        for origin in ["https://cdn.blog.example", "https://app.blog.example:8443", "null"] {
            assert_eq!(asked("/", &[site, ("origin", origin)]), Err(Forgery::SameSite), "{origin}");
        }
        // Another port of the same host is another origin of the same site.
        let port = [site, ("host", "blog.example:1"), ("origin", "https://blog.example:1")];
        assert_eq!(asked("/", &port), Err(Forgery::SameSite));
    }

    #[test]
    fn c2_an_origin_is_that_of_the_host_that_was_asked() {
        for (host, origin) in [
            ("blog.example", "https://blog.example"),
            ("blog.example", "http://blog.example"),
            ("BLOG.example", "https://blog.EXAMPLE"),
            ("blog.example:443", "https://blog.example"),
            ("blog.example", "https://blog.example:443"),
            ("blog.example:80", "http://blog.example"),
            ("127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("[::1]:3000", "http://[::1]:3000"),
            ("[::1]", "https://[::1]:443"),
            ("elsewhere.example", TRUSTED),
        ] {
            assert_eq!(from(host, origin), Ok(Provenance::Ours), "{host} {origin}");
        }
    }

    #[test]
    fn c2_every_other_origin_is_refused() {
        for (host, origin) in [
            ("blog.example", "null"),
            ("blog.example", ""),
            ("null", "null"),
            ("blog.example", "blog.example"),
            ("blog.example", "https://evil.example"),
            ("blog.example", "https://blog.example.evil.example"),
            ("blog.example", "https://evil.example/blog.example"),
            ("blog.example", "https://cdn.blog.example"),
            ("blog.example", "https://blog.example:8443"),
            ("blog.example", "https://blog.example:80"),
            ("blog.example:443", "http://blog.example"),
            ("blog.example", "https://blog.example/"),
            ("blog.example", "https://blog.example:"),
            ("blog.example:443", "https://blog.example:+443"),
            ("blog.example", "https://user@blog.example"),
            ("user@blog.example", "https://user@blog.example"),
            ("blog.example", "https://blog.example, https://blog.example"),
            ("blog.example", "file://blog.example"),
            ("blog.example", "HTTPS://blog.example"),
            ("", "https://"),
            ("[::1]:3000", "http://[::1]:3001"),
            ("blog.example", "https://APP.blog.example"),
        ] {
            assert_eq!(from(host, origin), Err(Forgery::Origin), "{host} {origin}");
        }
        let own = ("origin", "https://b.c");
        assert_eq!(asked("/", &[own]), Err(Forgery::Origin), "no host");
        assert_eq!(asked("/", &[("host", "b.c"), own, own]), Err(Forgery::Origin));
        assert_eq!(asked("/", &[("host", "b.c"), ("host", "b.c"), own]), Err(Forgery::Origin));
    }

    #[test]
    fn c2_the_authority_of_the_uri_goes_before_the_host_header() {
        let headers = [("host", "evil.example"), ("origin", "https://evil.example")];
        assert_eq!(asked("https://blog.example/", &headers), Err(Forgery::Origin));
        let own = [("origin", "https://blog.example")];
        assert_eq!(asked("https://blog.example/", &own), Ok(Provenance::Ours));
    }

    #[test]
    fn c2_neither_header_says_nothing() {
        assert_eq!(asked("/", &[("host", "blog.example")]), Ok(Provenance::Untold));
        // Where a page came from is not who caused the request.
        let referer = [("host", "b.c"), ("referer", "https://b.c/")];
        assert_eq!(asked("/", &referer), Ok(Provenance::Untold));
    }
}
