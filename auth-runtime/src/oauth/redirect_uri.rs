//! Where browsers are sent back to. In: a URI that somebody wants registered, or an answer for one
//! that is. Out: whether any browser may be sent there; and the URI with the answer in its query.

use std::net::Ipv6Addr;

/// The longest redirect URI, in bytes.
const MAX_BYTES: usize = 1024;

/// What our answers say in the query, so that a URI must not say it already.
const ANSWERS: [&str; 5] = ["code", "state", "iss", "error", "error_description"];

/// Whether a client may register it: an absolute `https` URI, or an `http` one of the machine that
/// the browser runs on (RFC 8252, section 7.3), without user, fragment, or anything that another
/// reader might take for something else.
///
/// Schemes of apps (`com.example.app:/`) are none of these: any app may claim one.
pub(super) fn may_be_registered(uri: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\\#\"<>*'`{}|^".contains(&byte);
    let Some(Parts { secure, host, port, query }) = Parts::of(uri) else { return false };
    uri.len() <= MAX_BYTES
        && uri.bytes().all(plain)
        && is_host(host)
        && port.is_none_or(is_port)
        && (secure || matches!(host, "127.0.0.1" | "[::1]" | "localhost"))
        && !form_urlencoded::parse(query.as_bytes()).any(|(name, _)| ANSWERS.contains(&&*name))
}

/// The URI with more in its query; what is there stays (RFC 6749, section 4.1.2).
pub(super) fn with_answer(uri: &str, answer: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(answer).finish();
    let joint = match uri.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{uri}{joint}{query}")
}

/// The URI's origin, as people read it; empty for what is no such URI.
pub(super) fn origin(uri: &str) -> String {
    match Parts::of(uri) {
        Some(Parts { secure, host, port: Some(port), .. }) => {
            format!("{}//{host}:{port}", scheme(secure))
        }
        Some(Parts { secure, host, port: None, .. }) => format!("{}//{host}", scheme(secure)),
        None => String::new(),
    }
}

/// The same as `Content-Security-Policy` names it.
pub(super) fn source(uri: &str) -> String {
    match Parts::of(uri) {
        // The grammar of CSP has no IPv6 addresses: for those, the scheme alone.
        Some(Parts { secure, host, .. }) if host.starts_with('[') => scheme(secure).to_owned(),
        Some(_) => origin(uri),
        None => "'none'".to_owned(),
    }
}

const fn scheme(secure: bool) -> &'static str {
    if secure { "https:" } else { "http:" }
}

/// What a URI is made of.
struct Parts<'u> {
    secure: bool,
    host: &'u str,
    port: Option<&'u str>,
    query: &'u str,
}

impl<'u> Parts<'u> {
    fn of(uri: &'u str) -> Option<Self> {
        let (secure, rest) = match (uri.strip_prefix("https://"), uri.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return None,
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let authority = rest.get(..end)?;
        let query = rest.get(end..)?.split_once('?').map_or("", |(_, query)| query);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !authority.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        Some(Self { secure, host, port, query })
    }
}

/// A name or an address, with neither a user before it nor anything encoded in it.
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    host.split('.').all(label)
}

fn is_port(text: &str) -> bool {
    // `parse` takes a sign.
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ot1_browsers_are_sent_to_https_or_to_their_own_machine() {
        for good in [
            "https://app.example/callback",
            "https://app.example",
            "https://app.example:8443/callback?tenant=7&x",
            "https://192.0.2.1/cb",
            "https://[2001:db8::1]:8443/cb",
            "http://127.0.0.1:53682/",
            "http://[::1]:9/cb",
            "http://localhost:3000/cb",
        ] {
            assert!(may_be_registered(good), "{good}");
        }
        for bad in [
            "",
            "app.example/callback",
            "//app.example/callback",
            "/callback",
            "http://app.example/callback",
            "http://127.0.0.1.evil.example/",
            "http://127.0.0.1@evil.example/",
            "http://127.0.0.2/",
            "http://[::2]/",
            "http://localhost.evil.example/",
            "https://user@app.example/",
            "https://user:pass@app.example/",
            "https:///callback",
            "https://",
            "https://?x",
            "https://app..example/",
            "https://.app.example/",
            "https://app.example:/",
            "https://app.example:0/",
            "https://app.example:65536/",
            "https://app.example:+1/",
            "https://app.example:8443:1/",
            "https://[::1/",
            "https://app%2eexample/",
            "https://app.example/#here",
            "https://app.example/a b",
            "https://app.example/a\nb",
            "https://app.example/ä",
            "https://*.example/",
            "https://app.example\\@evil.example/",
            "https://app.example;script-src/",
            "https://app.example/?code=1",
            "https://app.example/?x=1&st%61te=1",
            "javascript:alert(1)",
            "data:text/html,x",
            "HTTPS://app.example/",
            " https://app.example/",
            "com.example.app:/callback",
        ] {
            assert!(!may_be_registered(bad), "{bad}");
        }
        let long = format!("https://app.example/{}", "x".repeat(MAX_BYTES));
        assert!(!may_be_registered(&long));
    }

    #[test]
    fn what_a_uri_says_already_stays() {
        let answer = [("code", "a b"), ("state", "&=")];
        for (uri, whole) in [
            ("https://a.example", "https://a.example?code=a+b&state=%26%3D"),
            ("https://a.example/cb", "https://a.example/cb?code=a+b&state=%26%3D"),
            ("https://a.example/cb?", "https://a.example/cb?code=a+b&state=%26%3D"),
            ("https://a.example/cb?x=1", "https://a.example/cb?x=1&code=a+b&state=%26%3D"),
        ] {
            assert_eq!(with_answer(uri, &answer), whole);
        }
    }

    #[test]
    fn people_read_the_origin_and_csp_names_no_more() {
        for (uri, read, in_csp) in [
            ("https://app.example/cb?x", "https://app.example", "https://app.example"),
            ("https://app.example:8443/cb", "https://app.example:8443", "https://app.example:8443"),
            ("http://127.0.0.1:9/cb", "http://127.0.0.1:9", "http://127.0.0.1:9"),
            ("http://[::1]:9/cb", "http://[::1]:9", "http:"),
            ("none", "", "'none'"),
        ] {
            assert_eq!((&*origin(uri), &*source(uri)), (read, in_csp));
        }
    }
}
