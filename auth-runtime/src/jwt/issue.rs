//! Issuing access tokens (RFC 9068). In: who is granted what, and the time. Out: a signed token,
//! never for more than the roles grant, never with a claim the policy does not list.

use std::sync::Arc;

use auth_policy::{
    Policy,
    policy::{RoleId, ScopeId},
    settings::{Algorithm, JwtScheme, Seconds},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    claims::REGISTERED, compact::MAX_TOKEN_BYTES, issue_error::IssueError, key::Key,
    key_error::KeyError, key_set::KeySet, keyring::Keyring, setup_error::SetupError,
    verify::MAX_NAME_BYTES,
};
use crate::{
    bits::Bits,
    clock::Timestamp,
    random::{Random, SystemRandom},
    secret::Secret,
};

/// Issues the access tokens of this service: `schemes.jwt`.
#[derive(Debug)]
pub struct Issuer {
    policy: Policy,
    scheme: JwtScheme,
    algorithm: Algorithm,
    keys: Keyring,
    random: Arc<dyn Random>,
}

/// Who is granted what: the contents of one access token.
#[derive(Clone, Debug)]
pub struct AccessGrant<'a> {
    subject: &'a str,
    client_id: Option<&'a str>,
    session: Option<&'a str>,
    authenticated_at: Option<Timestamp>,
    acr: Option<&'a str>,
    roles: &'a [&'a str],
    scopes: Option<&'a [&'a str]>,
    ceiling: &'a [&'a str],
    lifetime: Option<Seconds>,
    extra: Option<&'a Map<String, Value>>,
}

/// A token that was issued, with what its receiver is told about it.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The token itself.
    pub token: Secret,
    /// How long it lives.
    pub expires_in: Seconds,
    /// The scopes it names, sorted, with spaces between them.
    pub scope: String,
    /// Its `jti`: 128 random bits in base64url.
    pub token_id: String,
}

impl<'a> AccessGrant<'a> {
    /// A token about this subject: 1 to 255 bytes.
    pub const fn new(subject: &'a str) -> Self {
        Self {
            subject,
            client_id: None,
            session: None,
            authenticated_at: None,
            acr: None,
            roles: &[],
            scopes: None,
            ceiling: &[],
            lifetime: None,
            extra: None,
        }
    }

    /// The client it is issued to: 1 to 255 bytes.
    #[must_use]
    pub const fn client_id(mut self, client_id: &'a str) -> Self {
        self.client_id = Some(client_id);
        self
    }

    /// The sign-in it belongs to, whose end is its end: `sid`, 1 to 255 bytes.
    #[must_use]
    pub const fn session(mut self, id: &'a str) -> Self {
        self.session = Some(id);
        self
    }

    /// When the subject proved who they are: `auth_time`. A token that was refreshed keeps that of
    /// its sign-in.
    #[must_use]
    pub const fn authenticated_at(mut self, moment: Timestamp) -> Self {
        self.authenticated_at = Some(moment);
        self
    }

    /// How surely they proved it: `acr`, 1 to 255 bytes, one of the policy's `acr_values`.
    #[must_use]
    pub const fn acr(mut self, acr: &'a str) -> Self {
        self.acr = Some(acr);
        self
    }

    /// The subject's roles, by their names in the policy.
    #[must_use]
    pub const fn roles(mut self, roles: &'a [&'a str]) -> Self {
        self.roles = roles;
        self
    }

    /// The scopes asked for. Without this call: all that the subject has.
    #[must_use]
    pub const fn scopes(mut self, scopes: &'a [&'a str]) -> Self {
        self.scopes = Some(scopes);
        self
    }

    /// Scopes the subject has without a role: what a client is registered for.
    #[must_use]
    pub const fn ceiling(mut self, scopes: &'a [&'a str]) -> Self {
        self.ceiling = scopes;
        self
    }

    /// How long the token lives. Without this call, and for more than the policy's `access_ttl`:
    /// as long as that.
    #[must_use]
    pub const fn lifetime(mut self, span: Seconds) -> Self {
        self.lifetime = Some(span);
        self
    }

    /// Claims of the application, each of them listed in the policy under `claims` (J18).
    #[must_use]
    pub const fn extra(mut self, claims: &'a Map<String, Value>) -> Self {
        self.extra = Some(claims);
        self
    }
}

impl Issuer {
    /// Signs with the first key for the first algorithm of `schemes.jwt`.
    ///
    /// # Errors
    ///
    /// When the policy declares no such scheme, or no key can sign with that algorithm.
    pub fn new(policy: &Policy, keys: impl Into<Arc<KeySet>>) -> Result<Self, SetupError> {
        Self::with(policy, Keyring::new(keys))
    }

    /// The same with keys that others hold as well.
    pub(crate) fn with(policy: &Policy, keys: Keyring) -> Result<Self, SetupError> {
        let (_, scheme) = policy.jwt().ok_or(SetupError::NoJwtScheme)?;
        let algorithm = scheme.algorithms.first().copied().ok_or(SetupError::NoJwtScheme)?;
        let (policy, scheme) = (policy.clone(), scheme.clone());
        let random = Arc::new(SystemRandom);
        let issuer = Self { policy, scheme, algorithm, keys, random };
        issuer.check(issuer.keys.load().keys())?;
        Ok(issuer)
    }

    /// Whether it could sign with these keys.
    pub(crate) fn check(&self, keys: &KeySet) -> Result<(), KeyError> {
        keys.check(&self.scheme.algorithms)?;
        keys.signing_key(self.algorithm).map(|_| ())
    }

    /// The keys it signs with: for the verifier of its tokens, so that both change at once.
    pub(crate) const fn keyring(&self) -> &Keyring {
        &self.keys
    }

    /// The same with another source of randomness, for tests.
    #[must_use]
    pub fn with_random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// The `iss` of its tokens: the issuer of every account of this service.
    pub fn issuer(&self) -> &str {
        &self.scheme.issuer
    }

    /// Issues a token that lives for `access_ttl` from now on, or for less if the grant says so.
    ///
    /// # Errors
    ///
    /// When the grant names a role or scope the policy does not have, asks for a scope the
    /// subject does not have, or adds a claim the policy does not list.
    pub fn access_token(
        &self,
        grant: &AccessGrant<'_>,
        now: Timestamp,
    ) -> Result<AccessToken, IssueError> {
        let scope = self.scope(grant)?;
        let token_id = self.token_id()?;
        // SECURITY: no token outlives what revocations are kept for.
        let longest = self.scheme.access_ttl;
        let expires_in = grant.lifetime.map_or(longest, |asked| asked.min(longest));
        let claims = Claims {
            iss: &self.scheme.issuer,
            sub: name("sub", grant.subject)?,
            aud: &self.scheme.audience,
            exp: now.plus(expires_in).0,
            iat: now.0,
            jti: &token_id,
            client_id: grant.client_id.map(|id| name("client_id", id)).transpose()?,
            sid: grant.session.map(|id| name("sid", id)).transpose()?,
            auth_time: grant.authenticated_at.map(|moment| moment.0),
            acr: grant.acr.map(|acr| name("acr", acr)).transpose()?,
            scope: &scope,
            roles: grant.roles,
            extra: self.extra(grant)?,
        };
        let token = self.sign(&claims)?;
        Ok(AccessToken { token, expires_in, scope, token_id })
    }

    fn sign(&self, claims: &Claims<'_>) -> Result<Secret, IssueError> {
        let claims = serde_json::to_string(claims).map_err(|_| IssueError::Signing)?;
        let ring = self.keys.load();
        let key = ring.keys().signing_key(self.algorithm).map_err(|_| IssueError::Signing)?;
        let message = format!("{}.{}", header(key), URL_SAFE_NO_PAD.encode(claims));
        let signature = key.sign(message.as_bytes()).ok_or(IssueError::Signing)?;
        let token = format!("{message}.{signature}");
        if token.len() > MAX_TOKEN_BYTES { Err(IssueError::TooLong) } else { Ok(token.into()) }
    }

    /// The scopes of the token: those asked for, all of which the subject must have.
    fn scope(&self, grant: &AccessGrant<'_>) -> Result<String, IssueError> {
        let has = self.scopes_of(grant)?;
        let Some(asked) = grant.scopes else { return Ok(self.words(&has)) };
        let mut scopes = Bits::default();
        for name in asked {
            let id = self.scope_id(name)?;
            if !has.contains(id.0) {
                return Err(IssueError::ScopeNotGranted((*name).to_owned()));
            }
            scopes.insert(id.0);
        }
        Ok(self.words(&scopes))
    }

    /// All that the subject has.
    fn scopes_of(&self, grant: &AccessGrant<'_>) -> Result<Bits, IssueError> {
        let mut scopes = Bits::default();
        for name in grant.ceiling {
            scopes.insert(self.scope_id(name)?.0);
        }
        for name in grant.roles {
            let role = self.role_id(name).and_then(|id| self.policy.role(id));
            let role = role.ok_or_else(|| IssueError::UnknownRole((*name).to_owned()))?;
            role.all_grants.iter().for_each(|id| scopes.insert(id.0));
        }
        Ok(scopes)
    }

    /// Names sorted, since the ids of a policy are in the order of its names.
    fn words(&self, scopes: &Bits) -> String {
        let names = scopes.iter().filter_map(|id| self.policy.scope(ScopeId(id)));
        names.map(|scope| scope.name.as_str()).collect::<Vec<_>>().join(" ")
    }

    fn scope_id(&self, name: &str) -> Result<ScopeId, IssueError> {
        self.policy.scope_id(name).ok_or_else(|| IssueError::UnknownScope(name.to_owned()))
    }

    fn role_id(&self, name: &str) -> Option<RoleId> {
        self.policy.role_id(name)
    }

    fn token_id(&self) -> Result<String, IssueError> {
        let mut bytes = [0; 16];
        self.random.fill(&mut bytes).map_err(|_| IssueError::Random)?;
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The claims of the application, none of which may be missing from the policy's list.
    fn extra<'g>(
        &self,
        grant: &AccessGrant<'g>,
    ) -> Result<Option<&'g Map<String, Value>>, IssueError> {
        let listed =
            |name: &str| self.scheme.claims.iter().any(|claim| claim == name) && !is_taken(name);
        let mut names = grant.extra.into_iter().flat_map(Map::keys);
        match names.find(|name| !listed(name)) {
            Some(name) => Err(IssueError::ClaimNotListed(name.clone())),
            None => Ok(grant.extra),
        }
    }
}

/// The encoded header of what this key signs.
fn header(key: &Key) -> String {
    let mut header = json!({ "typ": "at+jwt", "alg": key.algorithm().name() });
    if let (Some(kid), Some(members)) = (key.kid(), header.as_object_mut()) {
        members.insert("kid".to_owned(), kid.into());
    }
    URL_SAFE_NO_PAD.encode(header.to_string())
}

/// The claims of one token, in the order in which they are written.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    iat: i64,
    jti: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    scope: &'a str,
    roles: &'a [&'a str],
    #[serde(flatten)]
    extra: Option<&'a Map<String, Value>>,
}

/// Whether a claim has a meaning of its own, so that no list can give it another.
fn is_taken(name: &str) -> bool {
    REGISTERED.contains(&name) || matches!(name, "scope" | "roles" | "sid" | "amr")
}

fn name<'a>(claim: &'static str, text: &'a str) -> Result<&'a str, IssueError> {
    if text.is_empty() || text.len() > MAX_NAME_BYTES {
        return Err(IssueError::BadName(claim));
    }
    Ok(text)
}
