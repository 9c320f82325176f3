//! Why there is no key. In: what somebody asked of the service. Out: a sentence, and the answer that
//! a client is given.

use std::{error::Error, fmt};

use axum::http::StatusCode;

use super::{MAX_KEYS, MAX_NAME};
use crate::{Denial, problem::Problem, random::RandomError, store::StoreError};

/// Why a key was not made, replaced or revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApiKeyError {
    /// Whoever asks is no account of this service that signed in, or the account is closed.
    NotAnAccount,
    /// The name is empty, too long or holds control characters.
    Name,
    /// No scope was asked for.
    NoScopes,
    /// Scopes were asked for that the policy does not declare; these may be asked for.
    UnknownScopes {
        /// What a key of this owner may have, sorted.
        allowed: Vec<String>,
    },
    /// These scopes are more than a key of this owner may have now.
    ScopesBeyond(Vec<String>),
    /// None of the key's scopes is in effect any more, so that there is nothing to replace.
    NothingLeft,
    /// A key has to live for a day at least and for so many at most.
    Lifetime {
        /// The cap of the policy, in whole days.
        max_days: u64,
    },
    /// The owner has as many keys as there may be.
    TooMany,
    /// The owner has no such key, or it has ended.
    NotFound,
    /// Another key replaces it already.
    Replaced,
    /// There was no randomness.
    Random,
    /// The store gave no answer.
    Store(StoreError),
}

impl From<StoreError> for ApiKeyError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<RandomError> for ApiKeyError {
    fn from(_: RandomError) -> Self {
        Self::Random
    }
}

impl From<ApiKeyError> for Denial {
    fn from(error: ApiKeyError) -> Self {
        let detail = error.to_string();
        match error {
            ApiKeyError::NotFound => Problem::not_found().into(),
            ApiKeyError::NotAnAccount => {
                Problem::new(StatusCode::FORBIDDEN, "not_an_account", "Not an account")
                    .detail(detail)
                    .into()
            }
            ApiKeyError::TooMany => {
                Problem::new(StatusCode::CONFLICT, "too_many_keys", "Too many API keys")
                    .detail(detail)
                    .into()
            }
            ApiKeyError::Replaced => {
                Problem::new(StatusCode::CONFLICT, "key_replaced", "API key replaced")
                    .detail(detail)
                    .into()
            }
            ApiKeyError::ScopesBeyond(scopes) => {
                unprocessable(detail).missing_scopes(scopes).into()
            }
            ApiKeyError::Name
            | ApiKeyError::NoScopes
            | ApiKeyError::UnknownScopes { .. }
            | ApiKeyError::NothingLeft
            | ApiKeyError::Lifetime { .. } => unprocessable(detail).into(),
            ApiKeyError::Random => StoreError::Unavailable(detail).into(),
            ApiKeyError::Store(error) => error.into(),
        }
    }
}

fn unprocessable(detail: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unprocessable", "Unprocessable body")
        .detail(detail)
}

impl fmt::Display for ApiKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnAccount => {
                f.write_str("API keys belong to accounts of this service: sign in with one")
            }
            Self::Name => {
                write!(f, "`name` has 1 to {MAX_NAME} characters and no control characters")
            }
            Self::NoScopes => f.write_str("`scopes` names at least one scope"),
            Self::UnknownScopes { allowed } => {
                let allowed = allowed.join(", ");
                write!(f, "`scopes` names one that is not declared; it may name: {allowed}")
            }
            Self::ScopesBeyond(scopes) => {
                write!(f, "`scopes` names what you may not give away: {}", scopes.join(", "))
            }
            Self::NothingLeft => {
                f.write_str("none of the key's scopes is in effect: make a key with others")
            }
            Self::Lifetime { max_days: 0 } => {
                f.write_str("keys live for less than a day here: leave `expires_in_days` out")
            }
            Self::Lifetime { max_days } => write!(f, "`expires_in_days` is 1 to {max_days}"),
            Self::TooMany => {
                write!(f, "an account has {MAX_KEYS} API keys at most: revoke one first")
            }
            Self::NotFound => f.write_str("there is no such key"),
            Self::Replaced => f.write_str("another key replaces this one already: rotate that one"),
            Self::Random => f.write_str("there were no random bytes for a key"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl Error for ApiKeyError {}
