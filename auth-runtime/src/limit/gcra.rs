//! One cell of one bucket, by the crate `governor`. In: until when the bucket is not full. Out: until
//! when it is not once a cell was taken, or that there is none.
//!
//! `governor` decides; where buckets are kept, in which number, and what time it is, is decided here.
//! Its own stores are for one rate each, cannot give back, and grow with every key. It counts in
//! nanoseconds from some beginning; what it is handed are microseconds since 1970, which it need
//! not know.

use std::{cell::Cell, num::NonZeroU32, time::Duration};

use governor::{
    Quota as Cells, RateLimiter, clock::Clock, middleware::NoOpMiddleware, nanos::Nanos,
    state::StateStore,
};

use super::Quota;
use crate::clock::Moment;

/// The moment the bucket is full again after a cell was taken; nothing if it has none to give.
pub(super) fn take(full_at: Option<u64>, quota: Quota, now: Moment) -> Option<u64> {
    let cells = NonZeroU32::new(quota.cells())?;
    let interval = Duration::from_nanos(quota.interval_micros());
    let cells = Cells::with_period(interval)?.allow_burst(cells);
    let hand = Cell::new(Nanos::from(0));
    let slot = Slot(Cell::new(full_at.map(Nanos::from)));
    let limiter: RateLimiter<(), _, _, NoOpMiddleware<Nanos>> =
        RateLimiter::new(cells, slot, Hand(&hand));
    hand.set(now.0.into());
    limiter.check_key(&()).ok()?;
    limiter.into_state_store().0.get().map(Nanos::as_u64)
}

/// A clock that the limiter sees at 0 when it is made, and then at the moment that counts.
struct Hand<'a>(&'a Cell<Nanos>);

impl Clock for Hand<'_> {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.get()
    }
}

/// A store of one bucket.
struct Slot(Cell<Option<Nanos>>);

impl StateStore for Slot {
    type Key = ();

    fn measure_and_replace<T, F, E>(&self, (): &(), decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let (outcome, next) = decide(self.0.get())?;
        self.0.set(Some(next));
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use auth_policy::settings::{Rate, Seconds};
    use proptest::prelude::*;

    use super::*;

    fn quota(requests: u32, period: u64, burst: u32) -> Quota {
        Rate { requests, period: Seconds(period), burst }.into()
    }

    #[test]
    fn rl2_a_bucket_gives_what_it_holds_and_then_one_for_each_interval() {
        let (quota, start) = (quota(5, 60, 5), 1_800_000_000_000_000);
        let mut full_at = None;
        for _ in 0..5 {
            full_at = Some(take(full_at, quota, Moment(start)).unwrap());
        }
        assert_eq!(full_at, Some(start + 60_000_000));
        assert_eq!(take(full_at, quota, Moment(start)), None);
        assert_eq!(take(full_at, quota, Moment(start + 11_999_999)), None);
        let next = take(full_at, quota, Moment(start + 12_000_000));
        assert_eq!(next, Some(start + 72_000_000));
        assert_eq!(take(next, quota, Moment(start + 12_000_000)), None);
    }

    #[test]
    fn rl2_who_stayed_away_for_long_gets_no_more_than_a_full_bucket() {
        let (quota, start) = (quota(5, 60, 5), 1_800_000_000_000_000);
        let mut full_at = Some(1_000);
        for _ in 0..5 {
            full_at = Some(take(full_at, quota, Moment(start)).unwrap());
        }
        assert_eq!(take(full_at, quota, Moment(start)), None);
    }

    proptest! {
        /// The level says what a request would find, for any rate and any history.
        #[test]
        fn rl2_what_is_said_to_remain_is_what_remains(
            requests in 1u32..2_000, period in 1u64..100_000, burst in 1u32..30,
            waits in prop::collection::vec(0u64..40_000_000, 1..60),
        ) {
            let quota = quota(requests, period, burst);
            let mut now = 1_800_000_000_000_000;
            let mut full_at = None;
            for wait in waits {
                now += wait;
                let before = quota.level_at(full_at, Moment(now), true);
                let taken = take(full_at, quota, Moment(now));
                prop_assert_eq!(taken.is_some(), before.remaining > 0);
                if let Some(next) = taken {
                    let after = quota.level_at(Some(next), Moment(now), true);
                    prop_assert_eq!(after.remaining, before.remaining - 1);
                    full_at = Some(next);
                } else {
                    let wait = u64::try_from(before.next.as_micros()).unwrap();
                    prop_assert!(take(full_at, quota, Moment(now + wait)).is_some());
                    prop_assert!(take(full_at, quota, Moment(now + wait - 1)).is_none());
                }
            }
        }
    }
}
