//! The decision. In: a request's headers and what a rule asks for. Out: the identity that meets
//! it, or one [`Denial`]; and in either case one audit event with the exact cause.

use axum::{extract::MatchedPath, http::request::Parts};

use crate::{
    Auth, Identity,
    api_key::Disproof,
    audit::{Decision, Event, Kind},
    clock::Timestamp,
    credential::Presented,
    csrf::{self, Forgery},
    denial::{Challenges, Denial, Missing},
    identity::Verified,
    jwt::{TokenError, Unverified, VerifiedToken},
    problem::Problem,
    revocation::{Disbelief, FAMILY_CLAIM},
    rule::{API_KEY, JWT, Openness, Requirement, SESSION, Schemes},
    session::{self, Distrust},
    url,
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

    fn forged(forgery: Forgery, identity: Option<Identity>) -> Self {
        Self { denial: Problem::from(forgery).into(), cause: forgery.cause(), identity }
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
        let checked = match self.agrees_with(openness.structure) {
            Ok(()) => self.verify(openness.schemes, openness.form).await,
            Err(refusal) => Err(refusal),
        };
        if !matches!(checked, Ok(None)) {
            self.report(None, checked.as_ref().map(Option::as_ref));
        }
        checked.map_err(|refusal| refusal.denial)
    }

    /// Reports a request that an extractor behind the guard found forged.
    pub(crate) fn refuse_forged(&self, identity: Option<Identity>, forgery: Forgery) -> Problem {
        self.report(None, Err(&Refusal::forged(forgery, identity)));
        forgery.into()
    }

    async fn check(&self, requirement: &Requirement) -> Result<Identity, Refusal> {
        self.agrees_with(requirement.structure)?;
        let schemes = requirement.schemes.bits(self.auth.policy());
        let challenges = self.challenges(schemes);
        let Some(identity) = self.verify(schemes, requirement.form).await? else {
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

    /// The identity behind the credential that was presented, if one was, and if the request comes
    /// from our own pages.
    async fn verify(&self, schemes: u64, in_form: bool) -> Result<Option<Identity>, Refusal> {
        let Some(identity) = self.identity(schemes).await? else { return Ok(None) };
        match self.forgery(&identity, in_form) {
            None => Ok(Some(identity)),
            Some(forgery) => Err(Refusal::forged(forgery, Some(identity))),
        }
    }

    /// What speaks against a request whose credential came in a cookie. With any other credential
    /// it was no browser by itself that sent it.
    fn forgery(&self, identity: &Identity, in_form: bool) -> Option<Forgery> {
        let trusted = &self.auth.policy().csrf().trusted_origins;
        csrf::check(self.parts, trusted, identity.csrf()?, in_form).err()
    }

    /// The identity behind the credential that was presented, if one was.
    async fn identity(&self, schemes: u64) -> Result<Option<Identity>, Refusal> {
        let challenges = self.challenges(schemes);
        if self.has_credential_in_url(schemes) {
            return Err(Refusal::new(Denial::invalid_token(&challenges), "credential-in-url"));
        }
        let presented = self.auth.carriers().find(&self.parts.headers, schemes);
        match presented.map_err(|_| Refusal::new(Denial::ambiguous(), "several-credentials"))? {
            Presented::Nothing => Ok(None),
            Presented::Bearer(token) => {
                let verified = self.verify_bearer(token, schemes, &challenges).await?;
                Ok(Some(self.known(verified)))
            }
            Presented::AccessCookie(token) => {
                let verified = self.verify_cookie(token, &challenges).await?;
                Ok(Some(self.known(verified)))
            }
            Presented::Session(cookie) => {
                let verified = self.verify_session(cookie, &challenges).await?;
                Ok(Some(self.known(verified)))
            }
            Presented::ApiKey(key) => self.verify_api_key(key, &challenges).await.map(Some),
        }
    }

    fn known(&self, verified: Verified) -> Identity {
        Identity::new(verified, self.auth.shared_policy())
    }

    /// An access token that a cookie carried: one of our own, of a sign-in whose tokens against
    /// forged requests can be told (M03).
    async fn verify_cookie(
        &self,
        token: &[u8],
        challenges: &Challenges<'_>,
    ) -> Result<Verified, Refusal> {
        let own = self.auth.policy().jwt().and_then(|(scheme, _)| 1u64.checked_shl(scheme.0));
        let mut verified = self.verify_bearer(token, own.unwrap_or(0), challenges).await?;
        let family = verified.claims.get(FAMILY_CLAIM).and_then(|claim| claim.as_str());
        verified.csrf = family.and_then(|family| self.auth.family_csrf(family));
        // SECURITY: without a key there would be nothing to check, so nobody is let in.
        if verified.csrf.is_none() {
            return Err(Refusal::new(Denial::invalid_token(challenges), "cookie-without-family"));
        }
        Ok(verified)
    }

    async fn verify_bearer(
        &self,
        token: &[u8],
        schemes: u64,
        challenges: &Challenges<'_>,
    ) -> Result<Verified, Refusal> {
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

    async fn verify_session(
        &self,
        cookie: &[u8],
        challenges: &Challenges<'_>,
    ) -> Result<Verified, Refusal> {
        session::verify(self.auth, cookie, self.now).await.map_err(|distrust| match distrust {
            // From outside one bad session is like another.
            Distrust::Bad(cause) => Refusal::new(Denial::invalid_token(challenges), cause),
            Distrust::Store(error) => Refusal::new(error.into(), "store-unavailable"),
        })
    }

    /// What a token that verified is worth, unless it was revoked since.
    async fn believe(
        &self,
        token: VerifiedToken,
        challenges: &Challenges<'_>,
    ) -> Result<Verified, Refusal> {
        let own = self.auth.policy().jwt().is_some_and(|(scheme, _)| scheme == token.scheme());
        let revocations = self.auth.revocations().filter(|_| own);
        let judged = match revocations {
            Some(revocations) => revocations.judge(&token, self.now).await,
            None => Ok(()),
        };
        match judged {
            Ok(()) => Ok(token.into()),
            Err(Disbelief::Revoked) => {
                Err(Refusal::new(Denial::invalid_token(challenges), "revoked"))
            }
            Err(Disbelief::Stale) => {
                Err(Refusal::new(Problem::unavailable().into(), "revocations-stale"))
            }
        }
    }

    async fn verify_api_key(
        &self,
        key: &[u8],
        challenges: &Challenges<'_>,
    ) -> Result<Identity, Refusal> {
        let keys = self.auth.api_keys();
        let keys = keys.ok_or_else(|| Refusal::new(Denial::internal(), "no-api-keys"))?;
        match keys.verify(key, self.now).await {
            Ok(verified) => Ok(self.known(verified)),
            Err(Disproof::Invalid { cause, holder }) => {
                let identity = holder.map(|verified| self.known(*verified));
                Err(Refusal { denial: Denial::invalid_api_key(challenges), cause, identity })
            }
            Err(Disproof::Store(error)) => Err(Refusal::new(error.into(), "store-unavailable")),
        }
    }

    /// Whether a rule that names credentials of ours is asked with one where none may be.
    fn has_credential_in_url(&self, schemes: u64) -> bool {
        let policy = self.auth.policy();
        self.parts.uri.query().is_some_and(|query| {
            let own = Schemes::Own(JWT | API_KEY | SESSION).bits(policy);
            let keys = policy.api_key().map(|(_, settings)| settings);
            own & schemes != 0 && url::carries_credential(query, keys)
        })
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
