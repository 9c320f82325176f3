//! Why there is no session. In: what went wrong. Out: a sentence, and what the client is told.

use std::{error::Error, fmt};

use auth_policy::Policy;
use axum::http::StatusCode;

use crate::{
    challenge::Challenges, denial::Denial, problem::Problem, random::RandomError, store::StoreError,
};

/// Why a session was not begun, or not renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionError {
    /// The account is closed or gone, or its password is another than it was.
    Refused,
    /// The account has all the sessions it may have.
    Full,
    /// The session has ended.
    Ended,
    /// The request carries two cookies of the session's name.
    Ambiguous,
    /// The name of the cookie leaves no room for its value.
    NoCookie,
    /// There was no randomness.
    Random,
    /// The store gave no answer.
    Store(StoreError),
}

impl SessionError {
    pub(super) fn denial(self, policy: &Policy) -> Denial {
        match self {
            Self::Refused => Denial::wrong_password(policy),
            Self::Full => {
                Problem::new(StatusCode::CONFLICT, "too_many_sessions", "Too many sessions")
                    .detail("this account has all the sessions it may have: end one of them first")
                    .into()
            }
            Self::Ended => Denial::invalid_token(&Challenges::new(policy, u64::MAX)),
            Self::Ambiguous => Denial::ambiguous(),
            Self::NoCookie | Self::Random => {
                tracing::error!(target: "auth", error = %self, "a session was not begun");
                Denial::internal()
            }
            Self::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for SessionError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<RandomError> for SessionError {
    fn from(_: RandomError) -> Self {
        Self::Random
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("the account is closed, or has changed"),
            Self::Full => f.write_str("the account has all the sessions it may have"),
            Self::Ended => f.write_str("the session has ended"),
            Self::Ambiguous => f.write_str("the request carries two sessions"),
            Self::NoCookie => f.write_str("the session's cookie is longer than a browser keeps"),
            Self::Random => f.write_str("there were no random bytes for a session"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl Error for SessionError {}
