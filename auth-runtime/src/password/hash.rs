//! Stored passwords. In: the text a store kept. Out: a [`PasswordHash`], which nothing prints.

use std::{fmt, str::FromStr};

use argon2::Params;

use super::{PasswordError, argon2id::Argon2id};

/// An Argon2id hash of a password, as a store keeps it.
///
/// Its text is a PHC string, `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`. `Debug` does not
/// show it and there is no `Display`: a hash in a log is a password to guess at leisure.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub(super) Argon2id);

impl PasswordHash {
    /// The PHC string, for the store.
    pub fn to_phc(&self) -> String {
        self.0.to_phc()
    }

    /// `Unreadable` where verifying would take far more than the policy's cost.
    pub(super) fn bounded_by(&self, current: &Params) -> Result<(), PasswordError> {
        self.0.bounded_by(current)
    }

    /// Whether a hash made now would be another in kind.
    pub(super) fn is_outdated(&self, current: &Params) -> bool {
        self.0.is_outdated(current)
    }

    /// Whether this is the hash of that normalized password. Blocks for as long as that takes.
    pub(super) fn matches(&self, password: &str) -> Result<bool, PasswordError> {
        self.0.matches(password)
    }
}

impl FromStr for PasswordHash {
    type Err = PasswordError;

    /// Reads a PHC string back. Only Argon2id of version 19 with salt and hash is one of ours.
    fn from_str(text: &str) -> Result<Self, PasswordError> {
        Argon2id::parse(text).map(Self).ok_or(PasswordError::Unreadable)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}
