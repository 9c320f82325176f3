//! API keys, for programs that act for somebody. In: an account, and what a key of it may do. Out: a
//! key, shown once; later the key again, and what it is worth now.
//!
//! A key is its owner's, and never does more than the owner may do at that moment and the policy lets
//! keys do. It carries no role. It has a name, an end, and can be revoked; every request asks the
//! store, so a revocation holds for the next one in every process.

mod base62;
mod checksum;
mod digest;
mod error;
mod keep;
mod keys;
mod record;
mod router;
mod text;
mod verify;

pub(crate) use digest::MIN_PEPPER_BYTES;
pub use error::ApiKeyError;
pub(crate) use keep::Keep;
pub use keys::{ApiKey, ApiKeys, IssuedKey, NewApiKey};
pub use router::router;
pub(crate) use verify::{Disproof, verify};

/// The most keys of an account that are good and not replaced.
pub const MAX_KEYS: usize = 100;

/// The most characters of a key's name.
pub const MAX_NAME: usize = 100;
