//! What a client is told to present. In: a policy, and the schemes that count. Out: the values of
//! `WWW-Authenticate` (RFC 6750, RFC 9110, RFC 9470).

use auth_policy::{Policy, policy::SchemeKind};
use axum::http::HeaderValue;

use crate::step_up::{Lack, StepUp};

/// One challenge for each kind of credential that a rule names.
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

    /// The same, with what was written before.
    pub(crate) fn with(self, usual: &'a UsualChallenges) -> Self {
        Self { usual: Some(usual), ..self }
    }

    pub(crate) fn plain(&self) -> Vec<HeaderValue> {
        match self.usual {
            Some(usual) => UsualChallenges::among(&usual.plain, self.schemes),
            None => self.each(&Errors::default()),
        }
    }

    pub(crate) fn invalid(&self) -> Vec<HeaderValue> {
        match self.usual {
            Some(usual) => UsualChallenges::among(&usual.invalid, self.schemes),
            None => self.each(&Errors::INVALID_TOKEN),
        }
    }

    pub(crate) fn invalid_api_key(&self) -> Vec<HeaderValue> {
        self.each(&Errors { api_key: INVALID, ..Errors::default() })
    }

    /// The one error of a session's challenge: nothing else says to ask for the password again.
    pub(crate) fn step_up(&self, lack: Lack, asked: StepUp) -> Vec<HeaderValue> {
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

    pub(crate) fn insufficient(&self, required: &[String]) -> Vec<HeaderValue> {
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
