//! Refusals, mapped in one place. In: why a guard does not let a request through. Out: status,
//! problem body and `WWW-Authenticate` (RFC 6750, RFC 9110).

use auth_policy::{Policy, policy::SchemeKind, settings::Seconds};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{
    account::AccountError,
    audit::DenialId,
    in_force::InForce,
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

/// What a client is told to present: one challenge for each kind of credential a rule names.
pub(crate) struct Challenges<'a> {
    policy: &'a Policy,
    schemes: u64,
    /// Those that are the same for every request, where they were written before.
    usual: Option<&'a UsualChallenges>,
}

/// The challenges of each scheme of a policy that are the same for every request, written once. In
/// the order they are sent.
#[derive(Debug)]
pub(crate) struct UsualChallenges {
    plain: Vec<(u64, HeaderValue)>,
    invalid: Vec<(u64, HeaderValue)>,
}

impl UsualChallenges {
    pub(crate) fn of(policy: &Policy) -> Self {
        let bits = (0u32..).zip(policy.schemes()).filter_map(|(id, _)| 1u64.checked_shl(id));
        let written = |errors: &Errors<'_>| {
            let of = |bit| Challenges::new(policy, bit).each(errors).into_iter();
            let each = bits.clone().flat_map(|bit| of(bit).map(move |challenge| (bit, challenge)));
            let mut all: Vec<_> = each.collect();
            all.sort_by_key(|(_, challenge)| !is_bearer(challenge));
            all
        };
        Self { plain: written(&Errors::default()), invalid: written(&Errors::INVALID_TOKEN) }
    }

    /// Those of some schemes, each once.
    fn among(all: &[(u64, HeaderValue)], schemes: u64) -> Vec<HeaderValue> {
        let mut challenges = Vec::with_capacity(1);
        for (_, challenge) in all.iter().filter(|(bit, _)| bit & schemes != 0) {
            if !challenges.contains(challenge) {
                challenges.push(challenge.clone());
            }
        }
        challenges
    }
}

/// What is added to the challenges: `error` of RFC 6750 belongs to Bearer alone, and what says the
/// same of another credential is in the challenge for that.
#[derive(Default)]
struct Errors<'e> {
    bearer: &'e str,
    api_key: &'e str,
    session: &'e str,
}

impl Errors<'static> {
    const INVALID_TOKEN: Self = Self { bearer: INVALID, api_key: "", session: "" };
}

/// What is added to the challenge of a credential that was presented and is not good.
const INVALID: &str = r#", error="invalid_token", error_description="the credential is not valid""#;

impl<'a> Challenges<'a> {
    pub(crate) fn new(policy: &'a Policy, schemes: u64) -> Self {
        Self { policy, schemes, usual: None }
    }

    /// The same for a policy in force.
    pub(crate) fn in_force(in_force: &'a InForce, schemes: u64) -> Self {
        Self { usual: Some(&in_force.challenges), ..Self::new(&in_force.policy, schemes) }
    }

    fn plain(&self) -> Vec<HeaderValue> {
        match self.usual {
            Some(usual) => UsualChallenges::among(&usual.plain, self.schemes),
            None => self.each(&Errors::default()),
        }
    }

    fn invalid(&self) -> Vec<HeaderValue> {
        match self.usual {
            Some(usual) => UsualChallenges::among(&usual.invalid, self.schemes),
            None => self.each(&Errors::INVALID_TOKEN),
        }
    }

    fn invalid_api_key(&self) -> Vec<HeaderValue> {
        self.each(&Errors { api_key: INVALID, ..Errors::default() })
    }

    /// The one error of a session's challenge: nothing else says to ask for the password again.
    fn step_up(&self, lack: Lack, asked: StepUp) -> Vec<HeaderValue> {
        let description = match lack {
            Lack::TooOld => "a more recent authentication is required",
            Lack::TooWeak => "a stronger authentication is required",
        };
        let mut error = format!(
            r#", error="insufficient_user_authentication", error_description="{description}""#
        );
        if let Some(max_age) = asked.max_age {
            error.push_str(&format!(r#", max_age="{}""#, max_age.0));
        }
        let acr_values: Vec<_> = asked.acr_values(self.policy).collect();
        if !acr_values.is_empty() {
            error.push_str(&format!(r#", acr_values="{}""#, acr_values.join(" ")));
        }
        self.each(&Errors { bearer: &error, session: &error, ..Errors::default() })
    }

    fn insufficient(&self, required: &[String]) -> Vec<HeaderValue> {
        let scope = required.join(" ");
        let scope = if scope.is_empty() { scope } else { format!(r#", scope="{scope}""#) };
        let error = format!(r#", error="insufficient_scope"{scope}"#);
        self.each(&Errors { bearer: &error, ..Errors::default() })
    }

    /// One challenge per authentication scheme.
    fn each(&self, errors: &Errors<'_>) -> Vec<HeaderValue> {
        let mut challenges = Vec::new();
        let named = self.policy.schemes().iter().zip(0u32..);
        for (scheme, _) in named.filter(|(_, id)| self.schemes >> id & 1 == 1) {
            let challenge = match &scheme.kind {
                SchemeKind::Jwt(jwt) => bearer(&jwt.audience, errors.bearer),
                SchemeKind::Issuer(issuer) => bearer(&issuer.audience, errors.bearer),
                SchemeKind::ApiKey(key) => {
                    format!("ApiKey header={}{}", quoted(&key.header), errors.api_key)
                }
                SchemeKind::Session(session) => {
                    format!("Cookie name={}{}", quoted(&session.cookie), errors.session)
                }
            };
            let Ok(challenge) = HeaderValue::try_from(challenge) else { continue };
            if !challenges.contains(&challenge) {
                challenges.push(challenge);
            }
        }
        challenges.sort_by_key(|challenge| !is_bearer(challenge));
        challenges
    }
}

/// Whether a challenge comes first: some clients look at the first one alone, and Bearer is what they
/// look for.
fn is_bearer(challenge: &HeaderValue) -> bool {
    challenge.as_bytes().starts_with(b"Bearer")
}

fn bearer(audience: &str, error: &str) -> String {
    format!("Bearer realm={}{error}", quoted(audience))
}

/// A quoted-string of RFC 9110.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted.push('"');
    quoted
}
