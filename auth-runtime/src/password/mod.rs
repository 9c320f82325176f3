//! Passwords. In: one that somebody typed. Out: the hash to store, or whether it is the password
//! of a stored one.
//!
//! ```text
//! Secret ─ normal ─> text in form C ─ hasher, in one of its places ─> PasswordHash, or a Verdict
//! ```

mod argon2id;
mod bcrypt;
mod error;
mod hash;
mod hasher;
mod normal;
mod places;

pub use error::PasswordError;
pub use hash::PasswordHash;
pub use hasher::{Hasher, Verdict};
