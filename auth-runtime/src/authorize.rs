//! The decision. In: a request's headers and what a rule asks for. Out: the identity that meets
//! it, or one [`Denial`]; and in either case one audit event with the exact cause.

use auth_policy::policy::LimitId;
use axum::{extract::MatchedPath, http::request::Parts};

use crate::{
    Auth, Identity,
    audit::{Decision, Event, Kind},
    clock::Timestamp,
    credential::Presented,
    denial::{Challenges, Denial, Missing},
    jwt::{TokenError, Unverified, VerifiedToken},
    limit::{Caller, Enforcer, Limited},
    problem::Problem,
    revocation::Disbelief,
    rule::{Openness, Requirement},
};

/// The longest `X-Request-Id` that an event repeats, in bytes.
const MAX_REQUEST_ID: usize = 128;

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
        let checked = self.check(requirement).await;
        // Of another policy, the rule's index would name one of ours.
        let rule = requirement.rule_name(self.auth.policy());
        let rule = rule.filter(|_| self.agrees_with(requirement.structure).is_ok());
        self.report(rule, checked.as_ref().map(Some));
        checked.map_err(|refusal| refusal.denial)
    }

    /// The caller, if a credential of one of the schemes was presented.
    pub(crate) async fn identify(&self, openness: &Openness) -> Result<Option<Identity>, Denial> {
        let checked = self.recognise(openness).await;
        if !matches!(checked, Ok(None)) {
            self.report(None, checked.as_ref().map(Option::as_ref));
        }
        checked.map_err(|refusal| refusal.denial)
    }

    async fn recognise(&self, openness: &Openness) -> Result<Option<Identity>, Refusal> {
        self.agrees_with(openness.structure)?;
        self.count_stranger(openness.limit).await?;
        let identity = self.verify(openness.schemes).await?;
        let caller = identity.as_ref().map_or(Caller::Nobody, Caller::Known);
        self.count_caller(openness.limit, caller).await?;
        Ok(identity)
    }

    async fn check(&self, requirement: &Requirement) -> Result<Identity, Refusal> {
        self.agrees_with(requirement.structure)?;
        self.count_stranger(requirement.limit).await?;
        let schemes = requirement.schemes.bits(self.auth.policy());
        let challenges = self.challenges(schemes);
        let Some(identity) = self.verify(schemes).await? else {
            return Err(Refusal::new(Denial::unauthenticated(&challenges), "no-credential"));
        };
        self.count_caller(requirement.limit, Caller::Known(&identity)).await?;
        match self.shortfall(&identity, requirement, &challenges) {
            None => Ok(identity),
            Some((denial, cause)) => Err(Refusal { denial, cause, identity: Some(identity) }),
        }
    }

    /// Counts the request before anything is verified, read or fetched for it.
    async fn count_stranger(&self, limit: Option<LimitId>) -> Result<(), Refusal> {
        let Some(limit) = limit else { return Ok(()) };
        let counted = Enforcer::new(self.auth, self.parts).before_anything(limit).await;
        counted.map_err(|Limited { denial, cause }| Refusal::new(denial, cause))
    }

    /// Counts it once the caller is known.
    async fn count_caller(
        &self,
        limit: Option<LimitId>,
        caller: Caller<'_>,
    ) -> Result<(), Refusal> {
        let identity = match caller {
            Caller::Known(identity) => Some(identity),
            Caller::Named(_) | Caller::Nobody => None,
        };
        let of_the_scheme = identity.and_then(|identity| self.limit_of_keys(identity));
        if limit.is_none() && of_the_scheme.is_none() {
            return Ok(());
        }
        let enforcer = Enforcer::new(self.auth, self.parts);
        let counted = enforcer.once_known(limit, of_the_scheme, caller).await;
        counted.map_err(|Limited { denial, cause }| Refusal {
            identity: identity.cloned(),
            ..Refusal::new(denial, cause)
        })
    }

    /// The limit that every API key is held to, if it was one.
    fn limit_of_keys(&self, identity: &Identity) -> Option<LimitId> {
        let (scheme, keys) = self.auth.policy().api_key()?;
        keys.limit.filter(|_| identity.scheme_id() == scheme)
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

    fn report(&self, rule: Option<&str>, outcome: Result<Option<&Identity>, &Refusal>) {
        let (decision, identity, cause) = match outcome {
            Ok(identity) => (Decision::Allow, identity, None),
            Err(refusal) => {
                let failed = refusal.denial.status().is_server_error();
                let decision = if failed { Decision::Error } else { Decision::Deny };
                (decision, refusal.identity.as_ref(), Some(refusal.cause))
            }
        };
        self.auth.audit().record(&Event {
            at: self.now,
            kind: Kind::Access,
            decision,
            subject: identity.map(Identity::subject),
            scheme: identity.map(Identity::scheme),
            credential: identity.and_then(Identity::credential_id),
            method: Some(self.method()),
            route: self.parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str),
            rule,
            cause,
            policy: self.auth.policy().revision(),
            request_id: self.request_id(),
        });
    }

    /// The request's method; of one that a stranger made up, no more than that.
    fn method(&self) -> &'static str {
        const KNOWN: [&str; 9] =
            ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
        let method = self.parts.method.as_str();
        KNOWN.into_iter().find(|known| *known == method).unwrap_or("other")
    }

    fn request_id(&self) -> Option<&'r str> {
        let id = self.parts.headers.get("x-request-id")?.to_str().ok()?;
        let plain = id.len() <= MAX_REQUEST_ID && id.bytes().all(|byte| byte.is_ascii_graphic());
        plain.then_some(id)
    }
}

/// Every token that is not good looks the same from outside, but for one that expired (E2).
fn refused(error: TokenError, challenges: &Challenges<'_>) -> Refusal {
    let denial = match error {
        TokenError::Expired => Denial::token_expired(challenges),
        _ => Denial::invalid_token(challenges),
    };
    Refusal::new(denial, error.code())
}
