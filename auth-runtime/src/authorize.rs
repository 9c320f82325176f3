//! The decision. In: a request's headers and what a rule asks for. Out: the identity that meets
//! it, or one [`Denial`]; and in either case one audit event with the exact cause.

use std::{
    future::{Future, ready},
    panic::AssertUnwindSafe,
    pin::{Pin, pin},
    sync::Arc,
};

use auth_policy::{Policy, policy::LimitId};
use axum::{extract::MatchedPath, http::request::Parts};
use futures_util::{FutureExt, future::Either};

use crate::{
    Auth, Identity,
    api_key::{self, Disproof},
    audit::{CredentialKind, Decision, DenialId, Event, Kind, PolicyLine, Tag},
    challenge::Challenges,
    clock::Timestamp,
    credential::Presented,
    csrf::{self, Forgery},
    denial::{Denial, Missing},
    discovery::RemoteKeys,
    identity::Verified,
    in_force::InForce,
    jwt::{TokenError, Unverified, VerifiedToken, recall},
    limit::{Caller, Enforcer, Limited},
    oauth::{Unwelcome, client_of, within_ceiling},
    problem::Problem,
    revocation::Disbelief,
    rule::{API_KEY, JWT, Openness, Requirement, SESSION, Schemes},
    session::{self, Distrust},
    step_up::StepUp,
    url,
    visit::Visit,
};

/// An engine looking at one request.
pub(crate) struct Door<'r> {
    /// With one policy for the whole decision.
    visit: &'r Arc<Visit>,
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
    pub(crate) fn new(visit: &'r Arc<Visit>, parts: &'r Parts) -> Self {
        Self { visit, parts, now: visit.auth.now() }
    }

    /// The caller, who meets the requirement.
    pub(crate) async fn authorize(&self, requirement: &Requirement) -> Result<Identity, Denial> {
        let checked = unless_it_panics(pin!(self.check(requirement))).await;
        // Of another policy, the rule's index would name one of ours.
        let rule = requirement.rule_name(self.policy());
        let rule = rule.filter(|_| self.agrees_with(requirement.structure).is_ok());
        let schemes = requirement.schemes.bits(self.policy());
        let id = self.report(rule, schemes, checked.as_ref().map(Some));
        checked.map_err(|refusal| refusal.denial.denied_as(id))
    }

    /// The caller, if a credential of one of the schemes was presented.
    ///
    /// SECURITY: a client that somebody let in is nobody where people alone are known: what is said to
    /// them, no scope stands for.
    pub(crate) async fn identify(&self, openness: &Openness) -> Result<Option<Identity>, Denial> {
        let checked = self.recognise(openness).await;
        if matches!(checked, Ok(None)) {
            return Ok(None);
        }
        let id = self.report(None, openness.schemes, checked.as_ref().map(Option::as_ref));
        let known = checked.map_err(|refusal| refusal.denial.denied_as(id))?;
        let for_people = openness.is_for_people(self.policy());
        Ok(known.filter(|caller| !for_people || !self.is_delegate(caller)))
    }

    /// Reports a request that an extractor behind the guard found forged.
    pub(crate) fn refuse_forged(&self, identity: Option<Identity>, forgery: Forgery) -> Problem {
        let id = self.report(None, 0, Err(&Refusal::forged(forgery, identity)));
        Problem::from(forgery).denied_as(id)
    }

    async fn recognise(&self, openness: &Openness) -> Result<Option<Identity>, Refusal> {
        self.agrees_with(openness.structure)?;
        self.count_stranger(openness.limit).await?;
        let verified = pin!(self.verify(openness.schemes, openness.form));
        let identity = unless_it_panics(verified).await?;
        let caller = identity.as_ref().map_or(Caller::Nobody, Caller::Known);
        self.count_caller(openness.limit, caller).await?;
        Ok(identity)
    }

    async fn check(&self, requirement: &Requirement) -> Result<Identity, Refusal> {
        self.agrees_with(requirement.structure)?;
        self.count_stranger(requirement.limit).await?;
        let schemes = requirement.schemes.bits(self.policy());
        let challenges = self.challenges(schemes);
        let Some(identity) = self.verify(schemes, requirement.form).await? else {
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
        let enforcer = Enforcer::new(self.visit, self.parts);
        let counted = Box::pin(enforcer.before_anything(limit)).await;
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
        let enforcer = Enforcer::new(self.visit, self.parts);
        let counted = Box::pin(enforcer.once_known(limit, of_the_scheme, caller)).await;
        counted.map_err(|Limited { denial, cause }| Refusal {
            identity: identity.cloned(),
            ..Refusal::new(denial, cause)
        })
    }

    /// The limit that every API key is held to, if it was one.
    fn limit_of_keys(&self, identity: &Identity) -> Option<LimitId> {
        let (scheme, keys) = self.policy().api_key()?;
        keys.limit.filter(|_| identity.scheme_id() == scheme)
    }

    /// Whether the handler's ids are those of the engine's policy: `protect` compares them too, but
    /// does not see a handler that axum's own router brought along.
    fn agrees_with(&self, structure: Option<u64>) -> Result<(), Refusal> {
        if structure.is_none_or(|structure| structure == self.policy().structure().0) {
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
        let policy = self.policy();
        if !requirement.names(identity.scheme_id(), policy) {
            return Some((Denial::invalid_token(challenges), "other-scheme"));
        }
        // SECURITY: a client is let in for scopes. What people do with their account no client does
        // for them, and what no scope stands for nobody has let it have.
        if self.is_of_client(identity)
            && (requirement.is_for_people()
                || self.is_delegate(identity) && requirement.refuses_delegates(policy))
        {
            return Some((Denial::not_for_clients(challenges), "client-token"));
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
        // Last: to sign in again helps nobody who lacks anything else.
        let asked = StepUp::of(requirement);
        let lack = asked.lack(identity, policy, self.now)?;
        Some((Denial::insufficient_authentication(lack, asked, challenges), lack.cause()))
    }

    /// Whether it is a client that somebody let in.
    fn is_delegate(&self, identity: &Identity) -> bool {
        self.is_of_client(identity) && identity.acts_for_somebody()
    }

    /// Whether it is a client that came, with a token of our own.
    fn is_of_client(&self, identity: &Identity) -> bool {
        let policy = self.policy();
        let own = policy.jwt().is_some_and(|(scheme, _)| scheme == identity.scheme_id());
        own && policy.oauth().is_some() && identity.client_id().is_some()
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
        let trusted = &self.policy().csrf().trusted_origins;
        csrf::check(self.parts, trusted, identity.csrf()?, in_form).err()
    }

    /// The identity behind the credential that was presented, if one was.
    async fn identity(&self, schemes: u64) -> Result<Option<Identity>, Refusal> {
        let challenges = self.challenges(schemes);
        if self.has_credential_in_url(schemes) {
            return Err(Refusal::new(Denial::invalid_token(&challenges), "credential-in-url"));
        }
        let presented = self.visit.in_force.carriers.find(&self.parts.headers, schemes);
        match presented.map_err(|_| Refusal::new(Denial::ambiguous(), "several-credentials"))? {
            Presented::Nothing => Ok(None),
            Presented::Bearer(token) => {
                let token = self.verify_bearer(token, schemes, &challenges).await?;
                Ok(Some(self.known(token.verified)))
            }
            Presented::AccessCookie(token) => {
                let token = Box::pin(self.verify_cookie(token, &challenges)).await?;
                Ok(Some(self.known(token.verified)))
            }
            Presented::Session(cookie) => {
                let verified = Box::pin(self.verify_session(cookie, &challenges)).await?;
                Ok(Some(self.known(verified)))
            }
            Presented::ApiKey(key) => {
                Box::pin(self.verify_api_key(key, &challenges)).await.map(Some)
            }
        }
    }

    fn known(&self, verified: impl Into<Arc<Verified>>) -> Identity {
        Identity::new(verified.into(), Arc::clone(&self.visit.in_force.policy))
    }

    /// An access token that a cookie carried: one of our own, of a sign-in whose tokens against
    /// forged requests can be told (M03).
    async fn verify_cookie(
        &self,
        token: &[u8],
        challenges: &Challenges<'_>,
    ) -> Result<VerifiedToken, Refusal> {
        let own = self.policy().jwt().and_then(|(scheme, _)| 1u64.checked_shl(scheme.0));
        let mut token = self.verify_bearer(token, own.unwrap_or(0), challenges).await?;
        let csrf = token.family_id().and_then(|family| self.auth().family_csrf(family));
        // SECURITY: without a key there would be nothing to check, so nobody is let in.
        if csrf.is_none() {
            return Err(Refusal::new(Denial::invalid_token(challenges), "cookie-without-family"));
        }
        Arc::make_mut(&mut token.verified).csrf = csrf;
        Ok(token)
    }

    /// What is said by a bearer token that verifies and is not revoked.
    ///
    /// Most tokens are judged without waiting for anybody. What waits is boxed: every handler would
    /// be as long.
    fn verify_bearer<'f>(
        &'f self,
        token: &'f [u8],
        schemes: u64,
        challenges: &'f Challenges<'_>,
    ) -> impl Future<Output = Result<VerifiedToken, Refusal>> + Send + 'f {
        let token = match self.verify_at_once(token, schemes, challenges) {
            Some(Ok(token)) => token,
            Some(Err(refusal)) => return Either::Left(ready(Err(refusal))),
            None => {
                let fetching = self.verify_fetching(token, schemes, challenges);
                return Either::Right(fetching.boxed());
            }
        };
        match self.believe_at_once(&token, challenges) {
            Some(believed) => Either::Left(ready(believed.map(|()| token))),
            None => Either::Right(self.believe(token, challenges).boxed()),
        }
    }

    /// The same of a token for which no keys need be fetched, revoked or not.
    fn verify_at_once(
        &self,
        token: &[u8],
        schemes: u64,
        challenges: &Challenges<'_>,
    ) -> Option<Result<VerifiedToken, Refusal>> {
        let known = recall(token, self.in_force().verifiers(schemes), self.now);
        if let Some(known) = known {
            return Some(known.map_err(|error| refused(error, challenges)));
        }
        let token = match self.read_token(token, schemes) {
            Ok(token) => token,
            Err(error) => return Some(Err(refused(error, challenges))),
        };
        match self.remote_keys(&token) {
            None => Some(token.verify(self.now).map_err(|error| refused(error, challenges))),
            Some(remote) => {
                let verified = remote.verify_at_once(&token, self.now)?;
                Some(verified.map_err(|error| self.refused_by(remote, error, challenges)))
            }
        }
    }

    /// The same of one whose keys are fetched first, and then whether it is revoked.
    async fn verify_fetching(
        &self,
        token: &[u8],
        schemes: u64,
        challenges: &Challenges<'_>,
    ) -> Result<VerifiedToken, Refusal> {
        let token = self.read_token(token, schemes);
        let token = token.map_err(|error| refused(error, challenges))?;
        let verified = match self.remote_keys(&token) {
            None => token.verify(self.now).map_err(|error| refused(error, challenges)),
            Some(remote) => {
                let verified = remote.verify(&token, self.now).await;
                verified.map_err(|error| self.refused_by(remote, error, challenges))
            }
        }?;
        match self.believe_at_once(&verified, challenges) {
            Some(believed) => believed.map(|()| verified),
            None => self.believe(verified, challenges).await,
        }
    }

    fn read_token<'t>(
        &self,
        token: &'t [u8],
        schemes: u64,
    ) -> Result<Unverified<'t, 'r>, TokenError> {
        // Bytes that are no UTF-8 are no base64url either.
        let token = str::from_utf8(token).map_err(|_| TokenError::NotBase64Url)?;
        Unverified::read(token, self.in_force().verifiers(schemes))
    }

    fn remote_keys(&self, token: &Unverified<'_, '_>) -> Option<&'r Arc<RemoteKeys>> {
        self.auth().remote_keys(token.verifier().scheme())
    }

    fn refused_by(
        &self,
        remote: &RemoteKeys,
        error: TokenError,
        challenges: &Challenges<'_>,
    ) -> Refusal {
        match error {
            TokenError::KeysUnavailable => {
                Refusal::new(Denial::unavailable(remote.retry_after(self.now)), error.code())
            }
            error => refused(error, challenges),
        }
    }

    /// Whether a token that verified is believed as it is; `None` where the store must be asked.
    fn believe_at_once(
        &self,
        token: &VerifiedToken,
        challenges: &Challenges<'_>,
    ) -> Option<Result<(), Refusal>> {
        if !self.is_own(token) {
            return Some(Ok(()));
        }
        let judged = match self.auth().revocations() {
            Some(revocations) => revocations.judge_at_once(token, self.now)?,
            None => Ok(()),
        };
        if let Err(disbelief) = judged {
            return Some(Err(disbelieved(disbelief, challenges)));
        }
        match client_of(self.policy(), token) {
            Ok(None) => Some(Ok(())),
            Ok(Some(_)) => None,
            Err(unwelcome) => Some(Err(unwelcomed(unwelcome, challenges))),
        }
    }

    /// What a token of our own that verified is worth, unless it was revoked since: in the hands of
    /// its client, if it has one.
    async fn believe(
        &self,
        token: VerifiedToken,
        challenges: &Challenges<'_>,
    ) -> Result<VerifiedToken, Refusal> {
        if let Some(revocations) = self.auth().revocations() {
            let judged = revocations.judge(&token, self.now).await;
            judged.map_err(|disbelief| disbelieved(disbelief, challenges))?;
        }
        let within = within_ceiling(self.auth(), self.policy(), token).await;
        within.map_err(|unwelcome| unwelcomed(unwelcome, challenges))
    }

    fn is_own(&self, token: &VerifiedToken) -> bool {
        self.policy().jwt().is_some_and(|(scheme, _)| scheme == token.scheme())
    }

    async fn verify_session(
        &self,
        cookie: &[u8],
        challenges: &Challenges<'_>,
    ) -> Result<Verified, Refusal> {
        session::verify(self.auth(), self.in_force(), cookie, self.now).await.map_err(|distrust| {
            match distrust {
                // From outside one bad session is like another.
                Distrust::Bad(cause) => Refusal::new(Denial::invalid_token(challenges), cause),
                Distrust::Store(error) => Refusal::new(error.into(), "store-unavailable"),
            }
        })
    }

    async fn verify_api_key(
        &self,
        key: &[u8],
        challenges: &Challenges<'_>,
    ) -> Result<Identity, Refusal> {
        let verified = api_key::verify(self.auth(), self.in_force(), key, self.now).await;
        match verified.ok_or_else(|| Refusal::new(Denial::internal(), "no-api-keys"))? {
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
        let policy = self.policy();
        self.parts.uri.query().is_some_and(|query| {
            let own = Schemes::Own(JWT | API_KEY | SESSION).bits(policy);
            let keys = policy.api_key().map(|(_, settings)| settings);
            own & schemes != 0 && url::carries_credential(query, keys)
        })
    }

    fn auth(&self) -> &'r Auth {
        &self.visit.auth
    }

    fn in_force(&self) -> &'r InForce {
        &self.visit.in_force
    }

    fn policy(&self) -> &'r Policy {
        &self.visit.in_force.policy
    }

    fn challenges(&self, schemes: u64) -> Challenges<'_> {
        self.in_force().challenges(schemes)
    }

    /// Makes the one event of the decision, if anybody takes notice of it; the id of the refusal, if
    /// it is one.
    fn report(
        &self,
        rule: Option<&str>,
        schemes: u64,
        outcome: Result<Option<&Identity>, &Refusal>,
    ) -> Option<DenialId> {
        let policy = self.policy();
        let (decision, identity, cause) = match outcome {
            Ok(identity) => (Decision::Allow, identity, None),
            Err(refusal) => {
                let failed = refusal.denial.status().is_server_error();
                let decision = if failed { Decision::Error } else { Decision::Deny };
                (decision, refusal.identity.as_ref(), Some(refusal.cause))
            }
        };
        let denial = cause.and_then(|_| DenialId::random());
        let audit = self.auth().audit();
        if !audit.wants(Kind::Access, decision) {
            return denial;
        }
        let scheme = identity.and_then(|identity| policy.scheme(identity.scheme_id()));
        // What was presented matters only where nobody was found behind it.
        let presented = identity.is_none().then(|| self.presented(schemes)).flatten();
        audit.record(&Event {
            decision,
            subject: identity.map(Identity::subject),
            scheme: scheme.map(|scheme| scheme.name.as_str()),
            credential_kind: scheme
                .map(|scheme| CredentialKind::of(&scheme.kind))
                .or(presented.map(|(kind, _)| kind)),
            credential: identity.and_then(Identity::credential_id),
            presented: presented.and_then(|(_, bytes)| Tag::of_credential(bytes)),
            method: Some(self.visit.method),
            route: self.parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str),
            address: self.visit.address,
            rule,
            place: match rule {
                Some(rule) => PolicyLine::of_rule(policy, rule),
                None => scheme.map(|scheme| PolicyLine::of_scheme(policy, scheme)),
            },
            cause,
            request_id: self.visit.request_id(),
            denial,
            ..Event::new(self.now, Kind::Access, policy.revision().clone())
        });
        denial
    }

    /// The credential that was presented, unverified, and of which kind it says to be.
    fn presented(&self, schemes: u64) -> Option<(CredentialKind, &'r [u8])> {
        match self.visit.in_force.carriers.find(&self.parts.headers, schemes).ok()? {
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
///
/// Pinned where it was made: a check is a few kilobytes long, too much to move about.
async fn unless_it_panics<T>(
    check: Pin<&mut impl Future<Output = Result<T, Refusal>>>,
) -> Result<T, Refusal> {
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

fn disbelieved(disbelief: Disbelief, challenges: &Challenges<'_>) -> Refusal {
    match disbelief {
        Disbelief::Revoked => Refusal::new(Denial::invalid_token(challenges), "revoked"),
        Disbelief::Stale => Refusal::new(Problem::unavailable().into(), "revocations-stale"),
    }
}

fn unwelcomed(unwelcome: Unwelcome, challenges: &Challenges<'_>) -> Refusal {
    match unwelcome {
        Unwelcome::Client(cause) => Refusal::new(Denial::invalid_token(challenges), cause),
        Unwelcome::Store(error) => Refusal::new(error.into(), "store-unavailable"),
    }
}
