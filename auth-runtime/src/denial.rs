//! Refusals, mapped in one place. In: why a guard does not let a request through. Out: status,
//! problem body and challenges.

use auth_policy::{Policy, settings::Seconds};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{
    account::AccountError,
    audit::DenialId,
    challenge::Challenges,
    password::{PasswordError, Weaknesses},
    problem::Problem,
    reset::ResetError,
    step_up::{Lack, StepUp},
    store::StoreError,
    visit::Visit,
};

/// A guard's answer when it does not let a request through.
///
/// Every failed token looks the same from outside, but for one that expired and was good until
/// then; the exact cause is in the audit event alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    problem: Problem,
    challenges: Vec<HeaderValue>,
}

impl Denial {
    /// 401, without an error code: no credential that counts was presented.
    pub(crate) fn unauthenticated(challenges: &Challenges<'_>) -> Self {
        let problem =
            Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Authentication required")
                .detail("this endpoint needs a credential; WWW-Authenticate says of which kind");
        Self::new(problem, challenges.plain())
    }

    /// 401: a credential was presented and is not valid.
    pub(crate) fn invalid_token(challenges: &Challenges<'_>) -> Self {
        Self::new(invalid_credential(), challenges.invalid())
    }

    /// The same for an API key: the error is in the challenge of what was presented.
    pub(crate) fn invalid_api_key(challenges: &Challenges<'_>) -> Self {
        Self::new(invalid_credential(), challenges.invalid_api_key())
    }

    /// 401: the token was good and has expired, so that refreshing it makes sense.
    pub(crate) fn token_expired(challenges: &Challenges<'_>) -> Self {
        let problem = Problem::new(StatusCode::UNAUTHORIZED, "token_expired", "Token expired")
            .detail("the access token has expired; refresh it");
        Self::new(problem, challenges.invalid())
    }

    /// 400: more than one credential that counts was presented.
    pub(crate) fn ambiguous() -> Self {
        let problem = Problem::new(StatusCode::BAD_REQUEST, "invalid_request", "Ambiguous request")
            .detail("present one credential: this request carries more than one");
        Self::new(problem, Vec::new())
    }

    /// 403: the identity lacks scopes.
    pub(crate) fn insufficient_scope(missing: Missing, challenges: &Challenges<'_>) -> Self {
        let one_of = if missing.any { "one of " } else { "" };
        let problem = Problem::new(StatusCode::FORBIDDEN, "insufficient_scope", "Forbidden")
            .detail(format!("the credential lacks {one_of}{}", missing.lacking.join(", ")))
            .missing_scopes(missing.lacking);
        let challenges = challenges.insufficient(&missing.required);
        Self::new(problem, challenges)
    }

    /// 403: this is for whoever signed in, and a client presented a token.
    pub(crate) fn not_for_clients(challenges: &Challenges<'_>) -> Self {
        let problem = Problem::new(StatusCode::FORBIDDEN, "insufficient_scope", "Forbidden")
            .detail("this is for whoever signed in, and no scope lets a client do it");
        Self::new(problem, challenges.insufficient(&[]))
    }

    /// 403: the identity lacks a role. RFC 6750 has one error code for both.
    pub(crate) fn insufficient_role(role: Option<String>, challenges: &Challenges<'_>) -> Self {
        let problem = Problem::new(StatusCode::FORBIDDEN, "insufficient_scope", "Forbidden")
            .detail(format!("this needs the role {}", role.as_deref().unwrap_or("of the rule")))
            .missing_role(role);
        Self::new(problem, challenges.insufficient(&[]))
    }

    /// 401: a user name and password that do not belong together, or to nobody, or to an account
    /// that is closed. The answer is the same for all of them.
    pub fn wrong_password(policy: &Policy) -> Self {
        let problem =
            Problem::new(StatusCode::UNAUTHORIZED, "invalid_credentials", "Sign-in refused")
                .detail("the user name or the password is wrong")
                .denied_as(Visit::denial());
        Self::new(problem, Challenges::new(policy, u64::MAX).plain())
    }

    /// 401: a refresh token that is not valid, whatever is wrong with it (RFC 6749).
    pub fn invalid_grant(policy: &Policy) -> Self {
        let problem = Problem::new(StatusCode::UNAUTHORIZED, "invalid_grant", "Invalid grant")
            .detail("the refresh token is not valid; sign in again")
            .denied_as(Visit::denial());
        Self::new(problem, Challenges::new(policy, u64::MAX).plain())
    }

    /// 401: the credential is good, and somebody has to prove anew who they are (RFC 9470).
    pub(crate) fn insufficient_authentication(
        lack: Lack,
        asked: StepUp,
        challenges: &Challenges<'_>,
    ) -> Self {
        let code = "insufficient_user_authentication";
        let detail = match (lack, asked.max_age) {
            (Lack::TooOld, Some(max_age)) => {
                format!("this needs a sign-in, or the password, within the last {} s", max_age.0)
            }
            _ => "this needs a stronger sign-in; WWW-Authenticate says how strong".to_owned(),
        };
        let problem = Problem::new(StatusCode::UNAUTHORIZED, code, "Sign in again").detail(detail);
        Self::new(problem, challenges.step_up(lack, asked))
    }

    /// 500: the guard itself failed, or nothing stands behind it. Nobody is let in.
    pub(crate) fn internal() -> Self {
        Problem::internal().into()
    }

    /// 503: what the answer depends on cannot be reached. Nobody is let in.
    pub(crate) fn unavailable(retry_after: Seconds) -> Self {
        Problem::unavailable().retry_after(retry_after).into()
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        self.problem.status()
    }

    /// The `code` of the body: stable, such as `insufficient_scope`.
    pub fn code(&self) -> &'static str {
        self.problem.code()
    }

    /// The same, with the id that its audit event has.
    pub(crate) fn denied_as(self, id: Option<DenialId>) -> Self {
        Self { problem: self.problem.denied_as(id), ..self }
    }

    fn new(problem: Problem, challenges: Vec<HeaderValue>) -> Self {
        Self { problem, challenges }
    }
}

/// A handler that refuses for reasons of its own.
impl From<Problem> for Denial {
    fn from(problem: Problem) -> Self {
        Self::new(problem, Vec::new())
    }
}

/// 503 for a store that cannot answer, 500 for one that answers what it must not: never an entry.
impl From<StoreError> for Denial {
    fn from(error: StoreError) -> Self {
        tracing::error!(target: "auth", %error, "a request could not be answered");
        match error {
            StoreError::Unavailable(_) | StoreError::Full => Problem::unavailable().into(),
            _ => Self::internal(),
        }
    }
}

/// 422 for a password that is longer than any, 503 where too many are hashed already.
impl From<PasswordError> for Denial {
    fn from(error: PasswordError) -> Self {
        if let PasswordError::TooLong { .. } = error {
            return Problem::unprocessable("the password is longer than any this takes").into();
        }
        tracing::error!(target: "auth", %error, "a password could not be looked at");
        match error {
            PasswordError::Busy => Problem::unavailable().into(),
            _ => Self::internal(),
        }
    }
}

/// 422 with the code of every reason.
impl From<Weaknesses> for Denial {
    fn from(weaknesses: Weaknesses) -> Self {
        Problem::unprocessable("this password is guessed too soon: `reasons` says why")
            .reasons(weaknesses.codes())
            .into()
    }
}

/// 409 for a name that is taken, 404 for an account that is not there.
impl From<AccountError> for Denial {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::NameTaken => {
                Problem::new(StatusCode::CONFLICT, "name_taken", "Name taken")
                    .detail("somebody has this user name; choose another")
                    .into()
            }
            AccountError::NoSuchAccount => Problem::not_found().into(),
            AccountError::Store(error) => error.into(),
            AccountError::Random => Self::internal(),
        }
    }
}

/// 400 for a token that is not valid, whatever is wrong with it.
impl From<ResetError> for Denial {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::Invalid => {
                Problem::new(StatusCode::BAD_REQUEST, "invalid_reset_token", "Invalid token")
                    .detail("the token was used or has expired; ask anew")
                    .denied_as(Visit::denial())
                    .into()
            }
            ResetError::Store(error) => error.into(),
            ResetError::Random => Self::internal(),
        }
    }
}

impl IntoResponse for Denial {
    fn into_response(self) -> Response {
        let mut response = self.problem.into_response();
        for challenge in self.challenges {
            response.headers_mut().append(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

fn invalid_credential() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_token", "Invalid credential")
        .detail("the credential is not valid here; obtain a new one")
}

/// The scopes a rule asks for and those of them that are not in effect.
pub(crate) struct Missing {
    pub(crate) required: Vec<String>,
    pub(crate) lacking: Vec<String>,
    pub(crate) any: bool,
}
