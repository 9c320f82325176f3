//! What must be remembered. In: records with an id, an owner, an expiry and a version. Out: the
//! same, from whichever backend the application chose.
//!
//! Accounts, sessions, refresh families, keys and revocations are all records of this one form, so
//! one small trait serves them, and one conformance suite holds every backend to it.

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
pub(crate) mod bounds;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
mod feed;
mod memory;
mod open;
#[cfg(feature = "postgres")]
mod postgres;
mod reader;
#[cfg(feature = "redis")]
pub(crate) mod redis;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::{error::Error, fmt, future::Future, pin::Pin, sync::Arc};

pub use memory::MemoryStore;
pub use open::open;
#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
#[cfg(feature = "redis")]
pub use redis::RedisStore;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

pub(crate) use reader::{Found, Known, Reader};

use crate::clock::Timestamp;

/// What a store gives back: a future of an answer, or of the news that the store cannot answer.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The most bytes a record's value may have.
pub const MAX_VALUE_BYTES: usize = 64 * 1024;

/// Where a record is: in a collection, with an owner, under an id.
///
/// # Security
///
/// An id is what a stolen copy of the store shows. Whoever derives one from a secret hashes the
/// secret first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What kind of record it is.
    pub collection: Collection,
    /// Whose it is.
    pub owner: Owner,
    /// Which one: unique within collection and owner.
    pub id: String,
}

/// A kind of record, such as `refresh`: letters, digits and `-`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Collection(pub &'static str);

/// Whose records these are: a random tag per owner, never a name, in base64url characters.
///
/// A backend that spreads records over machines keeps one owner's records together, so that what
/// concerns one owner is atomic. Who looks a record up must know its owner: a token, a key or a
/// cookie carries the tag beside its secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner(Arc<str>);

/// A record that is in the store.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it is.
    pub key: Key,
    /// What it says. At most [`MAX_VALUE_BYTES`].
    pub value: Vec<u8>,
    /// From when on it is not there any more. `None` stays until it is deleted.
    pub expires_at: Option<Timestamp>,
    /// How often it was written: 1 after it was inserted, one more after each swap.
    pub version: u64,
}

/// Remembers records.
///
/// # The contract
///
/// - Each call is atomic, and calls that concern one key happen in some one order, whichever
///   process makes them.
/// - A record whose `expires_at` is not after `now` is not there: not for `get`, and so not in the
///   way of `insert`. A backend may forget it at any time from then on.
/// - [`delete_owned`](Self::delete_owned) is one step for the whole of an owner's collection: a
///   record is in it before that step, and then gone, or inserted after it, and then kept.
/// - A store that cannot answer says so within two seconds. It never answers from memory of its own.
/// - An error may come after the write was made: the answer was lost, not the write. So whoever
///   tries again reads first, and a value says what it needs to be recognised.
///
/// `now` is the engine's clock; a backend never asks for the time itself.
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Stores a record unless one is there: `false` says that one is, and it is left as it was.
    fn insert<'a>(
        &'a self,
        key: &'a Key,
        value: &'a [u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Answer<'a, bool>;

    /// The record, if it is there.
    fn get<'a>(&'a self, key: &'a Key, now: Timestamp) -> Answer<'a, Option<Record>>;

    /// Shows the record to `look` as it is now, if that takes neither a wait nor a copy: `false`
    /// says that it would, that nothing was shown, and that [`get`](Self::get) is to be asked. By
    /// default it would.
    ///
    /// What a guard needs for each request is asked for in this way first. `look` returns at once,
    /// and asks no store.
    fn peek(&self, _key: &Key, _now: Timestamp, _look: &mut dyn FnMut(Option<&Record>)) -> bool {
        false
    }

    /// Writes a record anew if it still has `version`: `false` says that it has another, or is not
    /// there, and nothing was written.
    fn swap<'a>(
        &'a self,
        key: &'a Key,
        version: u64,
        value: &'a [u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Answer<'a, bool>;

    /// Removes a record and returns it: of many callers, one gets it.
    fn take<'a>(&'a self, key: &'a Key, now: Timestamp) -> Answer<'a, Option<Record>>;

    /// Removes a record: `false` says that none was there.
    fn delete<'a>(&'a self, key: &'a Key, now: Timestamp) -> Answer<'a, bool>;

    /// The records of an owner in a collection, sorted by id.
    fn list<'a>(
        &'a self,
        collection: Collection,
        owner: &'a Owner,
        now: Timestamp,
    ) -> Answer<'a, Vec<Record>>;

    /// Removes the records of an owner in a collection, and says how many were there.
    fn delete_owned<'a>(
        &'a self,
        collection: Collection,
        owner: &'a Owner,
        now: Timestamp,
    ) -> Answer<'a, u64>;

    /// Resolves when a record of that owner may have been written since the call was made, by any
    /// process. It may resolve for no reason, and resolves with an error when it cannot watch.
    ///
    /// Who keeps a copy calls this first, then reads, then awaits: so nothing is missed. It is for
    /// the few places that a process holds a copy of: more than 1,024 at a time may be refused. A
    /// server that falls silent is an error within four seconds.
    fn changed<'a>(&'a self, collection: Collection, owner: &'a Owner) -> Answer<'a, ()>;
}

/// The longest id and owner, in bytes.
const MAX_NAME_BYTES: usize = 128;

impl Owner {
    /// The owner with that tag; `None` unless it is 1 to 128 characters of base64url.
    ///
    /// ```
    /// use auth_runtime::store::Owner;
    ///
    /// assert!(Owner::new("3q2-7w_x").is_some());
    /// assert!(Owner::new("a}b").is_none());
    /// ```
    pub fn new(tag: impl AsRef<str> + Into<Arc<str>>) -> Option<Self> {
        is_name(tag.as_ref()).then(|| Self(tag.into()))
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag, for what keeps it.
    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl Key {
    /// The key of a record; `None` unless the id is 1 to 128 characters of base64url.
    pub fn new(
        collection: Collection,
        owner: Owner,
        id: impl AsRef<str> + Into<String>,
    ) -> Option<Self> {
        is_name(id.as_ref()).then(|| Self { collection, owner, id: id.into() })
    }
}

/// Refuses what no backend may take.
fn check_size(value: &[u8]) -> Result<(), StoreError> {
    if value.len() > MAX_VALUE_BYTES { Err(StoreError::TooLarge) } else { Ok(()) }
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() | (byte == b'-') | (byte == b'_');
    // To the end whatever comes: many bytes at a time, where `all` would stop at each.
    let whole = |text: &str| text.bytes().fold(true, |so_far, byte| so_far & plain(byte));
    !text.is_empty() && text.len() <= MAX_NAME_BYTES && whole(text)
}

impl Record {
    /// Whether it is there at that moment.
    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SECURITY: a value may hold what a log must not, such as a password's hash.
        f.debug_struct("Record")
            .field("key", &self.key)
            .field("expires_at", &self.expires_at)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Why a store gave no answer. Whoever asked must refuse with 503: it never means "not there".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be reached, or did not answer in time.
    Unavailable(String),
    /// It has no room for another record.
    Full,
    /// The value is larger than [`MAX_VALUE_BYTES`].
    TooLarge,
    /// What it holds cannot be read: written by something else, or damaged.
    Damaged(String),
    /// It is not one that can be used: a wrong URL, a feature that is off, a server that forgets.
    Unsuitable(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(why) => write!(f, "the store cannot be reached: {why}"),
            Self::Full => f.write_str("the store is full"),
            Self::TooLarge => write!(f, "a record is larger than {MAX_VALUE_BYTES} bytes"),
            Self::Damaged(what) => write!(f, "the store holds what cannot be read: {what}"),
            Self::Unsuitable(why) => write!(f, "the store cannot be used: {why}"),
        }
    }
}

impl Error for StoreError {}
