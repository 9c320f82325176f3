//! Why verifying or issuing cannot be set up. In: a policy and keys that do not go together. Out:
//! a sentence for whoever starts the service.

use std::{error::Error, fmt};

use super::key_error::KeyError;

/// A policy and keys that do not go together: found at start.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetupError {
    /// The policy declares no `schemes.jwt`.
    NoJwtScheme,
    /// The scheme is not an entry of `issuers`.
    NotAForeignIssuer,
    /// Scopes or roles are looked for in a claim that has another meaning.
    ClaimTaken(String),
    /// The keys are not fit for use.
    Key(KeyError),
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoJwtScheme => f.write_str("the policy declares no scheme `jwt`"),
            Self::NotAForeignIssuer => f.write_str("the scheme is none of the policy's `issuers`"),
            Self::ClaimTaken(name) => write!(
                f,
                "`{}` cannot hold scopes or roles, the claim has another meaning already",
                name.escape_debug()
            ),
            Self::Key(error) => error.fmt(f),
        }
    }
}

impl Error for SetupError {}

impl From<KeyError> for SetupError {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}
