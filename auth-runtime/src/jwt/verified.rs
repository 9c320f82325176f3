//! A token that was accepted. In: claims whose signature and every rule held. Out: what they say,
//! and what that is worth under the policy.

use std::{fmt, sync::Arc};

use auth_policy::policy::{RoleId, SchemeId, ScopeId};
use serde_json::{Map, Value};

use crate::{bits::Bits, clock::Timestamp};

/// An access token that was verified: a proof, made by [`verify`](super::verify()) alone.
///
/// # Security
///
/// The principal is the pair of [`issuer`](Self::issuer) and [`subject`](Self::subject): equal
/// subjects of two issuers are two users (J15).
pub struct VerifiedToken {
    pub(crate) scheme: SchemeId,
    pub(super) issuer: Arc<str>,
    pub(super) subject: Box<str>,
    pub(crate) scopes: Bits,
    /// Every scope of the policy it names, whatever its roles.
    pub(super) named_scopes: Bits,
    pub(crate) roles: Bits,
    pub(super) issued_at: Option<Timestamp>,
    pub(super) not_before: Option<Timestamp>,
    pub(crate) expires_at: Timestamp,
    pub(crate) token_id: Option<Box<str>>,
    pub(crate) client_id: Option<Box<str>>,
    pub(crate) authenticated_at: Option<Timestamp>,
    pub(crate) acr: Option<Box<str>>,
    pub(crate) extra: Map<String, Value>,
}

impl VerifiedToken {
    /// The scheme or foreign issuer of the policy whose token it is.
    pub const fn scheme(&self) -> SchemeId {
        self.scheme
    }

    /// Who issued it: `iss`.
    pub const fn issuer(&self) -> &Arc<str> {
        &self.issuer
    }

    /// Who it is about: `sub`, unique within the issuer. Never empty.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The scopes it is worth now: those it names, within what its roles grant today or, of a
    /// foreign issuer, within the ceiling. Ascending.
    pub fn scope_ids(&self) -> impl Iterator<Item = ScopeId> + '_ {
        self.scopes.iter().map(ScopeId)
    }

    /// Its roles and every role they include. Ascending.
    pub fn role_ids(&self) -> impl Iterator<Item = RoleId> + '_ {
        self.roles.iter().map(RoleId)
    }

    /// When it was issued. Always there for tokens of our own.
    pub const fn issued_at(&self) -> Option<Timestamp> {
        self.issued_at
    }

    /// Before when it is not valid, if it says so.
    pub const fn not_before(&self) -> Option<Timestamp> {
        self.not_before
    }

    /// From when on it is not valid any more, leeway aside.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Its name: `jti`. Always there for tokens of our own.
    pub fn token_id(&self) -> Option<&str> {
        self.token_id.as_deref()
    }

    /// The client it was issued to: `client_id`.
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// When the one it is about signed in: `auth_time`, unless that lies in the future.
    pub const fn authenticated_at(&self) -> Option<Timestamp> {
        self.authenticated_at
    }

    /// How surely they proved then who they are: `acr`.
    pub fn acr(&self) -> Option<&str> {
        self.acr.as_deref()
    }

    /// The claims beyond the registered ones, scope and roles.
    pub const fn extra(&self) -> &Map<String, Value> {
        &self.extra
    }

    /// The same token, worth as well those of the scopes it names that its client is registered
    /// for: a client acts for itself and has a ceiling instead of roles.
    ///
    /// # Security
    ///
    /// The ceiling is that of the client named by [`client_id`](Self::client_id) as it is today,
    /// and of a token whose subject is that client, never a user.
    #[must_use]
    pub fn with_client_ceiling(mut self, ceiling: impl IntoIterator<Item = ScopeId>) -> Self {
        let mut within: Bits = ceiling.into_iter().collect();
        within.intersect_with(&self.named_scopes);
        self.scopes.union_with(&within);
        self
    }

    /// The same token in the hands of a client that somebody let in: worth no scope beyond the
    /// client's ceiling, and no role. A client is given scopes, never what its user is.
    pub(crate) fn within(mut self, ceiling: impl IntoIterator<Item = ScopeId>) -> Self {
        self.scopes.intersect_with(&ceiling.into_iter().collect());
        self.roles = Bits::default();
        self
    }
}

impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Extra claims may be personal: they are not shown.
        f.debug_struct("VerifiedToken")
            .field("scheme", &self.scheme)
            .field("issuer", &self.issuer)
            .field("subject", &self.subject)
            .field("token_id", &self.token_id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
