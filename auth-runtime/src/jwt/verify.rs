//! Verifying access tokens. In: a token of one issuer, that issuer's keys and rules, the time. Out:
//! a [`VerifiedToken`], or the first reason against it.
//!
//! The order is: length and form, header against the issuer's algorithms, key, signature, claims,
//! and expiry last, so that `Expired` is said of tokens that were good (E2). No step costs more
//! when it refuses than when it passes.

use std::{borrow::Cow, sync::Arc};

use auth_policy::{
    Policy,
    policy::{SchemeId, SchemeKind},
    settings::{Algorithm, Seconds, TokenType},
};

use super::{
    claims::{Claims, REGISTERED},
    compact::{self, Compact},
    header::{Header, Kind},
    key::Key,
    key_error::KeyError,
    key_set::KeySet,
    keyring::{Keyring, Ring},
    recent::RecentTokens,
    rights::Rights,
    setup_error::SetupError,
    token_error::TokenError,
    verified::VerifiedToken,
};
use crate::{
    clock::Timestamp,
    identity::{Subject, Verified},
};

/// The longest `sub`, `jti` and `client_id`, in bytes (OpenID Connect has 255 for `sub`).
pub const MAX_NAME_BYTES: usize = 255;

/// What tokens of one issuer must be, and what their claims are worth.
#[derive(Debug)]
pub struct Verifier {
    scheme: SchemeId,
    issuer: Arc<str>,
    audience: Box<str>,
    algorithms: Vec<Algorithm>,
    token_type: TokenType,
    /// In seconds.
    leeway: i64,
    /// Whether `iat` and `jti` must be there: tokens of our own are revoked by them.
    own: bool,
    rights: Rights,
    keys: Keyring,
    /// Tokens that need not be verified anew.
    recent: Option<RecentTokens>,
}

impl Verifier {
    /// Verifies the tokens this service issues: `schemes.jwt`.
    ///
    /// # Errors
    ///
    /// When the policy declares no such scheme, or a key is for an algorithm it does not list.
    pub fn own(policy: &Policy, keys: impl Into<Arc<KeySet>>) -> Result<Self, SetupError> {
        Self::own_with(policy, Keyring::new(keys))
    }

    /// The same with keys that others hold as well.
    pub(crate) fn own_with(policy: &Policy, keys: Keyring) -> Result<Self, SetupError> {
        let (scheme, jwt) = policy.jwt().ok_or(SetupError::NoJwtScheme)?;
        keys.load().keys().check(&jwt.algorithms)?;
        Ok(Self {
            scheme,
            issuer: jwt.issuer.as_str().into(),
            audience: jwt.audience.as_str().into(),
            algorithms: jwt.algorithms.clone(),
            token_type: TokenType::AtJwt,
            leeway: seconds(jwt.leeway),
            own: true,
            rights: Rights::own(policy),
            keys,
            recent: None,
        })
    }

    /// Verifies the tokens of somebody else: an entry of `issuers`.
    ///
    /// # Errors
    ///
    /// When the scheme is no such entry, a key is private, symmetric or for an algorithm that is
    /// not listed, or scopes or roles are looked for in a claim that has another meaning.
    pub fn foreign(
        policy: &Policy,
        scheme: SchemeId,
        keys: impl Into<Arc<KeySet>>,
    ) -> Result<Self, SetupError> {
        Self::foreign_with(policy, scheme, Keyring::new(keys))
    }

    /// The same with keys that are fetched elsewhere.
    pub(crate) fn foreign_with(
        policy: &Policy,
        scheme: SchemeId,
        keys: Keyring,
    ) -> Result<Self, SetupError> {
        let Some(SchemeKind::Issuer(issuer)) = policy.scheme(scheme).map(|found| &found.kind)
        else {
            return Err(SetupError::NotAForeignIssuer);
        };
        keys.load().keys().check_foreign(&issuer.algorithms)?;
        refuse_claim_names(&issuer.scope_claim, &issuer.role_claim)?;
        Ok(Self {
            scheme,
            issuer: issuer.issuer.as_str().into(),
            audience: issuer.audience.as_str().into(),
            algorithms: issuer.algorithms.clone(),
            token_type: issuer.token_type,
            leeway: seconds(issuer.leeway),
            own: false,
            rights: Rights::foreign(policy, issuer),
            keys,
            recent: None,
        })
    }

    /// The same, with room for so many bytes of tokens that need not be verified anew.
    pub(crate) fn remembering(self, bytes: usize) -> Self {
        Self { recent: RecentTokens::new(bytes), ..self }
    }

    /// How many tokens are remembered, and how many bytes they take.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> Option<(usize, u64)> {
        self.recent.as_ref().map(RecentTokens::weight)
    }

    /// The scheme or foreign issuer of the policy this is for.
    pub const fn scheme(&self) -> SchemeId {
        self.scheme
    }

    /// The `iss` its tokens have.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The keys it accepts signatures of now.
    pub fn keys(&self) -> Arc<KeySet> {
        Arc::clone(self.keys.load().keys())
    }

    /// The keys, as they are replaced.
    #[cfg(feature = "reload")]
    pub(crate) const fn keyring(&self) -> &Keyring {
        &self.keys
    }

    /// Puts other keys in the place of those it has, if they are fit for it.
    ///
    /// # Errors
    ///
    /// As the constructor; then the old keys stay.
    pub(crate) fn replace_keys(&self, keys: Arc<KeySet>) -> Result<(), KeyError> {
        match self.own {
            true => keys.check(&self.algorithms),
            false => keys.check_foreign(&self.algorithms),
        }?;
        self.keys.replace(keys, None);
        if let Some(recent) = &self.recent {
            recent.clear();
        }
        Ok(())
    }

    /// What a token of this issuer says that verified before, unless its keys are about to change.
    pub(super) fn recall(
        &self,
        token: &[u8],
        now: Timestamp,
    ) -> Option<Result<VerifiedToken, TokenError>> {
        let recent = self.recent.as_ref()?;
        let ring = self.keys.load();
        if ring.freshness().is_some_and(|freshness| now >= freshness.due) {
            return None;
        }
        let known = recent.find(token, ring.id)?;
        Some(self.as_of(known, now).inspect_err(|_| recent.forget(token)))
    }

    /// Accepts a token of this issuer; its payload may have been decoded before.
    pub(super) fn accept(
        &self,
        token: Compact<'_>,
        payload: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<VerifiedToken, TokenError> {
        let ring = self.keys.load();
        // SECURITY: without keys that are known to be current nothing is believed (E4).
        if !ring.is_usable(now) {
            return Err(TokenError::KeysUnavailable);
        }
        let verified = self.verify(token, payload, &ring)?;
        let current = self.as_of(verified.clone(), now)?;
        if let Some(recent) = &self.recent {
            recent.remember(token.text, ring.id, &verified);
        }
        Ok(current)
    }

    /// What a token says that a key of this issuer signed and that is in order, at whatever time.
    fn verify(
        &self,
        token: Compact<'_>,
        payload: Option<&[u8]>,
        ring: &Ring,
    ) -> Result<VerifiedToken, TokenError> {
        self.authenticate(token, ring)?;
        let judge = |payload: &[u8]| {
            let claims = Claims::read(compact::text(payload)?, &self.audience, &self.rights)?;
            self.judge(claims)
        };
        match payload {
            Some(payload) => judge(payload),
            None => compact::decode_for(token.payload, judge),
        }
    }

    /// Checks that a key of this issuer signed it, by an algorithm of this issuer.
    fn authenticate(&self, token: Compact<'_>, ring: &Ring) -> Result<(), TokenError> {
        if let Some(place) = ring.headers.find(token.header) {
            return token.is_signed_by(key(ring, place)?);
        }
        let place = self.judge_header(token.header, ring)?;
        token.is_signed_by(key(ring, place)?)?;
        ring.headers.remember(token.header, place);
        Ok(())
    }

    /// The place of the key that the header asks for, if the header is in order.
    fn judge_header(&self, header: &str, ring: &Ring) -> Result<usize, TokenError> {
        let json = compact::decode(header)?;
        let header = Header::read(compact::text(&json)?)?;
        if !self.algorithms.contains(&header.algorithm) {
            return Err(TokenError::AlgorithmNotListed);
        }
        let typed = match self.token_type {
            TokenType::AtJwt => header.kind == Kind::AccessToken,
            TokenType::Relaxed => header.kind != Kind::Other,
        };
        if !typed {
            return Err(TokenError::NotAnAccessToken);
        }
        let place = match &header.kid {
            Some(kid) => ring.keys().by_kid(kid).ok_or(TokenError::KeyUnknown),
            None => ring.keys().sole(header.algorithm).ok_or(TokenError::KeyAmbiguous),
        }?;
        if key(ring, place)?.algorithm() != header.algorithm {
            return Err(TokenError::KeyForOtherAlgorithm);
        }
        Ok(place)
    }

    /// Holds the claims against the rules that do not change with time.
    fn judge(&self, claims: Claims<'_>) -> Result<VerifiedToken, TokenError> {
        let issuer = claims.issuer.ok_or(TokenError::ClaimMissing("iss"))?;
        if *issuer != *self.issuer {
            return Err(TokenError::IssuerMismatch);
        }
        if !claims.audience.ok_or(TokenError::ClaimMissing("aud"))? {
            return Err(TokenError::AudienceMismatch);
        }
        let subject = name("sub", claims.subject)?.ok_or(TokenError::ClaimMissing("sub"))?;
        let token_id = name("jti", claims.token_id)?;
        let client_id = name("client_id", claims.client_id)?;
        let acr = name("acr", claims.acr)?;
        let family = name("sid", claims.family)?;
        if self.own && (claims.issued_at.is_none() || token_id.is_none()) {
            return Err(TokenError::ClaimMissing(if token_id.is_none() { "jti" } else { "iat" }));
        }
        let expires_at = claims.expires_at.ok_or(TokenError::ClaimMissing("exp"))?;
        let named_scopes = claims.scopes.unwrap_or_default();
        let roles = claims.roles.unwrap_or_default();
        let scopes = self.rights.effective(&named_scopes, &roles);
        let verified = Verified {
            subject: Subject { issuer: Arc::clone(&self.issuer), id: subject.into() },
            scheme: self.scheme,
            scopes,
            roles: roles.roles,
            expires_at: Timestamp(expires_at),
            id: token_id.map(Box::from),
            authenticated_at: claims.authenticated_at.map(Timestamp),
            acr: acr.map(Box::from),
            client_id: client_id.map(Box::from),
            family: family.map(Box::from),
            claims: claims.extra,
            csrf: None,
        };
        Ok(VerifiedToken {
            verified: Arc::new(verified),
            named_scopes,
            issued_at: claims.issued_at.map(Timestamp),
            not_before: claims.not_before.map(Timestamp),
        })
    }

    /// A token that is otherwise good, at that moment.
    pub(super) fn as_of(
        &self,
        token: VerifiedToken,
        now: Timestamp,
    ) -> Result<VerifiedToken, TokenError> {
        let latest = Timestamp(now.0.saturating_add(self.leeway));
        let is_later = |moment: Option<Timestamp>| moment.is_some_and(|moment| moment > latest);
        if is_later(token.not_before) {
            return Err(TokenError::NotYetValid);
        }
        if is_later(token.issued_at) {
            return Err(TokenError::IssuedInFuture);
        }
        if now.0.saturating_sub(self.leeway) >= token.expires_at().0 {
            return Err(TokenError::Expired);
        }
        // SECURITY: a sign-in that is yet to come would stay recent for too long.
        let unborn = is_later(token.authenticated_at());
        Ok(if unborn { token.without_authentication() } else { token })
    }
}

fn key(ring: &Ring, place: usize) -> Result<&Key, TokenError> {
    ring.keys().get(place).ok_or(TokenError::KeyUnknown)
}

/// A name out of a claim: not empty, and not longer than is good for the stores behind.
fn name<'a>(
    claim: &'static str,
    text: Option<Cow<'a, str>>,
) -> Result<Option<Cow<'a, str>>, TokenError> {
    match text {
        Some(text) if text.is_empty() || text.len() > MAX_NAME_BYTES => {
            Err(TokenError::ClaimMalformed(claim))
        }
        text => Ok(text),
    }
}

fn seconds(span: Seconds) -> i64 {
    i64::try_from(span.0).unwrap_or(i64::MAX)
}

fn refuse_claim_names(scope: &str, roles: &str) -> Result<(), SetupError> {
    let taken = |name: &&str| REGISTERED.contains(name);
    match [scope, roles].into_iter().find(taken) {
        Some(name) => Err(SetupError::ClaimTaken(name.to_owned())),
        None if scope == roles => Err(SetupError::ClaimTaken(scope.to_owned())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use auth_policy::{Source, check};

    use super::*;
    use crate::jwt::{AccessGrant, Issuer, verify};

    const POLICY: &str = "
version: 1
scopes: { read:posts: Read posts }
roles: { reader: { grants: [read:posts] } }
schemes:
  jwt:
    issuer: https://blog.example
    audience: blog-api
    algorithms: [EdDSA]
    keys: ${KEYS}
    access_ttl: 15m
    refresh_ttl: 7d
";

    #[test]
    fn only_headers_of_accepted_signatures_are_remembered() {
        let policy = check(&Source::new("p.yaml", POLICY.into())).policy.unwrap();
        let keys = KeySet::generate(Algorithm::EdDSA).unwrap();
        let keys = Arc::new(KeySet::from_jwk_set(keys.expose()).unwrap());
        let issuer = Issuer::new(&policy, Arc::clone(&keys)).unwrap();
        let token = issuer.access_token(&AccessGrant::new("u"), Timestamp(9)).unwrap();
        let token = token.token.expose();
        let verifier = Verifier::own(&policy, keys).unwrap();
        let remembered = || {
            let header = token.split('.').next().unwrap();
            verifier.keys.load().headers.find(header)
        };
        let (message, _) = token.rsplit_once('.').unwrap();
        let unsigned = format!("{message}.{}", "A".repeat(86));
        assert!(verify(&unsigned, [&verifier], Timestamp(9)).is_err());
        assert_eq!(remembered(), None);
        assert!(verify(token, [&verifier], Timestamp(9)).is_ok());
        assert_eq!(remembered(), Some(0));
    }
}
