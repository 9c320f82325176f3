//! One session as it is kept. In: a record's value. Out: when it began and was last used, and by the
//! policy when it is over.

use auth_policy::settings::{Seconds, SessionScheme};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    recognized::Recognized,
    seen::{self, Noted, Updated},
    store::StoreError,
};

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    /// SHA-256 of the secret in base64url.
    pub(super) secret: String,
    /// How many sessions of the account had begun before, among those that were there then: the
    /// order in which they began, where a second is too coarse.
    pub(super) order: u64,
    /// When somebody signed in, in seconds since 1970, as all of these.
    pub(super) created_at: i64,
    /// When the password was last said.
    pub(super) authenticated_at: i64,
    /// When it was last used.
    pub(super) last_seen: i64,
    /// When it is over whatever happens.
    pub(super) ends_at: i64,
    /// What the browser called itself.
    pub(super) user_agent: Option<String>,
    /// How surely the one who signed in proved who they are, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) acr: Option<String>,
}

/// A session that was parsed, and what this process has seen of it since.
#[derive(Debug)]
pub(super) struct Familiar {
    pub(super) stored: Stored,
    pub(super) secret: Recognized,
    pub(super) noted: Noted,
}

impl Familiar {
    pub(super) fn read(value: &[u8]) -> Result<Self, StoreError> {
        let (secret, noted) = (Recognized::default(), Noted::default());
        Ok(Self { stored: Stored::read(value)?, secret, noted })
    }
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// It was not used for too long.
    Idle,
    /// It has had its time.
    Ended,
}

impl Stored {
    pub(super) fn read(value: &[u8]) -> Result<Self, StoreError> {
        serde_json::from_slice(value).map_err(|_| StoreError::Damaged("a session".to_owned()))
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // INVARIANT: strings and numbers are always written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// When it is over if nobody uses it again. A policy that has become stricter since holds.
    pub(super) fn expires_at(&self, scheme: &SessionScheme) -> Timestamp {
        self.moments().expires_at(scheme)
    }

    /// Until when the store keeps it: a little longer than it is good for, so that a use which is
    /// noted by another process and not yet written is not lost with the record.
    pub(super) fn kept_until(&self, scheme: &SessionScheme) -> Timestamp {
        self.expires_at(scheme).plus(seen::BATCH)
    }

    /// Why it is over, if it is.
    pub(super) fn over(&self, scheme: &SessionScheme, now: Timestamp) -> Option<Over> {
        self.moments().over(scheme, now)
    }

    /// The same session, used at that moment. Time does not go back.
    pub(super) fn used(self, at: Timestamp) -> Self {
        Self { last_seen: self.last_seen.max(at.0), ..self }
    }

    /// What decides when it is over.
    pub(super) const fn moments(&self) -> Moments {
        let Self { created_at, last_seen, ends_at, .. } = *self;
        Moments { created_at, last_seen, ends_at }
    }
}

/// The moments of a session that decide when it is over: those of a record, and what has been seen
/// since.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    created_at: i64,
    last_seen: i64,
    ends_at: i64,
}

impl Moments {
    pub(super) fn expires_at(self, scheme: &SessionScheme) -> Timestamp {
        self.ends_at(scheme).min(self.idle_at(scheme))
    }

    pub(super) fn over(self, scheme: &SessionScheme, now: Timestamp) -> Option<Over> {
        if now >= self.ends_at(scheme) {
            Some(Over::Ended)
        } else if now >= self.idle_at(scheme) {
            Some(Over::Idle)
        } else {
            None
        }
    }

    pub(super) fn used(self, at: Timestamp) -> Self {
        Self { last_seen: self.last_seen.max(at.0), ..self }
    }

    /// Whether a use must not wait for its batch: a process that reads the record before the batch
    /// is written would soon find it idle.
    pub(super) fn is_due(self, scheme: &SessionScheme, now: Timestamp) -> bool {
        now >= Timestamp(self.last_seen).plus(Seconds(scheme.idle.0 / 2))
    }

    fn ends_at(self, scheme: &SessionScheme) -> Timestamp {
        Timestamp(self.ends_at).min(Timestamp(self.created_at).plus(scheme.lifetime))
    }

    fn idle_at(self, scheme: &SessionScheme) -> Timestamp {
        Timestamp(self.last_seen).plus(scheme.idle)
    }
}

/// A record that says when its session was last used: for a batch.
pub(super) fn updated(scheme: &SessionScheme, value: &[u8], seen: Timestamp) -> Updated {
    let stored: Stored = serde_json::from_slice(value).ok()?;
    let used = stored.used(seen);
    Some((used.to_bytes(), Some(used.kept_until(scheme))))
}

#[cfg(test)]
mod tests {
    use auth_policy::settings::{SameSite, WhenFull};

    use super::*;

    fn scheme() -> SessionScheme {
        SessionScheme {
            cookie: "__Host-session".to_owned(),
            same_site: SameSite::Lax,
            idle: Seconds(100),
            lifetime: Seconds(1_000),
            max_per_account: 20,
            when_full: WhenFull::EndOldest,
            fresh_for: Seconds(60),
        }
    }

    fn stored() -> Stored {
        Stored {
            secret: String::new(),
            order: 0,
            created_at: 5_000,
            authenticated_at: 5_000,
            last_seen: 5_000,
            ends_at: 6_000,
            user_agent: None,
            acr: None,
        }
    }

    #[test]
    fn s4_a_session_is_over_at_the_very_second() {
        let used = stored().used(Timestamp(5_950));
        assert_eq!(stored().over(&scheme(), Timestamp(5_099)), None);
        assert_eq!(stored().over(&scheme(), Timestamp(5_100)), Some(Over::Idle));
        assert_eq!(used.over(&scheme(), Timestamp(5_999)), None);
        assert_eq!(used.over(&scheme(), Timestamp(6_000)), Some(Over::Ended));
        assert_eq!(stored().expires_at(&scheme()), Timestamp(5_100));
        assert_eq!(used.expires_at(&scheme()), Timestamp(6_000));
        assert_eq!(used.kept_until(&scheme()), Timestamp(6_030));
    }

    #[test]
    fn s4_a_stricter_policy_holds_for_sessions_that_are_there() {
        let strict = SessionScheme { lifetime: Seconds(500), ..scheme() };
        let used = stored().used(Timestamp(5_499));
        assert_eq!(used.over(&strict, Timestamp(5_500)), Some(Over::Ended));
        let lax = SessionScheme { lifetime: Seconds(9_000), idle: Seconds(2_000), ..scheme() };
        assert_eq!(
            stored().over(&lax, Timestamp(6_000)),
            Some(Over::Ended),
            "and a laxer does not"
        );
    }

    #[test]
    fn s4_a_use_after_half_of_the_idle_time_is_written_at_once() {
        assert!(!stored().moments().is_due(&scheme(), Timestamp(5_049)));
        assert!(stored().moments().is_due(&scheme(), Timestamp(5_050)));
    }

    #[test]
    fn s4_a_late_batch_does_not_turn_the_clock_back() {
        let used = stored().used(Timestamp(5_050));
        let (value, expires_at) = updated(&scheme(), &used.to_bytes(), Timestamp(5_020)).unwrap();
        assert_eq!(value, used.to_bytes());
        assert_eq!(expires_at, Some(Timestamp(5_180)));
        assert_eq!(updated(&scheme(), b"damaged", Timestamp(5_020)), None);
    }
}
