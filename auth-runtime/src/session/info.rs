//! What is told of a session. In: its record. Out: what its owner may see, which is everything but
//! the secret.

use auth_policy::settings::SessionScheme;
use axum::http::{HeaderMap, HeaderValue, header};

use super::record::Stored;
use crate::{clock::Timestamp, secret::Secret, store::Key};

/// The most bytes that are kept of what a browser calls itself.
const MAX_USER_AGENT: usize = 256;

/// A session that has just begun, or been renewed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Begun {
    /// The `Set-Cookie` header that gives the browser its session.
    ///
    /// # Security
    ///
    /// It holds the secret. It is marked as sensitive; its bytes belong into the answer alone, which
    /// no cache may keep.
    pub set_cookie: HeaderValue,
    /// What pages send in `X-CSRF-Token` beside the cookie.
    pub csrf_token: Secret,
    /// The session.
    pub session: Session,
}

/// A session, as its owner sees it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// Its public id: names it, and opens nothing.
    pub id: String,
    /// When somebody signed in.
    pub created_at: Timestamp,
    /// When the password was last said.
    pub authenticated_at: Timestamp,
    /// When it was last used; as far as another process knows, up to 30 seconds ago.
    pub last_seen_at: Timestamp,
    /// When it is over unless it is used again.
    pub expires_at: Timestamp,
    /// What the browser called itself, of which anybody may have made up anything: at most 256
    /// bytes, without control characters.
    pub user_agent: Option<String>,
}

impl Session {
    pub(super) fn new(key: &Key, stored: &Stored, scheme: &SessionScheme) -> Self {
        Self {
            id: key.id.clone(),
            created_at: Timestamp(stored.created_at),
            authenticated_at: Timestamp(stored.authenticated_at),
            last_seen_at: Timestamp(stored.last_seen),
            expires_at: stored.expires_at(scheme),
            user_agent: stored.user_agent.clone(),
        }
    }
}

/// What the browser calls itself, as far as it is kept.
pub(super) fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::USER_AGENT)?.to_str().ok()?;
    // What a header can be read as is ASCII, so bytes are characters here.
    let text: String = text.chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT).collect();
    (!text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_bytes(text.as_bytes()).unwrap());
        user_agent(&headers)
    }

    #[test]
    fn what_a_browser_calls_itself_is_bounded_and_plain() {
        assert_eq!(kept("Mozilla/5.0\t(X11)").as_deref(), Some("Mozilla/5.0(X11)"));
        assert_eq!(kept(&"x".repeat(300)).map(|text| text.len()), Some(256));
        assert_eq!(kept("  "), None);
        assert_eq!(kept("\u{202e}"), None);
        assert_eq!(user_agent(&HeaderMap::new()), None);
    }
}
