//! How often a token endpoint is asked. In: how requests ended. Out: whether there may be another.
//!
//! After a failure the next request waits 1 s, then 2, 4 and so on up to 60 s; 60 s at once when
//! the server refused the client, because the next answer would be the same; and as long as the server
//! says, up to 5 min. The waits are the same each time: every process was given its token at a time
//! of its own, which spreads them.

use auth_policy::settings::Seconds;

use super::ClientError;
use crate::clock::Timestamp;

/// The longest wait after a failure, unless the server asks for a longer one.
const LONGEST: u64 = 60;
/// The longest wait a server can ask for.
const LONGEST_ASKED: u64 = 5 * 60;

/// The failures since the last success.
#[derive(Debug)]
pub(super) struct Pace {
    failures: u32,
    next: Timestamp,
    error: ClientError,
}

impl Pace {
    pub(super) const fn new() -> Self {
        Self { failures: 0, next: Timestamp(i64::MIN), error: ClientError::Interrupted }
    }

    /// What the last request failed of.
    pub(super) fn error(&self) -> ClientError {
        self.error.clone()
    }

    pub(super) fn may_ask(&self, now: Timestamp) -> bool {
        // A clock that was set back must not put the next request off by more than is ever waited.
        now >= self.next || self.next > now.plus(Seconds(LONGEST_ASKED))
    }

    /// A request begins. INVARIANT: it counts as failed until it has succeeded, so that one that
    /// never ends well, by a panic for instance, is no more frequent than others.
    pub(super) fn begun(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.failed(now, ClientError::Interrupted);
    }

    /// The request that began last has failed.
    pub(super) fn failed(&mut self, now: Timestamp, error: ClientError) {
        self.next = now.plus(Seconds(self.wait(&error)));
        self.error = error;
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::new();
    }

    fn wait(&self, error: &ClientError) -> u64 {
        let doublings = self.failures.saturating_sub(1).min(6);
        let usual = (1 << doublings).min(LONGEST);
        match error {
            ClientError::Refused { .. } => LONGEST,
            ClientError::Status { retry_after: Some(asked), .. } => {
                asked.0.clamp(usual, LONGEST_ASKED)
            }
            _ => usual,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long is waited after each of so many failures in a row.
    fn waits(error: &ClientError, count: usize) -> Vec<i64> {
        let (mut pace, mut now, mut waits) = (Pace::new(), Timestamp(0), Vec::new());
        for _ in 0..count {
            let asked = now;
            pace.begun(now);
            pace.failed(now, error.clone());
            while !pace.may_ask(now) {
                now = now.plus(Seconds(1));
            }
            waits.push(now.0 - asked.0);
        }
        waits
    }

    #[test]
    fn m06_waits_double_up_to_a_minute() {
        assert_eq!(waits(&ClientError::Timeout, 8), [1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn m06_a_refused_client_comes_back_after_a_minute() {
        let refused = ClientError::Refused { status: 401, error: "invalid_client".to_owned() };
        assert_eq!(waits(&refused, 2), [60, 60]);
    }

    #[test]
    fn m06_a_server_that_says_when_is_heard_within_bounds() {
        let asks =
            |seconds| ClientError::Status { status: 503, retry_after: Some(Seconds(seconds)) };
        assert_eq!(waits(&asks(7), 4), [7, 7, 7, 8]);
        assert_eq!(waits(&asks(0), 2), [1, 2]);
        assert_eq!(waits(&asks(u64::MAX), 1), [300]);
    }

    #[test]
    fn a_clock_that_was_set_back_holds_nobody_up() {
        let mut pace = Pace::new();
        pace.begun(Timestamp(1_000_000));
        assert!(!pace.may_ask(Timestamp(1_000_000)));
        assert!(pace.may_ask(Timestamp(0)));
    }
}
