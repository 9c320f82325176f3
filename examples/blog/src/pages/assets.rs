//! What pages are made of besides HTML. In: three files, compiled in. Out: the same, kept by browsers
//! until they change.

use auth_runtime::public;
use axum::{
    extract::RawQuery,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

pub(super) const STYLE: Asset =
    Asset::new("/assets/style.css", "text/css", include_str!("../../assets/style.css"));
pub(super) const COPY: Asset =
    Asset::new("/assets/copy.js", "text/javascript", include_str!("../../assets/copy.js"));
pub(super) const ICON: Asset =
    Asset::new("/assets/icon.svg", "image/svg+xml", include_str!("../../assets/icon.svg"));

/// A file that pages name together with its version.
pub(super) struct Asset {
    pub(super) path: &'static str,
    media_type: &'static str,
    text: &'static str,
    version: u64,
}

#[public(reason = "the stylesheet of pages that everybody sees")]
pub(super) async fn style(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    STYLE.answer(query.as_deref(), &headers)
}

#[public(reason = "the script of a button, without anything in it that is secret")]
pub(super) async fn copy(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    COPY.answer(query.as_deref(), &headers)
}

#[public(reason = "the sign of the blog in a browser's tab")]
pub(super) async fn icon(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    ICON.answer(query.as_deref(), &headers)
}

impl Asset {
    const fn new(path: &'static str, media_type: &'static str, text: &'static str) -> Self {
        Self { path, media_type, text, version: fingerprint(text.as_bytes()) }
    }

    /// The address that changes with the file.
    pub(super) fn url(&self) -> String {
        format!("{}?{}", self.path, self.query())
    }

    fn query(&self) -> String {
        format!("v={:016x}", self.version)
    }

    fn answer(&self, query: Option<&str>, headers: &HeaderMap) -> Response {
        let tag = format!("\"{:016x}\"", self.version);
        // Under its full address it never changes; under the bare path browsers ask again.
        let keep = match query {
            Some(query) if query == self.query() => "public, max-age=31536000, immutable",
            _ => "no-cache",
        };
        let known = headers.get(header::IF_NONE_MATCH);
        let unchanged = known.is_some_and(|known| known.as_bytes() == tag.as_bytes());
        let head = [
            (header::CONTENT_TYPE, format!("{}; charset=utf-8", self.media_type)),
            (header::CACHE_CONTROL, keep.to_owned()),
            (header::ETAG, tag),
        ];
        if unchanged {
            return (StatusCode::NOT_MODIFIED, head).into_response();
        }
        (head, self.text).into_response()
    }
}

/// FNV-1a: tells versions of our own files apart, and nothing that somebody could forge.
const fn fingerprint(bytes: &[u8]) -> u64 {
    let (mut hash, mut rest) = (0xcbf2_9ce4_8422_2325, bytes);
    while let [first, after @ ..] = rest {
        hash = (hash ^ *first as u64).wrapping_mul(0x0100_0000_01b3);
        rest = after;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_fnv_1a() {
        assert_eq!(fingerprint(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn only_the_address_with_the_version_is_kept_for_long() {
        let kept = |query: Option<&str>| {
            let answer = STYLE.answer(query, &HeaderMap::new());
            answer.headers()[header::CACHE_CONTROL].to_str().unwrap_or_default().to_owned()
        };
        assert!(kept(Some(&STYLE.query())).contains("immutable"));
        assert_eq!([kept(None), kept(Some("v=0"))], ["no-cache", "no-cache"]);
    }

    #[test]
    fn what_a_browser_has_already_is_not_sent_again() {
        let first = STYLE.answer(None, &HeaderMap::new());
        let mut asked = HeaderMap::new();
        asked.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
        assert_eq!(STYLE.answer(None, &asked).status(), StatusCode::NOT_MODIFIED);
        asked.insert(header::IF_NONE_MATCH, header::HeaderValue::from_static("\"0\""));
        assert_eq!(STYLE.answer(None, &asked).status(), StatusCode::OK);
    }
}
