//! How a sign-in ends that does not succeed. In: the first thing that does not fit. Out: what the
//! browser is told, and the cause that the audit event names.

use axum::http::StatusCode;

use crate::{
    Denial, discovery::FetchError, jwt::TokenError, problem::Problem, random::RandomError,
    session::SessionError, store::StoreError, tokens::TokensError, visit::Visit,
};

/// How it ends.
#[derive(Debug)]
pub(super) enum Failure {
    /// The answer belongs to no sign-in of this browser: 400.
    Foreign(&'static str),
    /// The sign-in is this browser's and comes to nothing: back to a page, with a code.
    Ended(Code, &'static str),
    /// Somebody who is signed in links nothing: back to the page they came from, with a code.
    Back(Code, &'static str, String),
    /// A fault or an outage of our own.
    Denied(Denial, &'static str),
}

/// What the page is told on which it ends. No detail: the audit has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// Whoever was asked said no.
    AccessDenied,
    /// The provider cannot be reached, or says that it has trouble.
    TemporarilyUnavailable,
    /// The provider vouches for somebody who has no account here, and gets none.
    NoAccount,
    /// What was to be linked leads to another account.
    LinkedElsewhere,
    /// The session that wanted it linked has ended.
    SignedOut,
    /// Anything else.
    SignInFailed,
}

impl Code {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::NoAccount => "no_account",
            Self::LinkedElsewhere => "linked_elsewhere",
            Self::SignedOut => "signed_out",
            Self::SignInFailed => "sign_in_failed",
        }
    }

    /// What the provider says (RFC 6749, section 4.1.2.1), in words of ours.
    pub(super) fn of_provider(error: &str) -> (Self, &'static str) {
        match error {
            "access_denied" => (Self::AccessDenied, "provider-access-denied"),
            "temporarily_unavailable" | "server_error" => {
                (Self::TemporarilyUnavailable, "provider-unavailable")
            }
            _ => (Self::SignInFailed, "provider-error"),
        }
    }
}

impl Failure {
    /// What the audit calls it.
    pub(super) const fn cause(&self) -> &'static str {
        match self {
            Self::Foreign(cause)
            | Self::Ended(_, cause)
            | Self::Back(_, cause, _)
            | Self::Denied(_, cause) => cause,
        }
    }

    /// The same for somebody who wanted to link what they have at a provider: back to that page.
    pub(super) fn back(self, page: &str) -> Self {
        match self {
            Self::Ended(code, cause) => Self::Back(code, cause, page.to_owned()),
            other => other,
        }
    }

    pub(super) const fn failed(cause: &'static str) -> Self {
        Self::Ended(Code::SignInFailed, cause)
    }
}

/// 400 for an answer of a provider that belongs to no sign-in of this browser: its `state` is
/// missing, foreign, used or too old, or another provider sent it.
pub fn refused() -> Denial {
    Problem::new(StatusCode::BAD_REQUEST, "invalid_sign_in", "Invalid sign-in")
        .detail("this answer belongs to no sign-in that this browser has begun; begin anew")
        .denied_as(Visit::denial())
        .into()
}

/// 409 for what would leave an account that nobody can sign in to: it has no password that anybody
/// knows, and that is the last identity at a provider that leads to it.
pub fn last_identity() -> Denial {
    Problem::new(StatusCode::CONFLICT, "last_identity", "The only way to sign in")
        .detail("nobody could sign in to this account any more: set a password, or link another provider first")
        .into()
}

/// Nothing that a provider publishes or answers was there to be read.
impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        tracing::warn!(target: "auth", %error, "a provider could not be asked");
        Self::Ended(Code::TemporarilyUnavailable, error.code())
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        tracing::warn!(target: "auth", %error, "an ID token was refused");
        Self::failed(error.code())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Denied(error.into(), "store-unavailable")
    }
}

impl From<RandomError> for Failure {
    fn from(_: RandomError) -> Self {
        Self::Denied(Denial::internal(), "internal")
    }
}

impl From<TokensError> for Failure {
    fn from(error: TokensError) -> Self {
        match error {
            TokensError::Store(error) => error.into(),
            TokensError::Refused => Self::failed("account-changed"),
            error => {
                tracing::error!(target: "auth", %error, "tokens could not be issued");
                Self::Denied(Denial::internal(), "internal")
            }
        }
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        let cause = error.cause();
        match error {
            SessionError::Store(error) => error.into(),
            SessionError::Random | SessionError::NoCookie => {
                Self::Denied(Denial::internal(), cause)
            }
            _ => Self::failed(cause),
        }
    }
}
