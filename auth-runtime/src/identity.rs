//! Whom a guard let in. In: a credential that verified. Out: a subject, and what it may do.

use std::{fmt, sync::Arc};

use auth_policy::{Policy, policy::SchemeId};
use axum::{extract::OptionalFromRequestParts, http::request::Parts};
use serde_json::{Map, Value};

use crate::{
    clock::Timestamp, context::Context, denial::Denial, jwt::VerifiedToken, rule::Requirement,
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
pub struct Identity(Arc<Known>);

struct Known {
    subject: Subject,
    token: VerifiedToken,
    policy: Arc<Policy>,
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
    pub(crate) fn new(token: VerifiedToken, policy: Arc<Policy>) -> Self {
        let subject = Subject { issuer: Arc::clone(token.issuer()), id: token.subject().into() };
        Self(Arc::new(Known { subject, token, policy }))
    }

    /// Who it is.
    pub fn subject(&self) -> &Subject {
        &self.0.subject
    }

    /// The name of the scheme whose credential was used, such as `jwt`.
    pub fn scheme(&self) -> &str {
        self.0.policy.scheme(self.0.token.scheme()).map_or("", |scheme| &scheme.name)
    }

    pub(crate) fn scheme_id(&self) -> SchemeId {
        self.0.token.scheme()
    }

    /// The scopes in effect, sorted: those the credential carries, within what its roles grant now.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let ids = self.0.token.scope_ids();
        ids.filter_map(|id| self.0.policy.scope(id)).map(|scope| scope.name.as_str())
    }

    /// Whether a scope is in effect. A name the policy does not declare never is.
    pub fn has_scope(&self, name: &str) -> bool {
        self.0.policy.scope_id(name).is_some_and(|id| self.0.token.scopes().contains(id.0))
    }

    /// The roles held, those they include among them, sorted.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        let ids = self.0.token.role_ids();
        ids.filter_map(|id| self.0.policy.role(id)).map(|role| role.name.as_str())
    }

    /// Whether a role is held, itself or through one that includes it.
    pub fn has_role(&self, name: &str) -> bool {
        self.0.policy.role_id(name).is_some_and(|id| self.0.token.roles().contains(id.0))
    }

    /// When the credential ends.
    pub fn expires_at(&self) -> Timestamp {
        self.0.token.expires_at()
    }

    /// The credential's own id (`jti`), if it has one: not a secret.
    pub fn credential_id(&self) -> Option<&str> {
        self.0.token.token_id()
    }

    /// The OAuth client the credential was issued to, if it says.
    pub fn client_id(&self) -> Option<&str> {
        self.0.token.client_id()
    }

    /// The claims beyond those this crate understands.
    pub fn claims(&self) -> &Map<String, Value> {
        self.0.token.extra()
    }

    pub(crate) fn satisfies_scopes(&self, requirement: &Requirement) -> bool {
        requirement.scopes_within(self.0.token.scopes())
    }

    pub(crate) fn satisfies_role(&self, requirement: &Requirement) -> bool {
        requirement.role_within(self.0.token.roles())
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

/// What the guard of this request found: never a check of its own.
impl<S: Send + Sync> OptionalFromRequestParts<S> for Identity {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Denial> {
        Ok(parts.extensions.get::<Context>().and_then(|context| context.identity.clone()))
    }
}
