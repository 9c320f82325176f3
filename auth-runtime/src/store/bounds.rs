//! How long a backend may take. In: a call to a server. Out: its answer, or an error in time.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
use std::sync::atomic::{AtomicU32, Ordering};
use std::{future::Future, time::Duration};

use super::StoreError;

/// The contract says two seconds; the rest is for the way back to the caller.
const DEADLINE: Duration = Duration::from_millis(1_700);

/// How long reaching a server may take, so that a slow one still has time to answer.
pub(super) const CONNECT: Duration = Duration::from_millis(1_000);

/// How long a server works on one call before it gives up by itself.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(super) const WORK: Duration = Duration::from_millis(1_400);

/// A record is kept so long after its end: for the process whose clock is behind this one's.
pub(super) const KEPT_AFTER_END_SECONDS: i64 = 60;

/// The most expired records that one insert removes.
pub(super) const PURGED_AT_ONCE: u32 = 64;

/// Says which inserts remove expired records: the first and every sixteenth, so that most are not
/// slowed down, and yet more is removed than is inserted.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
#[derive(Default)]
pub(super) struct Tidy(AtomicU32);

#[cfg(any(feature = "sqlite", feature = "postgres"))]
impl Tidy {
    pub(super) fn is_due(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed).is_multiple_of(16)
    }
}

/// The answer, or [`StoreError::Unavailable`] when the deadline passes first.
pub(crate) async fn in_time<T, F>(work: F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    match tokio::time::timeout(DEADLINE, work).await {
        Ok(answer) => answer,
        Err(_) => Err(StoreError::Unavailable("it did not answer in time".to_owned())),
    }
}
