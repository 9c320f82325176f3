//! Credentials in a URL. In: a query string. Out: whether one is in it. URLs are kept by proxies,
//! browsers and logs, so what was in one is no secret any more (RFC 9700, section 4.3.2).

use auth_policy::settings::{ApiKeyScheme, KeyEnvironment};

/// Names of parameters that carry a credential, in the form of [`same`].
const NAMES: [&str; 2] = ["access-token", "api-key"];

/// Whether a query string carries a credential: under a name that is for one, or a key of ours under
/// any name or none.
pub(crate) fn carries_credential(query: &str, keys: Option<&ApiKeyScheme>) -> bool {
    let prefixes = keys.map(|keys| {
        [KeyEnvironment::Live, KeyEnvironment::Test]
            .map(|environment| format!("{}_{}_", keys.prefix, environment.as_str()))
    });
    let is_key = |text: &[u8]| {
        let mut prefixes = prefixes.iter().flatten();
        prefixes.any(|prefix| text.starts_with(prefix.as_bytes()))
    };
    let is_named = |name: &[u8]| {
        let name = same(name);
        let header = keys.map(|keys| same(keys.header.as_bytes()));
        NAMES.iter().any(|known| name == known.as_bytes()) || header.is_some_and(|it| it == name)
    };
    query.split('&').any(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name), decoded(value));
        is_key(&name) || is_key(&value) || (!value.is_empty() && is_named(&name))
    })
}

/// A name in the one spelling that stands for all it is written in: small letters, and `-` for `_`.
fn same(name: &[u8]) -> Vec<u8> {
    let letters = name.iter().map(|byte| if *byte == b'_' { b'-' } else { *byte });
    letters.map(|byte| byte.to_ascii_lowercase()).collect()
}

/// The bytes that a part of a query stands for. What is no escape stands for itself.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        let escaped = behind.split_at_checked(2).filter(|_| *byte == b'%');
        let escaped = escaped.and_then(|(digits, behind)| Some((hexadecimal(digits)?, behind)));
        let (byte, behind) = escaped.unwrap_or((*byte, behind));
        bytes.push(byte);
        rest = behind;
    }
    bytes
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let digits = str::from_utf8(digits).ok().filter(|it| !it.starts_with('+'))?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carries(query: &str) -> bool {
        let keys = ApiKeyScheme {
            header: "X-API-Key".to_owned(),
            prefix: "blog".to_owned(),
            grants: Vec::new(),
            limit: None,
            max_ttl: Default::default(),
            default_ttl: Default::default(),
            rotation_overlap: Default::default(),
            environment: KeyEnvironment::Live,
            pepper: None,
        };
        carries_credential(query, Some(&keys))
    }

    #[test]
    fn k3_a_credential_in_a_query_is_found_however_it_is_written() {
        for query in [
            "access_token=x",
            "a=b&access_token=x&c=d",
            "ACCESS_TOKEN=x",
            "access-token=x",
            "access%5Ftoken=x",
            "%61ccess_token=x",
            "api_key=x",
            "Api-Key=x",
            "x-api-key=x",
            "X_API_KEY=x",
            "access_token=%00",
            "access_token==",
            "q=blog_live_x",
            "q=blog_test_",
            "q=%62log_live_x",
            "q=blog%5flive%5fx",
            "blog_live_x",
            "blog_live_x=1",
        ] {
            assert!(carries(query), "{query}");
        }
    }

    #[test]
    fn k3_what_carries_none_is_let_alone() {
        for query in [
            "",
            "&&=",
            "access_token",
            "access_token=",
            "access_token=&api_key=",
            "xaccess_token=x",
            "access_tokens=x",
            "q=access_token",
            "q=my blog_live_x",
            "q=blog_prod_x",
            "q=blog",
            "q=%",
            "q=%6",
            "q=%+2log_live_",
            "q=%zzblog_live_",
        ] {
            assert!(!carries(query), "{query}");
        }
        assert!(carries_credential("access_token=x", None));
        assert!(!carries_credential("q=blog_live_x&x-api-key=1", None));
    }

    #[test]
    fn escapes_are_decoded_once() {
        assert_eq!(decoded("%2562%41+%g0%"), b"%62A+%g0%");
    }
}
