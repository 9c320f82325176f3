//! Whom a guard let in. In: a credential that verified. Out: a subject, and what it may do.

use std::{fmt, sync::Arc};

use auth_policy::{
    Policy,
    policy::{RoleId, SchemeId, ScopeId},
};
use serde_json::{Map, Value};

use crate::{
    bits::Bits, clock::Timestamp, csrf::CsrfKey, oauth::Client, rule::Requirement, secret::Secret,
};

/// The caller of a handler, as its guard found it.
///
/// Ask for it as an argument of an `#[authenticate(..)]` handler; the attribute takes it from the
/// guard. In a `#[public(.., identity = ..)]` handler ask for `Option<Identity>`.
///
/// Extractors of your own that stand behind the guard can have it as `Option<Identity>`, which is
/// `None` where no guard identified a caller. There is no other way to come by one.
///
/// # Security
///
/// Two users are the same only if their [`Subject`]s are: equal ids from two issuers are two users.
#[derive(Clone)]
pub struct Identity {
    verified: Arc<Verified>,
    policy: Arc<Policy>,
}

/// A credential that verified, of whichever kind, and what it is worth now. Shared: of a token that
/// comes again it is the same one.
#[derive(Clone)]
pub(crate) struct Verified {
    pub(crate) subject: Subject,
    pub(crate) scheme: SchemeId,
    /// The scopes in effect.
    pub(crate) scopes: Bits,
    /// The roles held, those they include among them.
    pub(crate) roles: Bits,
    pub(crate) expires_at: Timestamp,
    /// The credential's public id.
    pub(crate) id: Option<Box<str>>,
    /// When somebody last proved who they are, where that is known.
    pub(crate) authenticated_at: Option<Timestamp>,
    /// How surely, as a claim `acr`.
    pub(crate) acr: Option<Box<str>>,
    pub(crate) client_id: Option<Box<str>>,
    /// The sign-in that an access token of our own belongs to.
    pub(crate) family: Option<Box<str>>,
    /// The claims of a token beyond those this crate understands.
    pub(crate) claims: Map<String, Value>,
    /// Where a cookie carried it: what the tokens against forged requests are made with.
    pub(crate) csrf: Option<CsrfKey>,
}

/// Who it is: an id, and the issuer that gave it. Neither means anything without the other
/// (RFC 7519, section 4.1.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// The issuer's identifier, as in the `iss` claim.
    pub issuer: Arc<str>,
    /// The subject's identifier there, as in the `sub` claim.
    pub id: Arc<str>,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.id, self.issuer)
    }
}

impl Identity {
    pub(crate) fn new(verified: Arc<Verified>, policy: Arc<Policy>) -> Self {
        Self { verified, policy }
    }

    /// Who it is.
    pub fn subject(&self) -> &Subject {
        &self.verified.subject
    }

    /// The name of the scheme whose credential was used, such as `jwt`.
    pub fn scheme(&self) -> &str {
        self.policy.scheme(self.verified.scheme).map_or("", |scheme| &scheme.name)
    }

    pub(crate) fn scheme_id(&self) -> SchemeId {
        self.verified.scheme
    }

    /// The scopes in effect, sorted: those the credential carries, within what its roles grant now.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let ids = self.verified.scopes.iter().map(ScopeId);
        ids.filter_map(|id| self.policy.scope(id)).map(|scope| scope.name.as_str())
    }

    /// Whether a scope is in effect. A name the policy does not declare never is.
    pub fn has_scope(&self, name: &str) -> bool {
        self.policy.scope_id(name).is_some_and(|id| self.verified.scopes.contains(id.0))
    }

    /// The roles held, those they include among them, sorted.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        let ids = self.verified.roles.iter().map(RoleId);
        ids.filter_map(|id| self.policy.role(id)).map(|role| role.name.as_str())
    }

    /// Whether a role is held, itself or through one that includes it.
    pub fn has_role(&self, name: &str) -> bool {
        self.policy.role_id(name).is_some_and(|id| self.verified.roles.contains(id.0))
    }

    /// When the credential ends.
    pub fn expires_at(&self) -> Timestamp {
        self.verified.expires_at
    }

    /// The credential's own id, if it has one: a token's `jti`, or the public id of a key or a
    /// session. Not a secret.
    pub fn credential_id(&self) -> Option<&str> {
        self.verified.id.as_deref()
    }

    /// When somebody last proved who they are with what only they know or have, where that is
    /// known: of a session, the sign-in or the last time the password was asked for again; of a
    /// token, its claim `auth_time`.
    pub fn authenticated_at(&self) -> Option<Timestamp> {
        self.verified.authenticated_at
    }

    /// How surely they proved it, where that is known: the claim `acr` of a token, or what the
    /// session was begun with. It may be a value that the policy does not declare.
    pub fn acr(&self) -> Option<&str> {
        self.verified.acr.as_deref()
    }

    /// The OAuth client the credential was issued to, if it says.
    pub fn client_id(&self) -> Option<&str> {
        self.verified.client_id.as_deref()
    }

    /// The sign-in that an access token of our own belongs to, whose end is its end: the claim
    /// `sid`. Not a secret. `None` of every other credential, whatever another issuer calls so.
    pub fn family_id(&self) -> Option<&str> {
        self.verified.family.as_deref()
    }

    /// Whether it is a client that acts for somebody who let it in, rather than for itself.
    pub(crate) fn acts_for_somebody(&self) -> bool {
        self.client_id().is_some() && !self.subject().id.starts_with(Client::SUBJECT)
    }

    /// The claims of a token beyond those this crate understands; none of another credential.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.verified.claims
    }

    /// The token that this caller's pages show with requests that change something, in the header
    /// `X-CSRF-Token` or in the form's field `csrf_token`; `None` where no cookie carried the
    /// credential, so that none is asked for.
    ///
    /// # Security
    ///
    /// It belongs to this sign-in and to no other. Put it into pages and answers of this service
    /// alone, never into a URL, a log or a cookie.
    pub fn csrf_token(&self) -> Option<Secret> {
        self.csrf().map(CsrfKey::token)
    }

    /// What the tokens against forged requests are made with, where a cookie carried the credential.
    pub(crate) fn csrf(&self) -> Option<&CsrfKey> {
        self.verified.csrf.as_ref()
    }

    pub(crate) fn satisfies_scopes(&self, requirement: &Requirement) -> bool {
        requirement.scopes_within(&self.verified.scopes)
    }

    pub(crate) fn satisfies_role(&self, requirement: &Requirement) -> bool {
        requirement.role_within(&self.verified.roles)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("subject", self.subject())
            .field("scheme", &self.scheme())
            .field("scopes", &self.scopes().collect::<Vec<_>>())
            .field("roles", &self.roles().collect::<Vec<_>>())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}
