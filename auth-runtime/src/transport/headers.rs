//! Headers for browsers, on every answer (H1). In: the section `headers` of a policy. Out: the
//! headers, as values that are ready to be sent.

use std::mem;

use auth_policy::settings::{Headers, Hsts};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What every answer says to browsers.
pub(crate) struct SecurityHeaders {
    hsts: HeaderValue,
    /// What nobody has a reason to say otherwise.
    always: [(HeaderName, HeaderValue); 2],
    /// What a handler may say of its own answer, such as a page that loads its own script.
    unless_said: Vec<(HeaderName, HeaderValue)>,
    /// All of it, as an answer has it that says nothing of this itself.
    public: Prepared,
    /// The same for an answer to somebody who showed a credential: it is for its owner alone.
    private: Prepared,
}

/// Headers to be copied. They hold a place for what an answer says itself, as a rule, so that a
/// copy need not grow.
#[derive(Default)]
struct Prepared {
    /// For an answer with a body, which has a media type.
    typed: HeaderMap,
    untyped: HeaderMap,
}

const USUAL: [HeaderName; 2] = [header::CONTENT_LENGTH, header::CONTENT_TYPE];

impl SecurityHeaders {
    pub(super) fn of(headers: &Headers) -> Self {
        let said = |value: &'static str| HeaderValue::from_static(value);
        let content = value(&headers.content_security_policy, Headers::CONTENT_SECURITY_POLICY);
        let mut unless_said = vec![
            (header::CONTENT_SECURITY_POLICY, content),
            (header::REFERRER_POLICY, said(headers.referrer_policy.as_str())),
            (RESOURCE_POLICY, said(headers.cross_origin_resource_policy.as_str())),
        ];
        // Where somebody may frame us, only `frame-ancestors` can say who: this header knows no
        // list. Browsers that know both go by the former.
        if headers.frame_ancestors.is_empty() {
            unless_said.push((header::X_FRAME_OPTIONS, said("DENY")));
        }
        let permissions = headers.permissions_policy.as_deref();
        if let Some(Ok(permissions)) = permissions.map(HeaderValue::from_str) {
            unless_said.push((PERMISSIONS_POLICY, permissions));
        }
        let always = [
            (header::X_CONTENT_TYPE_OPTIONS, said("nosniff")),
            // SECURITY: `0` switches off the XSS auditor of old browsers. It could be made to remove
            // a script of a good page, and to tell what is in one; no browser of today has it, and
            // `Content-Security-Policy` is what keeps foreign scripts out.
            (header::X_XSS_PROTECTION, said("0")),
        ];
        let (public, private) = (Prepared::default(), Prepared::default());
        let said = Self { hsts: hsts(headers.hsts), always, unless_said, public, private };
        let copy = |places: &[HeaderName], private| {
            let nothing = HeaderValue::from_static("");
            let mut copy = places.iter().map(|name| (name.clone(), nothing.clone())).collect();
            said.write_each(&mut copy, false, private);
            copy
        };
        let [length, _] = &USUAL;
        let prepared = |private| Prepared {
            typed: copy(&USUAL, private),
            untyped: copy(std::slice::from_ref(length), private),
        };
        Self { public: prepared(false), private: prepared(true), ..said }
    }

    /// Says it in the headers of an answer. `plain` is an answer of which it is known that it leaves
    /// in plain text: RFC 6797 (7.2) keeps `Strict-Transport-Security` from those. Where that is not
    /// known the header is sent, and browsers heed it over TLS alone (8.1).
    /// `private` is one to somebody who showed a credential.
    pub(crate) fn write_to(&self, headers: &mut HeaderMap, plain: bool, private: bool) {
        let says = |name| headers.keys().any(|said| said == name);
        let (length, typed) = (says(header::CONTENT_LENGTH), says(header::CONTENT_TYPE));
        if plain || headers.len() != usize::from(length) + usize::from(typed) {
            return self.write_each(headers, plain, private);
        }
        // Most answers say nothing of this, and a copy of a map costs less than as many insertions.
        let prepared = if private { &self.private } else { &self.public };
        let mut copy = if typed { prepared.typed.clone() } else { prepared.untyped.clone() };
        if !length {
            copy.remove(header::CONTENT_LENGTH);
        }
        for (name, value) in headers.iter_mut() {
            if let Some(place) = copy.get_mut(name) {
                mem::swap(place, value);
            }
        }
        *headers = copy;
    }

    fn write_each(&self, headers: &mut HeaderMap, plain: bool, private: bool) {
        // Once for all of them, with `Cache-Control` and `Strict-Transport-Security`.
        headers.reserve(self.always.len() + self.unless_said.len() + 2);
        if private && !says_no_store(headers) {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        for (name, value) in &self.always {
            headers.insert(name, value.clone());
        }
        if !plain {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, self.hsts.clone());
        }
        for (name, value) in &self.unless_said {
            headers.entry(name).or_insert_with(|| value.clone());
        }
    }
}

/// Whether the handler forbids storing by itself. What it says beside that may stay.
fn says_no_store(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::CACHE_CONTROL).iter();
    let directives = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    directives.map(<[u8]>::trim_ascii).any(|word| word.eq_ignore_ascii_case(b"no-store"))
}

fn hsts(hsts: Hsts) -> HeaderValue {
    let mut text = format!("max-age={}", hsts.max_age.0);
    if hsts.include_subdomains {
        text.push_str("; includeSubDomains");
    }
    if hsts.preload {
        text.push_str("; preload");
    }
    value(&text, "max-age=63072000; includeSubDomains")
}

/// A header's value. What it usually is takes no counting of who has a copy.
///
/// INVARIANT: a checked policy has nothing here that is no value. Were it none, the usual one takes
/// its place.
fn value(text: &str, usual: &'static str) -> HeaderValue {
    match HeaderValue::from_str(text) {
        Ok(value) if text != usual => value,
        _ => HeaderValue::from_static(usual),
    }
}

#[cfg(test)]
mod tests {
    use auth_policy::settings::{ReferrerPolicy, ResourcePolicy, Seconds};

    use super::*;

    fn written(settings: &Headers, before: &[(HeaderName, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in before {
            headers.append(name, HeaderValue::from_static(value));
        }
        SecurityHeaders::of(settings).write_to(&mut headers, false, false);
        headers
    }

    #[test]
    fn h1_a_copy_says_what_each_header_by_itself_would() {
        let (length, media_type) = ((header::CONTENT_LENGTH, "2"), (header::CONTENT_TYPE, "a/b"));
        let (cookie, other) = ((header::SET_COOKIE, "a=b"), (header::SET_COOKIE, "c=d"));
        let own = (header::REFERRER_POLICY, "same-origin");
        let headers = SecurityHeaders::of(&Headers::default());
        for said in [
            &[][..],
            std::slice::from_ref(&length),
            std::slice::from_ref(&media_type),
            &[length.clone(), media_type.clone(), cookie.clone()],
            &[cookie, other],
            &[length.clone(), own, media_type.clone()],
            &[media_type.clone(), media_type.clone()],
            &[(header::CACHE_CONTROL, "public")],
            &[(header::CACHE_CONTROL, "max-age=1, no-store")],
        ] {
            for private in [false, true] {
                let of = |write: &dyn Fn(&mut HeaderMap)| {
                    let said = said.iter().map(|(name, value)| (name, *value));
                    let mut map = HeaderMap::new();
                    said.for_each(|(name, value)| {
                        map.append(name, HeaderValue::from_static(value));
                    });
                    write(&mut map);
                    map
                };
                let copied = of(&|map| headers.write_to(map, false, private));
                let each = of(&|map| headers.write_each(map, false, private));
                assert_eq!(copied, each, "{said:?}, {private}");
                assert_eq!(
                    copied.get("cache-control").is_some(),
                    private || said.iter().any(|(name, _)| name == header::CACHE_CONTROL)
                );
            }
        }
    }

    #[test]
    fn h1_the_defaults_are_strict() {
        let headers = written(&Headers::default(), &[]);
        for (name, value) in [
            ("strict-transport-security", "max-age=63072000; includeSubDomains"),
            ("x-content-type-options", "nosniff"),
            ("x-xss-protection", "0"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("content-security-policy", Headers::CONTENT_SECURITY_POLICY),
        ] {
            assert_eq!(headers[name], value, "{name}");
        }
        assert_eq!(headers.len(), 7);
    }

    #[test]
    fn h1_every_setting_is_sent() {
        let settings = Headers {
            hsts: Hsts { max_age: Seconds(31_536_000), include_subdomains: true, preload: true },
            content_security_policy: "frame-ancestors https://app.example".to_owned(),
            frame_ancestors: vec!["https://app.example".to_owned()],
            referrer_policy: ReferrerPolicy::StrictOrigin,
            permissions_policy: Some("camera=()".to_owned()),
            cross_origin_resource_policy: ResourcePolicy::SameSite,
        };
        let headers = written(&settings, &[]);
        let hsts = "max-age=31536000; includeSubDomains; preload";
        assert_eq!(headers["strict-transport-security"], hsts);
        assert_eq!(headers["content-security-policy"], "frame-ancestors https://app.example");
        assert_eq!(headers["referrer-policy"], "strict-origin");
        assert_eq!(headers["permissions-policy"], "camera=()");
        assert_eq!(headers["cross-origin-resource-policy"], "same-site");
        assert!(!headers.contains_key("x-frame-options"), "it cannot name who may");
    }

    #[test]
    fn h1_what_a_handler_says_of_its_page_stays_and_the_rest_is_ours() {
        let said = [
            (header::CONTENT_SECURITY_POLICY, "script-src 'self'"),
            (header::REFERRER_POLICY, "same-origin"),
            (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
            (header::X_CONTENT_TYPE_OPTIONS, "sniff"),
            (header::X_XSS_PROTECTION, "1; mode=block"),
            (header::STRICT_TRANSPORT_SECURITY, "max-age=0"),
        ];
        let headers = written(&Headers::default(), &said);
        for (name, value) in &said[..3] {
            assert_eq!(headers[name], value);
        }
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["x-xss-protection"], "0");
        let hsts = headers.get_all("strict-transport-security").iter().collect::<Vec<_>>();
        assert_eq!(hsts, ["max-age=63072000; includeSubDomains"]);
    }
}
