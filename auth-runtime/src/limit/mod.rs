//! Rate limits. In: who asks for what. Out: whether there is a cell left for it in every bucket that
//! counts it, and what the client is told.
//!
//! The algorithm is GCRA: a bucket holds so many cells, and one comes back each time the interval
//! has passed. `5/minute` is five at once and one back every twelve seconds.

mod address;
mod bucket;
mod client;
mod enforce;
mod fields;
mod gcra;
mod memory;
pub(crate) mod network;
mod note;
mod open;
mod quota;
#[cfg(feature = "redis")]
mod redis;
mod sign_in;

use std::fmt;

pub use bucket::Bucket;
pub use client::Client;
pub(crate) use enforce::{Caller, Enforcer, Limited};
pub use memory::MemoryLimiter;
pub(crate) use note::Note;
pub use open::open;
pub use quota::{Level, Quota};
#[cfg(feature = "redis")]
pub use redis::RedisLimiter;
pub use sign_in::{Permit, SignInLimit};
pub(crate) use sign_in::{count, count_caller, count_stranger};

use crate::{clock::Moment, store::Answer};

/// Keeps buckets.
///
/// # The contract
///
/// - Each call is atomic: of requests that want the last cell, one gets it.
/// - [`take`](Self::take) takes one cell from each bucket, or none at all where one of them has
///   none. It answers with what is in each of them then, in their order.
/// - No bucket comes twice in one call.
/// - What is kept is bounded. What is full need not be kept; what is not full must not be forgotten
///   to make room.
/// - A limiter that cannot answer says so within two seconds.
///
/// `now` is the engine's clock. A limiter that processes share may go by a clock they share.
pub trait Limiter: fmt::Debug + Send + Sync + 'static {
    /// Takes one cell from each bucket, or none where [`Level::has_room`] is false for one.
    fn take<'a>(&'a self, buckets: &'a [Bucket], now: Moment) -> Answer<'a, Vec<Level>>;

    /// Gives one cell back to each bucket; to one that is full, nothing.
    fn give_back<'a>(&'a self, buckets: &'a [Bucket], now: Moment) -> Answer<'a, Vec<Level>>;
}

#[cfg(test)]
mod fixture {
    use auth_policy::settings::{Limit, LimitKey, LimitOnStoreDown, Place, Rate, Seconds};

    /// `5/minute` by address.
    pub(super) fn limit() -> Limit {
        Limit {
            name: "login".to_owned(),
            rate: Rate { requests: 5, period: Seconds(60), burst: 5 },
            by: vec![vec![LimitKey::Address]],
            on_store_down: LimitOnStoreDown::Refuse,
            place: Place::default(),
        }
    }
}
