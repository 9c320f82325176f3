//! A token that was accepted. In: claims whose signature and every rule held. Out: what they say,
//! and what that is worth under the policy.

use std::{fmt, sync::Arc};

use auth_policy::policy::{RoleId, SchemeId, ScopeId};
use serde_json::{Map, Value};

use crate::{bits::Bits, clock::Timestamp, identity::Verified};

/// An access token that was verified: a proof, made by [`verify`](super::verify()) alone.
///
/// # Security
///
/// The principal is the pair of [`issuer`](Self::issuer) and [`subject`](Self::subject): equal
/// subjects of two issuers are two users (J15).
#[derive(Clone)]
pub struct VerifiedToken {
    pub(crate) verified: Arc<Verified>,
    /// Every scope of the policy it names, whatever its roles.
    pub(super) named_scopes: Bits,
    pub(super) issued_at: Option<Timestamp>,
    pub(super) not_before: Option<Timestamp>,
}

impl VerifiedToken {
    /// The scheme or foreign issuer of the policy whose token it is.
    pub fn scheme(&self) -> SchemeId {
        self.verified.scheme
    }

    /// Who issued it: `iss`.
    pub fn issuer(&self) -> &Arc<str> {
        &self.verified.subject.issuer
    }

    /// Who it is about: `sub`, unique within the issuer. Never empty.
    pub fn subject(&self) -> &str {
        &self.verified.subject.id
    }

    /// The scopes it is worth now: those it names, within what its roles grant today or, of a
    /// foreign issuer, within the ceiling. Ascending.
    pub fn scope_ids(&self) -> impl Iterator<Item = ScopeId> + '_ {
        self.verified.scopes.iter().map(ScopeId)
    }

    /// Its roles and every role they include. Ascending.
    pub fn role_ids(&self) -> impl Iterator<Item = RoleId> + '_ {
        self.verified.roles.iter().map(RoleId)
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
    pub fn expires_at(&self) -> Timestamp {
        self.verified.expires_at
    }

    /// Its name: `jti`. Always there for tokens of our own.
    pub fn token_id(&self) -> Option<&str> {
        self.verified.id.as_deref()
    }

    /// The client it was issued to: `client_id`.
    pub fn client_id(&self) -> Option<&str> {
        self.verified.client_id.as_deref()
    }

    /// When the one it is about signed in: `auth_time`, unless that lies in the future.
    pub fn authenticated_at(&self) -> Option<Timestamp> {
        self.verified.authenticated_at
    }

    /// How surely they proved then who they are: `acr`.
    pub fn acr(&self) -> Option<&str> {
        self.verified.acr.as_deref()
    }

    /// The sign-in it belongs to: `sid`, of tokens of our own.
    pub fn family_id(&self) -> Option<&str> {
        self.verified.family.as_deref()
    }

    /// The claims beyond the registered ones, scope and roles, and `sid` where it is ours.
    pub fn extra(&self) -> &Map<String, Value> {
        &self.verified.claims
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
        Arc::make_mut(&mut self.verified).scopes.union_with(&within);
        self
    }

    /// The same token, of which it is not known when its subject signed in.
    pub(super) fn without_authentication(mut self) -> Self {
        Arc::make_mut(&mut self.verified).authenticated_at = None;
        self
    }

    /// The same token in the hands of a client that somebody let in: worth no scope beyond the
    /// client's ceiling, and no role. A client is given scopes, never what its user is.
    pub(crate) fn within(mut self, ceiling: impl IntoIterator<Item = ScopeId>) -> Self {
        let verified = Arc::make_mut(&mut self.verified);
        verified.scopes.intersect_with(&ceiling.into_iter().collect());
        verified.roles = Bits::default();
        self
    }
}

impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Extra claims may be personal: they are not shown.
        f.debug_struct("VerifiedToken")
            .field("scheme", &self.scheme())
            .field("issuer", self.issuer())
            .field("subject", &self.subject())
            .field("token_id", &self.token_id())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}
