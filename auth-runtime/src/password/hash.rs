//! Stored passwords. In: the text a store kept. Out: a [`PasswordHash`], which nothing prints.

use std::{fmt, str::FromStr};

use argon2::Params;

use super::{PasswordError, argon2id::Argon2id, bcrypt::Bcrypt};

/// A hash of a password, as a store keeps it.
///
/// New ones are Argon2id, `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`. Those that came from
/// elsewhere may be bcrypt, `$2b$12$<salt><hash>`. `Debug` does not show it and there is no
/// `Display`: a hash in a log is a password to guess at leisure.
///
/// # Example
///
/// ```
/// use auth_runtime::password::{PasswordError, PasswordHash};
///
/// let text = "$2b$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";
/// let imported: PasswordHash = text.parse()?;
/// assert_eq!(imported.to_text(), text);
/// # Ok::<(), PasswordError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Form);

#[derive(Clone, PartialEq, Eq)]
enum Form {
    Argon2id(Box<Argon2id>),
    Bcrypt(Bcrypt),
}

impl PasswordHash {
    /// The text for the store, which [`FromStr`] reads back.
    pub fn to_text(&self) -> String {
        match &self.0 {
            Form::Argon2id(hash) => hash.to_phc(),
            Form::Bcrypt(hash) => hash.as_str().to_owned(),
        }
    }

    /// `Unreadable` where verifying would take far more than the policy's cost.
    pub(super) fn bounded_by(&self, current: &Params) -> Result<(), PasswordError> {
        match &self.0 {
            Form::Argon2id(hash) => hash.bounded_by(current),
            Form::Bcrypt(_) => Ok(()), // those that cost too much are not read at all
        }
    }

    /// Whether a hash made now would be another in kind.
    pub(super) fn is_outdated(&self, current: &Params) -> bool {
        match &self.0 {
            Form::Argon2id(hash) => hash.is_outdated(current),
            Form::Bcrypt(_) => true,
        }
    }

    /// Whether this is the hash of that normalized password. Blocks for as long as that takes.
    pub(super) fn matches(&self, password: &str) -> Result<bool, PasswordError> {
        match &self.0 {
            Form::Argon2id(hash) => hash.matches(password),
            Form::Bcrypt(hash) => Ok(hash.matches(password)),
        }
    }
}

impl From<Argon2id> for PasswordHash {
    fn from(hash: Argon2id) -> Self {
        Self(Form::Argon2id(Box::new(hash)))
    }
}

impl FromStr for PasswordHash {
    type Err = PasswordError;

    /// Reads a stored or imported hash: Argon2id of version 19 as a PHC string, or bcrypt of version
    /// 2a, 2b or 2y at a cost of 4 to 15.
    fn from_str(text: &str) -> Result<Self, PasswordError> {
        let argon2id = || Argon2id::parse(text).map(Box::new).map(Form::Argon2id);
        let bcrypt = || Bcrypt::parse(text).map(Form::Bcrypt);
        argon2id().or_else(bcrypt).map(Self).ok_or(PasswordError::Unreadable)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}
