//! Why the blog says no, in one place. In: errors of the parts it is made of. Out: a problem for the
//! client, and the cause in the log where it is ours.

use std::fmt::Display;

use auth_runtime::{
    Denial, account::AccountError, password::PasswordError, problem::Problem, store::StoreError,
    tokens::TokensError,
};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// An answer that is not what the client asked for.
#[derive(Debug)]
pub(crate) struct Refusal(Denial);

/// 422 with what the client can do about it.
pub(crate) fn unprocessable(detail: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unprocessable", "Unprocessable body")
        .detail(detail)
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        Self(denial)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem.into())
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self(error.into())
    }
}

impl From<AccountError> for Refusal {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::NameTaken => {
                Problem::new(StatusCode::CONFLICT, "name_taken", "Name taken")
                    .detail("somebody has this user name; choose another")
                    .into()
            }
            AccountError::NoSuchAccount => Problem::not_found().into(),
            AccountError::Store(error) => error.into(),
            other => internal(&other),
        }
    }
}

impl From<PasswordError> for Refusal {
    fn from(error: PasswordError) -> Self {
        Self(error.into())
    }
}

impl From<TokensError> for Refusal {
    fn from(error: TokensError) -> Self {
        match error {
            TokensError::Store(error) => error.into(),
            other => internal(&other),
        }
    }
}

fn internal(error: &impl Display) -> Refusal {
    tracing::error!(%error, "a request failed");
    Problem::internal().into()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}
