//! Verifying access tokens. In: a token, the issuers a rule accepts, the time. Out: a
//! [`VerifiedToken`], or the first reason against it.
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
    accepted_headers::AcceptedHeaders,
    claims::{Claims, REGISTERED, peek_issuer},
    compact::{self, Compact},
    header::{Header, Kind},
    key::Key,
    key_set::KeySet,
    rights::Rights,
    setup_error::SetupError,
    token_error::TokenError,
    verified::VerifiedToken,
};
use crate::clock::Timestamp;

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
    keys: Arc<KeySet>,
    headers: AcceptedHeaders,
}

impl Verifier {
    /// Verifies the tokens this service issues: `schemes.jwt`.
    ///
    /// # Errors
    ///
    /// When the policy declares no such scheme, or a key is for an algorithm it does not list.
    pub fn own(policy: &Policy, keys: impl Into<Arc<KeySet>>) -> Result<Self, SetupError> {
        let (scheme, jwt) = policy.jwt().ok_or(SetupError::NoJwtScheme)?;
        let keys = keys.into();
        keys.check(&jwt.algorithms)?;
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
            headers: AcceptedHeaders::default(),
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
        let Some(SchemeKind::Issuer(issuer)) = policy.scheme(scheme).map(|found| &found.kind)
        else {
            return Err(SetupError::NotAForeignIssuer);
        };
        let keys = keys.into();
        keys.refuse_secrets()?;
        keys.check(&issuer.algorithms)?;
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
            headers: AcceptedHeaders::default(),
        })
    }

    /// The scheme or foreign issuer of the policy this is for.
    pub const fn scheme(&self) -> SchemeId {
        self.scheme
    }

    /// The `iss` its tokens have.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The keys it accepts signatures of.
    pub const fn keys(&self) -> &Arc<KeySet> {
        &self.keys
    }

    /// Accepts a token of this issuer; its payload may have been decoded before.
    fn accept(
        &self,
        token: Compact<'_>,
        payload: Option<Vec<u8>>,
        now: Timestamp,
    ) -> Result<VerifiedToken, TokenError> {
        self.authenticate(token)?;
        let payload = match payload {
            Some(payload) => payload,
            None => compact::decode(token.payload)?,
        };
        let claims = Claims::read(compact::text(&payload)?, &self.audience, &self.rights)?;
        self.judge(claims, now)
    }

    /// Checks that a key of this issuer signed it, by an algorithm of this issuer.
    fn authenticate(&self, token: Compact<'_>) -> Result<(), TokenError> {
        if let Some(place) = self.headers.find(token.header) {
            return token.is_signed_by(self.key(place)?);
        }
        let place = self.judge_header(token.header)?;
        token.is_signed_by(self.key(place)?)?;
        self.headers.remember(token.header, place);
        Ok(())
    }

    fn key(&self, place: usize) -> Result<&Key, TokenError> {
        self.keys.get(place).ok_or(TokenError::KeyUnknown)
    }

    /// The place of the key that the header asks for, if the header is in order.
    fn judge_header(&self, header: &str) -> Result<usize, TokenError> {
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
            Some(kid) => self.keys.by_kid(kid).ok_or(TokenError::KeyUnknown),
            None => self.keys.sole(header.algorithm).ok_or(TokenError::KeyAmbiguous),
        }?;
        if self.key(place)?.algorithm() != header.algorithm {
            return Err(TokenError::KeyForOtherAlgorithm);
        }
        Ok(place)
    }

    /// Holds the claims against the rules.
    fn judge(&self, claims: Claims<'_>, now: Timestamp) -> Result<VerifiedToken, TokenError> {
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
        if self.own && (claims.issued_at.is_none() || token_id.is_none()) {
            return Err(TokenError::ClaimMissing(if token_id.is_none() { "jti" } else { "iat" }));
        }
        let times = Times::of(claims.expires_at, claims.not_before, claims.issued_at)?;
        times.judge(now, self.leeway)?;
        let named_scopes = claims.scopes.unwrap_or_default();
        let roles = claims.roles.unwrap_or_default();
        Ok(VerifiedToken {
            scheme: self.scheme,
            issuer: Arc::clone(&self.issuer),
            subject,
            scopes: self.rights.effective(&named_scopes, &roles),
            named_scopes,
            roles: roles.roles,
            issued_at: times.issued_at.map(Timestamp),
            not_before: times.not_before.map(Timestamp),
            expires_at: Timestamp(times.expires_at),
            token_id,
            client_id,
            extra: claims.extra,
        })
    }
}

/// Verifies a bearer token against the issuers a rule accepts. Where there are several, `iss` says
/// whose rules and keys to hold it against; it is believed once they held.
///
/// # Errors
///
/// The first reason against the token. Only [`Expired`](TokenError::Expired) may be told to the
/// client: it is the last check, on a token that is otherwise good.
///
/// # Security
///
/// The signature is checked before any claim is believed, with a key of that issuer and the
/// algorithm of that key. Nothing is fetched, whatever the header names.
pub fn verify<'v>(
    token: &str,
    candidates: impl IntoIterator<Item = &'v Verifier>,
    now: Timestamp,
) -> Result<VerifiedToken, TokenError> {
    let token = Compact::split(token)?;
    let mut candidates = candidates.into_iter();
    let only = candidates.next().ok_or(TokenError::IssuerUnknown)?;
    let Some(second) = candidates.next() else {
        return only.accept(token, None, now);
    };
    let payload = compact::decode(token.payload)?;
    let issuer = peek_issuer(compact::text(&payload)?)?;
    let verifier = [only, second]
        .into_iter()
        .chain(candidates)
        .find(|candidate| *candidate.issuer == *issuer)
        .ok_or(TokenError::IssuerUnknown)?;
    drop(issuer);
    verifier.accept(token, Some(payload), now)
}

/// The times of a token, in seconds since 1970.
struct Times {
    expires_at: i64,
    not_before: Option<i64>,
    issued_at: Option<i64>,
}

impl Times {
    fn of(
        expires_at: Option<i64>,
        not_before: Option<i64>,
        issued_at: Option<i64>,
    ) -> Result<Self, TokenError> {
        let expires_at = expires_at.ok_or(TokenError::ClaimMissing("exp"))?;
        Ok(Self { expires_at, not_before, issued_at })
    }

    fn judge(&self, now: Timestamp, leeway: i64) -> Result<(), TokenError> {
        let latest = now.0.saturating_add(leeway);
        if self.not_before.is_some_and(|moment| moment > latest) {
            return Err(TokenError::NotYetValid);
        }
        if self.issued_at.is_some_and(|moment| moment > latest) {
            return Err(TokenError::IssuedInFuture);
        }
        if now.0.saturating_sub(leeway) >= self.expires_at {
            return Err(TokenError::Expired);
        }
        Ok(())
    }
}

/// A name out of a claim: not empty, and not longer than is good for the stores behind.
fn name(claim: &'static str, text: Option<Cow<'_, str>>) -> Result<Option<Box<str>>, TokenError> {
    match text {
        Some(text) if text.is_empty() || text.len() > MAX_NAME_BYTES => {
            Err(TokenError::ClaimMalformed(claim))
        }
        Some(text) => Ok(Some(text.into_owned().into_boxed_str())),
        None => Ok(None),
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
    use crate::jwt::{AccessGrant, Issuer};

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
        let remembered = || verifier.headers.find(token.split('.').next().unwrap());
        let (message, _) = token.rsplit_once('.').unwrap();
        let unsigned = format!("{message}.{}", "A".repeat(86));
        assert!(verify(&unsigned, [&verifier], Timestamp(9)).is_err());
        assert_eq!(remembered(), None);
        assert!(verify(token, [&verifier], Timestamp(9)).is_ok());
        assert_eq!(remembered(), Some(0));
    }
}
