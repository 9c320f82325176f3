//! Why no token was issued. In: a grant the policy does not allow, or a key that does not sign. Out:
//! a code for audit events, and a sentence for the log.

use std::{error::Error, fmt};

/// Why no token was issued: nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IssueError {
    /// The policy has no role of that name.
    UnknownRole(String),
    /// The policy has no scope of that name.
    UnknownScope(String),
    /// The subject does not have that scope.
    ScopeNotGranted(String),
    /// The policy does not list that claim under `claims`, or it has a meaning of its own.
    ClaimNotListed(String),
    /// The subject or the client id is empty or longer than 255 bytes.
    BadName(&'static str),
    /// The token would be longer than this service accepts.
    TooLong,
    /// There was no randomness.
    Random,
    /// The key did not sign.
    Signing,
}

impl IssueError {
    /// A stable name for audit events and documentation.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownRole(_) => "role-unknown",
            Self::UnknownScope(_) => "scope-unknown",
            Self::ScopeNotGranted(_) => "scope-not-granted",
            Self::ClaimNotListed(_) => "claim-not-listed",
            Self::BadName(_) => "name-malformed",
            Self::TooLong => "token-too-long",
            Self::Random => "random-unavailable",
            Self::Signing => "signing-failed",
        }
    }
}

impl fmt::Display for IssueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownRole(name) => write!(f, "the policy has no role {name:?}"),
            Self::UnknownScope(name) => write!(f, "the policy has no scope {name:?}"),
            Self::ScopeNotGranted(name) => write!(f, "the subject does not have scope {name:?}"),
            Self::ClaimNotListed(name) => {
                write!(f, "claim {name:?} is not among the `claims` of scheme `jwt`")
            }
            Self::BadName(claim) => write!(f, "`{claim}` is empty or longer than 255 bytes"),
            Self::TooLong => f.write_str("the token would be longer than 16 KiB"),
            Self::Random => f.write_str("there were no random bytes"),
            Self::Signing => f.write_str("the key did not sign"),
        }
    }
}

impl Error for IssueError {}
