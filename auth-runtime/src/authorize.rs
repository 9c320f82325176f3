//! The decision. In: a request's headers and what a rule asks for. Out: the identity that meets
//! it, or one [`Denial`]; and in either case one audit event with the exact cause.

use std::panic::AssertUnwindSafe;

use axum::{extract::MatchedPath, http::request::Parts};
use futures_util::FutureExt;

use crate::{
    Auth, Identity,
    audit::{
        CredentialKind, Decision, DenialId, Event, Kind, PolicyLine, Scene, Tag, known_method,
        request_id,
    },
    clock::Timestamp,
    credential::Presented,
    denial::{Challenges, Denial, Missing},
    jwt::{TokenError, Unverified, VerifiedToken},
    problem::Problem,
    revocation::Disbelief,
    rule::{Openness, Requirement},
};

/// An engine looking at one request.
pub(crate) struct Door<'r> {
    auth: &'r Auth,
    parts: &'r Parts,
    /// One moment for the whole decision.
    now: Timestamp,
}

/// A denial, and what the audit event says of it.
struct Refusal {
    denial: Denial,
    cause: &'static str,
    identity: Option<Identity>,
}

impl Refusal {
    fn new(denial: Denial, cause: &'static str) -> Self {
        Self { denial, cause, identity: None }
    }
}

impl<'r> Door<'r> {
    pub(crate) fn new(auth: &'r Auth, parts: &'r Parts) -> Self {
        Self { auth, parts, now: auth.now() }
    }

    /// The caller, who meets the requirement.
    pub(crate) async fn authorize(&self, requirement: &Requirement) -> Result<Identity, Denial> {
        let checked = unless_it_panics(self.check(requirement)).await;
        // Of another policy, the rule's index would name one of ours.
        let rule = requirement.rule_name(self.auth.policy());
        let rule = rule.filter(|_| self.agrees_with(requirement.structure).is_ok());
        let schemes = requirement.schemes.bits(self.auth.policy());
        let id = self.report(rule, schemes, checked.as_ref().map(Some));
        checked.map_err(|refusal| refusal.denial.denied_as(id))
    }

    /// The caller, if a credential of one of the schemes was presented.
    pub(crate) async fn identify(&self, openness: &Openness) -> Result<Option<Identity>, Denial> {
        let checked = match self.agrees_with(openness.structure) {
            Ok(()) => unless_it_panics(self.verify(openness.schemes)).await,
            Err(refusal) => Err(refusal),
        };
        if matches!(checked, Ok(None)) {
            return Ok(None);
        }
        let id = self.report(None, openness.schemes, checked.as_ref().map(Option::as_ref));
        checked.map_err(|refusal| refusal.denial.denied_as(id))
    }

    async fn check(&self, requirement: &Requirement) -> Result<Identity, Refusal> {
        self.agrees_with(requirement.structure)?;
        let schemes = requirement.schemes.bits(self.auth.policy());
        let challenges = self.challenges(schemes);
        let Some(identity) = self.verify(schemes).await? else {
            return Err(Refusal::new(Denial::unauthenticated(&challenges), "no-credential"));
        };
        match self.shortfall(&identity, requirement, &challenges) {
            None => Ok(identity),
            Some((denial, cause)) => Err(Refusal { denial, cause, identity: Some(identity) }),
        }
    }

    /// Whether the handler's ids are those of the engine's policy: `protect` compares them too, but
    /// does not see a handler that axum's own router brought along.
    fn agrees_with(&self, structure: Option<u64>) -> Result<(), Refusal> {
        if structure.is_none_or(|structure| structure == self.auth.policy().structure().0) {
            Ok(())
        } else {
            Err(Refusal::new(Denial::internal(), "other-policy"))
        }
    }

    /// What the identity lacks to meet the requirement.
    fn shortfall(
        &self,
        identity: &Identity,
        requirement: &Requirement,
        challenges: &Challenges<'_>,
    ) -> Option<(Denial, &'static str)> {
        let policy = self.auth.policy();
        if !requirement.names(identity.scheme_id(), policy) {
            return Some((Denial::invalid_token(challenges), "other-scheme"));
        }
        if !identity.satisfies_role(requirement) {
            let role = requirement.role_name(policy).map(str::to_owned);
            return Some((Denial::insufficient_role(role, challenges), "missing-role"));
        }
        if !identity.satisfies_scopes(requirement) {
            let required = || requirement.scope_names(policy);
            let lacking = required().filter(|name| !identity.has_scope(name));
            let missing = Missing {
                lacking: lacking.map(str::to_owned).collect(),
                required: required().map(str::to_owned).collect(),
                any: requirement.any_scope,
            };
            return Some((Denial::insufficient_scope(missing, challenges), "missing-scope"));
        }
        None
    }

    /// The identity behind the credential that was presented, if one was.
    async fn verify(&self, schemes: u64) -> Result<Option<Identity>, Refusal> {
        let challenges = self.challenges(schemes);
        let presented = self.auth.carriers().find(&self.parts.headers, schemes);
        match presented.map_err(|_| Refusal::new(Denial::ambiguous(), "several-credentials"))? {
            Presented::Nothing => Ok(None),
            Presented::Bearer(token) => {
                self.verify_bearer(token, schemes, &challenges).await.map(Some)
            }
            Presented::AccessCookie(_) | Presented::ApiKey(_) | Presented::Session(_) => {
                Err(Refusal::new(Denial::invalid_token(&challenges), "scheme-not-supported-yet"))
            }
        }
    }

    async fn verify_bearer(
        &self,
        token: &[u8],
        schemes: u64,
        challenges: &Challenges<'_>,
    ) -> Result<Identity, Refusal> {
        // Bytes that are no UTF-8 are no base64url either.
        let token = str::from_utf8(token).map_err(|_| TokenError::NotBase64Url);
        let token = token.and_then(|token| Unverified::read(token, self.auth.verifiers(schemes)));
        let token = token.map_err(|error| refused(error, challenges))?;
        let remote = self.auth.remote_keys(token.verifier().scheme());
        let verified = match remote {
            Some(remote) => remote.verify(&token, self.now).await,
            None => token.verify(self.now),
        };
        match (verified, remote) {
            (Ok(token), _) => self.believe(token, challenges).await,
            (Err(error @ TokenError::KeysUnavailable), Some(remote)) => {
                let denial = Denial::unavailable(remote.retry_after(self.now));
                Err(Refusal::new(denial, error.code()))
            }
            (Err(error), _) => Err(refused(error, challenges)),
        }
    }

    /// The identity behind a token that verified, unless it was revoked since.
    async fn believe(
        &self,
        token: VerifiedToken,
        challenges: &Challenges<'_>,
    ) -> Result<Identity, Refusal> {
        let own = self.auth.policy().jwt().is_some_and(|(scheme, _)| scheme == token.scheme());
        let revocations = self.auth.revocations().filter(|_| own);
        let judged = match revocations {
            Some(revocations) => revocations.judge(&token, self.now).await,
            None => Ok(()),
        };
        match judged {
            Ok(()) => Ok(Identity::new(token.into(), self.auth.shared_policy())),
            Err(Disbelief::Revoked) => {
                Err(Refusal::new(Denial::invalid_token(challenges), "revoked"))
            }
            Err(Disbelief::Stale) => {
                Err(Refusal::new(Problem::unavailable().into(), "revocations-stale"))
            }
        }
    }

    fn challenges(&self, schemes: u64) -> Challenges<'r> {
        Challenges::new(self.auth.policy(), schemes)
    }

    /// Makes the one event of the decision; the id of the refusal, if it is one.
    fn report(
        &self,
        rule: Option<&str>,
        schemes: u64,
        outcome: Result<Option<&Identity>, &Refusal>,
    ) -> Option<DenialId> {
        let policy = self.auth.policy();
        let (decision, identity, cause) = match outcome {
            Ok(identity) => (Decision::Allow, identity, None),
            Err(refusal) => {
                let failed = refusal.denial.status().is_server_error();
                let decision = if failed { Decision::Error } else { Decision::Deny };
                (decision, refusal.identity.as_ref(), Some(refusal.cause))
            }
        };
        let scheme = identity.and_then(|identity| policy.scheme(identity.scheme_id()));
        // What was presented matters only where nobody was found behind it.
        let presented = identity.is_none().then(|| self.presented(schemes)).flatten();
        let denial = cause.and_then(|_| DenialId::random());
        self.auth.audit().record(&Event {
            decision,
            subject: identity.map(Identity::subject),
            scheme: scheme.map(|scheme| scheme.name.as_str()),
            credential_kind: scheme
                .map(|scheme| CredentialKind::of(&scheme.kind))
                .or(presented.map(|(kind, _)| kind)),
            credential: identity.and_then(Identity::credential_id),
            presented: presented.and_then(|(_, bytes)| Tag::of_credential(bytes)),
            method: Some(known_method(&self.parts.method)),
            route: self.parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str),
            address: Scene::address(),
            rule,
            place: match rule {
                Some(rule) => PolicyLine::of_rule(policy, rule),
                None => scheme.map(|scheme| PolicyLine::of_scheme(policy, scheme)),
            },
            cause,
            request_id: request_id(&self.parts.headers),
            denial,
            ..Event::new(self.now, Kind::Access, policy.revision())
        });
        denial
    }

    /// The credential that was presented, unverified, and of which kind it says to be.
    fn presented(&self, schemes: u64) -> Option<(CredentialKind, &'r [u8])> {
        match self.auth.carriers().find(&self.parts.headers, schemes).ok()? {
            Presented::Nothing => None,
            Presented::Bearer(token) | Presented::AccessCookie(token) => {
                Some((CredentialKind::AccessToken, token))
            }
            Presented::ApiKey(key) => Some((CredentialKind::ApiKey, key)),
            Presented::Session(cookie) => Some((CredentialKind::Session, cookie)),
        }
    }
}

/// What a check says.
///
/// SECURITY: when it panics, nobody is let in, and the refusal is an event like every other.
async fn unless_it_panics<T>(check: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    AssertUnwindSafe(check).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(target: "auth", "a check panicked: the request was refused");
        Err(Refusal::new(Denial::internal(), "check-panicked"))
    })
}

/// Every token that is not good looks the same from outside, but for one that expired (E2).
fn refused(error: TokenError, challenges: &Challenges<'_>) -> Refusal {
    let denial = match error {
        TokenError::Expired => Denial::token_expired(challenges),
        _ => Denial::invalid_token(challenges),
    };
    Refusal::new(denial, error.code())
}
