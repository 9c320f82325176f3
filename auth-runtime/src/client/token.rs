//! A token and its time. In: what a server granted, and when it was asked. Out: whether the token
//! may still be shown, and whether the next one is due.

use std::sync::Arc;

use auth_policy::settings::Seconds;

use crate::{clock::Timestamp, secret::Secret};

/// The most that a token is given up before it expires, in seconds: it has a way to go yet.
const MOST_MARGIN: u64 = 10;

/// An access token of another service, for the header `Authorization: Bearer`.
///
/// # Security
///
/// `Debug` does not print the token. Whoever has it is this client until it expires.
#[derive(Clone, Debug)]
pub struct BearerToken(Arc<Granted>);

#[derive(Debug)]
struct Granted {
    token: Secret,
    scopes: Vec<String>,
    missing: Vec<String>,
    time: Lifetime,
}

/// When a token may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lifetime {
    asked: Timestamp,
    due: Timestamp,
    end: Timestamp,
}

impl Lifetime {
    /// Counted from when the token was asked for, so that an answer that took long is no gain.
    /// Renewed after 80 % of it; given up 10 % before its end, 10 s at most.
    pub(super) fn new(asked: Timestamp, span: Seconds) -> Self {
        let margin = (span.0 / 10).min(MOST_MARGIN);
        let due = asked.plus(Seconds(span.0 - span.0 / 5));
        Self { asked, due, end: asked.plus(Seconds(span.0 - margin)) }
    }

    /// SECURITY: before it was asked for there was no token: such a clock was set back, and cannot
    /// tell when this one ends.
    pub(super) fn holds(self, now: Timestamp) -> bool {
        self.asked <= now && now < self.end
    }
}

impl BearerToken {
    pub(super) fn new(
        token: Secret,
        scopes: Vec<String>,
        missing: Vec<String>,
        time: Lifetime,
    ) -> Self {
        Self(Arc::new(Granted { token, scopes, missing, time }))
    }

    /// The token itself. Every caller says in a comment why it has to be seen.
    pub fn expose(&self) -> &str {
        self.0.token.expose()
    }

    /// The scopes that were granted: those asked for, where the server does not say.
    pub fn scopes(&self) -> &[String] {
        &self.0.scopes
    }

    /// The scopes that were asked for and not granted.
    pub fn missing_scopes(&self) -> &[String] {
        &self.0.missing
    }

    /// From when on it is not given out any more: shortly before it expires.
    pub fn given_until(&self) -> Timestamp {
        self.0.time.end
    }

    pub(super) fn holds(&self, now: Timestamp) -> bool {
        self.0.time.holds(now)
    }

    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        now >= self.0.time.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m06_renewed_after_four_fifths_and_given_up_before_the_end() {
        for (span, due, end) in
            [(3600, 2880, 3590), (60, 48, 54), (10, 8, 9), (5, 4, 5), (1, 1, 1), (0, 0, 0)]
        {
            let time = Lifetime::new(Timestamp(1_000), Seconds(span));
            assert_eq!((time.due.0, time.end.0), (1_000 + due, 1_000 + end), "{span} s");
        }
    }

    #[test]
    fn m06_a_token_holds_from_when_it_was_asked_for_to_before_its_end() {
        let time = Lifetime::new(Timestamp(1_000), Seconds(5));
        let holds: Vec<_> = (998..1_007).filter(|now| time.holds(Timestamp(*now))).collect();
        assert_eq!(holds, [1_000, 1_001, 1_002, 1_003, 1_004]);
        assert!(!Lifetime::new(Timestamp(1_000), Seconds(0)).holds(Timestamp(1_000)));
        assert!(Lifetime::new(Timestamp(0), Seconds(u64::MAX)).holds(Timestamp(i64::MAX - 1)));
    }
}
