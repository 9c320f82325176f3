//! What can go wrong with a password. In: the step that failed. Out: the one [`PasswordError`],
//! which says whose fault it is and nothing about the password.

use std::{error::Error, fmt};

/// Why a password was neither hashed nor verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasswordError {
    /// Longer than the policy's `max_length`. The client's to mend, and the same whether or not
    /// the account exists.
    TooLong {
        /// The most code points a password may have.
        max_length: u32,
    },
    /// Too many are waiting already: answer 503.
    Busy,
    /// The stored text is no hash that this hasher reads, or one that costs far too much to verify.
    Unreadable,
    /// The policy's cost is not one that Argon2 knows.
    Cost,
    /// No memory, no random bytes, or the runtime is shutting down.
    Internal,
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { max_length } => {
                write!(f, "the password is longer than {max_length} characters")
            }
            Self::Busy => f.write_str("too many passwords are waiting to be hashed"),
            Self::Unreadable => f.write_str("the stored password hash is not readable"),
            Self::Cost => f.write_str("the cost of password hashes is out of Argon2's range"),
            Self::Internal => f.write_str("the password could not be hashed"),
        }
    }
}

impl Error for PasswordError {}
