//! The time, as a parameter. In: a clock the application chose. Out: seconds since 1970.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use auth_policy::settings::Seconds;

/// A moment in whole seconds since 1970-01-01T00:00:00Z: a JWT `NumericDate` (RFC 7519).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// So much later; the last moment there is, if that is beyond it.
    #[must_use]
    pub const fn plus(self, span: Seconds) -> Self {
        let seconds = if span.0 > i64::MAX as u64 { i64::MAX } else { span.0 as i64 };
        Self(self.0.saturating_add(seconds))
    }
}

/// A moment in whole microseconds since 1970-01-01T00:00:00Z: for what is counted in less than
/// seconds, such as the cells of a rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl From<Timestamp> for Moment {
    /// The beginning of that second; of one before 1970, the beginning of 1970.
    fn from(timestamp: Timestamp) -> Self {
        Self(u64::try_from(timestamp.0).unwrap_or_default().saturating_mul(1_000_000))
    }
}

/// Tells the time. Everything in this crate that needs it asks the engine's clock.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// The present moment, more exactly where the clock knows: within the second that
    /// [`now`](Self::now) tells. By default that second's beginning.
    fn moment(&self) -> Moment {
        self.now().into()
    }
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that asks the system")]
    fn now(&self) -> Timestamp {
        // A clock set before 1970 reads as 1970; one beyond the year 292 billion as the last second.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }

    #[allow(clippy::disallowed_methods, reason = "the one place that asks the system")]
    fn moment(&self) -> Moment {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }
}

/// A clock that moves only when told to, so that a test of a lifetime need not wait for it.
///
/// ```
/// use auth_runtime::clock::{Clock, ManualClock, Timestamp};
///
/// let clock = ManualClock::at(Timestamp(1_000));
/// clock.advance(30);
/// assert_eq!(clock.now(), Timestamp(1_030));
/// clock.advance_milliseconds(1_500);
/// assert_eq!(clock.now(), Timestamp(1_031));
/// ```
#[derive(Debug)]
pub struct ManualClock {
    seconds: AtomicI64,
    milliseconds: AtomicI64,
}

impl ManualClock {
    /// A clock that stands at `start`.
    pub const fn at(start: Timestamp) -> Self {
        Self { seconds: AtomicI64::new(start.0), milliseconds: AtomicI64::new(0) }
    }

    /// Moves the clock by so many seconds, back if negative.
    pub fn advance(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Moves the clock by so many milliseconds, back if negative.
    pub fn advance_milliseconds(&self, milliseconds: i64) {
        self.milliseconds.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        let whole = self.milliseconds.load(Ordering::SeqCst).div_euclid(1_000);
        Timestamp(self.seconds.load(Ordering::SeqCst).saturating_add(whole))
    }

    fn moment(&self) -> Moment {
        let part = self.milliseconds.load(Ordering::SeqCst).rem_euclid(1_000);
        let part = u64::try_from(part).unwrap_or_default().saturating_mul(1_000);
        Moment(Moment::from(self.now()).0.saturating_add(part))
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn moment(&self) -> Moment {
        (**self).moment()
    }
}
