//! Passwords. In: one that somebody typed. Out: whether it may be chosen, the hash to store, and
//! whether it is the password of a stored one.
//!
//! ```text
//! Secret ─ normal ─> text in form C ─┬─ rules ──> Ok, or every Weakness
//!                                    └─ hasher, in one of its places ─> PasswordHash, or a Verdict
//! ```

mod argon2id;
mod bcrypt;
mod breached;
mod common;
mod context;
mod error;
mod fold;
mod hash;
mod hasher;
mod normal;
mod ornament;
mod places;
mod rules;
mod weakness;

pub use breached::{BreachedAnswer, BreachedError, BreachedPasswords, Checked};
pub use context::Context;
pub use error::PasswordError;
pub use hash::PasswordHash;
pub use hasher::{Hasher, Verdict};
pub use rules::Rules;
pub use weakness::{Weakness, Weaknesses};
