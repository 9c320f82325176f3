//! Finding the one credential of a request. In: its headers, and the kinds of credential a rule
//! names. Out: at most one of those, or that there are several. Others are not looked at.

use auth_policy::{Policy, policy::SchemeKind};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Where each kind of credential travels, and the schemes it may belong to.
#[derive(Debug, Default)]
pub(crate) struct Carriers {
    /// The schemes whose tokens come in `Authorization: Bearer`.
    bearer: u64,
    /// The cookie of our own access tokens, where the policy has one.
    access: Option<(u64, String)>,
    api_key: Option<(u64, HeaderName)>,
    session: Option<(u64, String)>,
}

/// The credential a request presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presented<'r> {
    /// None that counts.
    Nothing,
    /// The token behind `Authorization: Bearer`, unverified.
    Bearer(&'r [u8]),
    /// The access token of a cookie, unverified.
    AccessCookie(&'r [u8]),
    /// A key in the header of the `api_key` scheme, unverified.
    ApiKey(&'r [u8]),
    /// The value of the `session` scheme's cookie, unverified.
    Session(&'r [u8]),
}

/// More than one credential that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ambiguous;

impl Carriers {
    pub(crate) fn new(policy: &Policy) -> Self {
        let mut carriers = Self::default();
        for (scheme, index) in policy.schemes().iter().zip(0u32..) {
            let bit = 1u64.checked_shl(index).unwrap_or(0);
            match &scheme.kind {
                SchemeKind::Jwt(jwt) => {
                    carriers.bearer |= bit;
                    carriers.access = jwt.cookies.as_ref().map(|it| (bit, it.access.clone()));
                }
                SchemeKind::Issuer(_) => carriers.bearer |= bit,
                SchemeKind::ApiKey(key) => {
                    let name = HeaderName::try_from(&key.header).ok();
                    carriers.api_key = name.map(|name| (bit, name));
                }
                SchemeKind::Session(session) => {
                    carriers.session = Some((bit, session.cookie.clone()));
                }
            }
        }
        carriers
    }

    /// The credential among these headers that belongs to one of the schemes.
    ///
    /// # Errors
    ///
    /// When there is more than one: which of them to believe is not ours to guess.
    pub(crate) fn find<'r>(
        &self,
        headers: &'r HeaderMap,
        schemes: u64,
    ) -> Result<Presented<'r>, Ambiguous> {
        use Presented::{AccessCookie, Nothing, Session};
        let found = [
            self.bearer(headers, schemes)?,
            cookie(self.access.as_ref(), headers, schemes)?.map_or(Nothing, AccessCookie),
            self.api_key(headers, schemes)?,
            cookie(self.session.as_ref(), headers, schemes)?.map_or(Nothing, Session),
        ];
        let mut found = found.into_iter().filter(|presented| *presented != Nothing);
        match (found.next(), found.next()) {
            (None, _) => Ok(Presented::Nothing),
            (Some(one), None) => Ok(one),
            (Some(_), Some(_)) => Err(Ambiguous),
        }
    }

    fn bearer<'r>(&self, headers: &'r HeaderMap, schemes: u64) -> Result<Presented<'r>, Ambiguous> {
        if self.bearer & schemes == 0 {
            return Ok(Presented::Nothing);
        }
        let value = only(headers.get_all(header::AUTHORIZATION).iter())?;
        Ok(value
            .and_then(|value| bearer_token(value.as_bytes()))
            .map_or(Presented::Nothing, Presented::Bearer))
    }

    fn api_key<'r>(
        &self,
        headers: &'r HeaderMap,
        schemes: u64,
    ) -> Result<Presented<'r>, Ambiguous> {
        let Some((_, name)) = self.api_key.as_ref().filter(|(bit, _)| bit & schemes != 0) else {
            return Ok(Presented::Nothing);
        };
        let key = only(headers.get_all(name).iter())?;
        Ok(key.map_or(Presented::Nothing, |key| Presented::ApiKey(key.as_bytes())))
    }
}

/// The value of the one cookie of that name, if its scheme counts.
fn cookie<'r>(
    carrier: Option<&(u64, String)>,
    headers: &'r HeaderMap,
    schemes: u64,
) -> Result<Option<&'r [u8]>, Ambiguous> {
    let Some((_, name)) = carrier.filter(|(bit, _)| bit & schemes != 0) else { return Ok(None) };
    only_cookie(headers, name)
}

/// The value of the one cookie of that name.
///
/// # Errors
///
/// When there are several: a page of a neighbouring host can add one.
pub(crate) fn only_cookie<'r>(
    headers: &'r HeaderMap,
    name: &str,
) -> Result<Option<&'r [u8]>, Ambiguous> {
    let all = headers.get_all(header::COOKIE).iter().flat_map(cookies);
    let value = only(all.filter(|(key, _)| *key == name.as_bytes()))?;
    Ok(value.map(|(_, value)| value))
}

/// The only item, if there is any.
fn only<T>(mut items: impl Iterator<Item = T>) -> Result<Option<T>, Ambiguous> {
    let first = items.next();
    if items.next().is_some() { Err(Ambiguous) } else { Ok(first) }
}

/// What follows `Bearer` and spaces; the word in any case (RFC 9110, section 11.1). A header of
/// another authentication scheme presents no bearer token; one without a token presents an empty one.
fn bearer_token(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = match value.iter().position(|byte| *byte == b' ') {
        Some(space) => value.split_at_checked(space)?,
        None => (value, &[][..]),
    };
    scheme.eq_ignore_ascii_case(b"bearer").then(|| token.trim_ascii_start())
}

/// The cookies in one `Cookie` header, names and values (RFC 6265, section 5.4).
fn cookies(header: &HeaderValue) -> impl Iterator<Item = (&[u8], &[u8])> {
    let pairs = header.as_bytes().split(|byte| *byte == b';');
    pairs.map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let (name, value) = pair.split_at_checked(equals).unwrap_or((pair, &[]));
        (name.trim_ascii(), value.strip_prefix(b"=").unwrap_or(value).trim_ascii())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carriers() -> Carriers {
        Carriers {
            bearer: 0b001,
            access: Some((0b001, "__Host-access".to_owned())),
            api_key: Some((0b010, HeaderName::from_static("x-api-key"))),
            session: Some((0b100, "__Host-session".to_owned())),
        }
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut map = HeaderMap::new();
        pairs.for_each(|(name, value)| {
            map.append(name, value);
        });
        map
    }

    #[test]
    fn the_word_bearer_is_not_case_sensitive() {
        for word in ["Bearer", "bearer", "BEARER"] {
            assert_eq!(bearer_token(format!("{word} a.b.c").as_bytes()), Some(&b"a.b.c"[..]));
        }
        assert_eq!(bearer_token(b"Bearer"), Some(&b""[..]));
        assert_eq!(bearer_token(b"Bearer  x"), Some(&b"x"[..]));
        assert_eq!(bearer_token(b"Basic abc"), None);
        assert_eq!(bearer_token(b"Bearerx abc"), None);
    }

    #[test]
    fn h4_two_authorization_headers_are_ambiguous() {
        let two = headers(&[("authorization", "Bearer a"), ("authorization", "Bearer a")]);
        assert_eq!(carriers().find(&two, 0b001), Err(Ambiguous));
    }

    #[test]
    fn k6_two_kinds_that_both_count_are_ambiguous() {
        let two = headers(&[("authorization", "Bearer a"), ("x-api-key", "k")]);
        assert_eq!(carriers().find(&two, 0b011), Err(Ambiguous));
        assert_eq!(carriers().find(&two, 0b001), Ok(Presented::Bearer(b"a")));
        assert_eq!(carriers().find(&two, 0b010), Ok(Presented::ApiKey(b"k")));
        assert_eq!(carriers().find(&two, 0b100), Ok(Presented::Nothing));
    }

    #[test]
    fn s9_two_session_cookies_are_ambiguous() {
        let two = headers(&[("cookie", "a=b; __Host-session=1; __Host-session=2")]);
        assert_eq!(carriers().find(&two, 0b100), Err(Ambiguous));
        let split = headers(&[("cookie", "__Host-session=1"), ("cookie", "__Host-session=2")]);
        assert_eq!(carriers().find(&split, 0b100), Err(Ambiguous));
        let one = headers(&[("cookie", "a=__Host-session; __Host-session=2")]);
        assert_eq!(carriers().find(&one, 0b100), Ok(Presented::Session(b"2")));
    }

    #[test]
    fn m03_an_access_token_in_header_and_cookie_is_ambiguous() {
        let one = headers(&[("cookie", "__Host-access=a.b.c")]);
        assert_eq!(carriers().find(&one, 0b001), Ok(Presented::AccessCookie(b"a.b.c")));
        assert_eq!(carriers().find(&one, 0b100), Ok(Presented::Nothing));
        let two = headers(&[("authorization", "Bearer a"), ("cookie", "__Host-access=a")]);
        assert_eq!(carriers().find(&two, 0b001), Err(Ambiguous));
    }
}
