//! A rate as arithmetic. In: what the policy says, and until when a bucket is not full. Out: how
//! many cells are in it, and when the next one comes back; all in microseconds.

use std::time::Duration;

use auth_policy::settings::Rate;

use crate::clock::Moment;

/// The longest that an empty bucket takes to be full again: a hundred years. More would be beyond
/// what a number of Lua holds, and beyond anybody's patience.
const LONGEST: u64 = 100 * 366 * 24 * 3600 * 1_000_000;

/// How many cells a bucket holds, and how fast they come back.
///
/// ```
/// use auth_runtime::{limit::Quota, policy_types::{Rate, Seconds}};
///
/// // `5/minute`: five at once, and one back every twelve seconds.
/// let quota = Quota::from(Rate { requests: 5, period: Seconds(60), burst: 5 });
/// assert_eq!((quota.cells(), quota.interval_micros()), (5, 12_000_000));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    cells: u32,
    interval: u64,
}

impl From<Rate> for Quota {
    /// The time between two cells is rounded up, so that never more come back than the rate says.
    fn from(rate: Rate) -> Self {
        let period = rate.period.0.saturating_mul(1_000_000);
        let interval = period.div_ceil(u64::from(rate.requests.max(1))).clamp(1, LONGEST);
        let most = u32::try_from(LONGEST / interval).unwrap_or(u32::MAX);
        Self { cells: rate.burst.clamp(1, most.max(1)), interval }
    }
}

impl Quota {
    /// How many cells a full bucket holds; never 0.
    pub const fn cells(self) -> u32 {
        self.cells
    }

    /// How long it takes until one cell comes back, in microseconds; never 0.
    pub const fn interval_micros(self) -> u64 {
        self.interval
    }

    /// How far ahead of now a bucket may be full again and still have a cell to give.
    #[cfg(feature = "redis")]
    pub(super) const fn slack_micros(self) -> u64 {
        self.interval.saturating_mul(self.cells as u64 - 1)
    }

    /// What is in a bucket that is full again so many microseconds from now.
    pub(super) fn level(self, full_in: u64, has_room: bool) -> Level {
        let all = self.interval.saturating_mul(u64::from(self.cells));
        let remaining = all.saturating_sub(full_in) / self.interval;
        // INVARIANT: at most `cells`, which are a u32.
        let remaining = u32::try_from(remaining).unwrap_or(self.cells);
        let missing = u64::from(self.cells.saturating_sub(remaining));
        let later = self.interval.saturating_mul(missing.saturating_sub(1));
        let next = Duration::from_micros(full_in.saturating_sub(later));
        Level { has_room, remaining, next }
    }

    /// The same, from the moment it is full again.
    pub(super) fn level_at(self, full_at: Option<u64>, now: Moment, has_room: bool) -> Level {
        self.level(full_at.unwrap_or(now.0).saturating_sub(now.0), has_room)
    }
}

/// What is in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Whether it had a cell for this request. Where another bucket had none, it still has it.
    pub has_room: bool,
    /// How many cells are left.
    pub remaining: u32,
    /// How long it takes until there is one more; zero where it is full.
    pub next: Duration,
}

#[cfg(test)]
mod tests {
    use auth_policy::settings::Seconds;

    use super::*;

    fn quota(requests: u32, period: u64, burst: u32) -> Quota {
        Rate { requests, period: Seconds(period), burst }.into()
    }

    #[test]
    fn rl2_five_a_minute_are_five_at_once_and_one_back_every_twelve_seconds() {
        let quota = quota(5, 60, 5);
        let left = |full_in| {
            let level = quota.level(full_in, true);
            (level.remaining, level.next.as_micros())
        };
        assert_eq!(left(0), (5, 0));
        assert_eq!(left(12_000_000), (4, 12_000_000));
        assert_eq!(left(11_999_999), (4, 11_999_999));
        assert_eq!(left(12_000_001), (3, 1));
        assert_eq!(left(60_000_000), (0, 12_000_000));
        assert_eq!(left(48_000_001), (0, 1));
    }

    #[test]
    fn rl2_a_burst_replaces_the_number_at_once_alone() {
        let quota = quota(1000, 60, 50);
        assert_eq!((quota.cells(), quota.interval_micros()), (50, 60_000));
    }

    #[test]
    fn rl2_no_more_come_back_than_the_rate_says() {
        assert_eq!(quota(7, 60, 7).interval_micros(), 8_571_429);
        assert_eq!(quota(1_000_000, 1, 1).interval_micros(), 1);
    }

    #[test]
    fn rl2_a_rate_beyond_a_life_time_is_cut_and_never_zero() {
        let slow = quota(1, 86_400, 1_000_000);
        assert!((36_000..1_000_000).contains(&slow.cells()));
        assert!(slow.interval_micros() * u64::from(slow.cells()) <= LONGEST);
        assert_eq!(quota(1, u64::MAX, 5).cells(), 1);
    }

    #[test]
    fn rl2_a_bucket_that_owes_more_than_it_holds_has_nothing_left() {
        let level = quota(5, 60, 5).level(100_000_000, false);
        assert_eq!((level.remaining, level.next.as_secs()), (0, 52));
    }
}
