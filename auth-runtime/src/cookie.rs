//! Cookies that hold credentials. In: a name, a value and for how long. Out: the `Set-Cookie` header
//! that leaves it with a browser, or takes it away (RFC 6265).
//!
//! Every one of them is `Secure` and `HttpOnly`, has a `SameSite` and no `Domain`: there is no way
//! to write one that is less.

use auth_policy::settings::{SameSite, Seconds};
use axum::http::HeaderValue;

/// The most bytes of a cookie's name and value together: browsers keep no more (RFC 6265bis).
pub(crate) const MAX_COOKIE_BYTES: usize = 4_096;

/// A cookie to be set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SetCookie<'a> {
    /// Begins with `__Host-`, or with `__Secure-` where the path is not `/`.
    pub(crate) name: &'a str,
    /// The paths it is sent to.
    pub(crate) path: &'a str,
    pub(crate) same_site: SameSite,
    /// For how long it is kept; `None` is until the browser is closed.
    pub(crate) max_age: Option<Seconds>,
}

impl SetCookie<'_> {
    /// The header that sets it to that value. `None` when the two together are longer than a
    /// browser keeps, or the value has what no cookie may have.
    pub(crate) fn to(&self, value: &str) -> Option<HeaderValue> {
        let fits = self.name.len() + value.len() <= MAX_COOKIE_BYTES;
        (fits && value.bytes().all(is_plain)).then(|| self.write(value, self.max_age)).flatten()
    }

    /// The header that takes it away.
    pub(crate) fn clear(&self) -> Option<HeaderValue> {
        self.write("", Some(Seconds(0)))
    }

    fn write(&self, value: &str, max_age: Option<Seconds>) -> Option<HeaderValue> {
        let Self { name, path, .. } = self;
        let same_site = match self.same_site {
            SameSite::Lax => "Lax",
            SameSite::Strict => "Strict",
        };
        let max_age = max_age.map(|span| format!("; Max-Age={}", span.0)).unwrap_or_default();
        let text =
            format!("{name}={value}; Path={path}{max_age}; Secure; HttpOnly; SameSite={same_site}");
        let mut header = HeaderValue::try_from(text).ok()?;
        // SECURITY: the headers of a response are printed more often than one thinks.
        header.set_sensitive(true);
        Some(header)
    }
}

/// Whether a cookie's value may hold that byte (RFC 6265, section 4.1.1).
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE: SetCookie<'_> =
        SetCookie { name: "__Host-session", path: "/", same_site: SameSite::Lax, max_age: None };

    fn text(header: Option<HeaderValue>) -> String {
        header.unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn s3_a_cookie_has_every_attribute_that_protects_it() {
        assert_eq!(
            text(COOKIE.to("a.b")),
            "__Host-session=a.b; Path=/; Secure; HttpOnly; SameSite=Lax"
        );
        let strict = SetCookie {
            name: "__Secure-refresh",
            path: "/auth/refresh",
            same_site: SameSite::Strict,
            max_age: Some(Seconds(60)),
        };
        assert_eq!(
            text(strict.to("x")),
            "__Secure-refresh=x; Path=/auth/refresh; Max-Age=60; Secure; HttpOnly; SameSite=Strict"
        );
        assert_eq!(format!("{:?}", COOKIE.to("a").unwrap()), "Sensitive");
    }

    #[test]
    fn s5_a_cookie_is_taken_away_under_the_name_and_path_it_was_set() {
        assert_eq!(
            text(COOKIE.clear()),
            "__Host-session=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn s3_name_and_value_have_4096_bytes_at_most() {
        let room = MAX_COOKIE_BYTES - COOKIE.name.len();
        assert!(COOKIE.to(&"x".repeat(room)).is_some());
        assert_eq!(COOKIE.to(&"x".repeat(room + 1)), None);
    }

    #[test]
    fn a_value_cannot_end_the_cookie_and_begin_another() {
        for value in ["a; Domain=evil", "a b", "a\"", "a,b", "a\\", "a\r\nSet-Cookie: b", "ü", "\0"]
        {
            assert_eq!(COOKIE.to(value), None, "{value:?}");
        }
    }
}
