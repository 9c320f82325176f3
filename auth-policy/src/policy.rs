//! The checked policy. In: nothing but what `check` or an embedded copy of its
//! result brings. Out: names turned into ids, and every value with its default.
//!
//! A [`Policy`] is a proof: nothing outside this crate can make one that was not checked.
//! Lists are sorted by name, so that an id does not depend on the order in the file.

use crate::{
    fingerprint::{Revision, Structure},
    requirement::Requirement,
    settings::{
        ApiKeyScheme, Cors, Csrf, EndpointKind, Headers, JwtScheme, Limit, Network, OAuth,
        Passwords, Provider, SessionScheme,
    },
};

pub(crate) use crate::contents::Contents;
pub use crate::{
    contents::{AcrValue, Invariant, NamedEndpoint, NamedRule, Role, Scheme, SchemeKind, Scope},
    ids::{AcrId, LimitId, MAX_SCHEMES, RoleId, SchemeId, ScopeId},
};

/// A policy that was read and checked: what every other part of the workspace works on.
#[derive(Clone, Debug)]
pub struct Policy {
    contents: Contents,
    structure: Structure,
    revision: Revision,
}

impl Policy {
    /// Wraps checked contents. INVARIANT: callers are `check` and `embed`, nobody else.
    pub(crate) fn new(contents: Contents) -> Self {
        let structure = Structure::of(&contents);
        let revision = Revision::of(&contents);
        Self { contents, structure, revision }
    }

    /// The same policy as it would be with other contents, for questions about access alone: its
    /// structure and its revision stay those of the original.
    #[cfg(feature = "yaml")]
    pub(crate) fn with_contents(&self, contents: Contents) -> Self {
        Self { contents, structure: self.structure, revision: self.revision.clone() }
    }

    pub(crate) fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The path of the policy file, as reviewers know it.
    pub fn path(&self) -> &str {
        &self.contents.path
    }

    /// What compiled handlers depend on: names and kinds, not values.
    pub fn structure(&self) -> Structure {
        self.structure
    }

    /// A hash over the whole policy, values included; an audit record names it.
    pub fn revision(&self) -> &Revision {
        &self.revision
    }

    /// The scopes, sorted by name; a [`ScopeId`] is an index into this list.
    pub fn scopes(&self) -> &[Scope] {
        &self.contents.scopes
    }

    /// The roles, sorted by name; a [`RoleId`] is an index into this list.
    pub fn roles(&self) -> &[Role] {
        &self.contents.roles
    }

    /// Schemes and foreign issuers, sorted by name; a [`SchemeId`] is an index into this list.
    pub fn schemes(&self) -> &[Scheme] {
        &self.contents.schemes
    }

    /// The sign-in providers, sorted by name.
    pub fn providers(&self) -> &[Provider] {
        &self.contents.providers
    }

    /// The rate limits, sorted by name; a [`LimitId`] is an index into this list.
    pub fn limits(&self) -> &[Limit] {
        &self.contents.limits
    }

    /// What passwords must be and how they are hashed.
    pub fn passwords(&self) -> &Passwords {
        &self.contents.passwords
    }

    /// What is known of requests that a browser sends along with a cookie.
    pub fn csrf(&self) -> &Csrf {
        &self.contents.csrf
    }

    /// Who stands between the clients and this service, and what counts as one client.
    pub fn network(&self) -> &Network {
        &self.contents.network
    }

    /// What this service offers as an authorization server; nothing if it is none.
    pub fn oauth(&self) -> Option<&OAuth> {
        self.contents.oauth.as_ref()
    }

    /// What every answer says to browsers.
    pub fn headers(&self) -> &Headers {
        &self.contents.headers
    }

    /// Whose pages may read answers; nothing if none but our own.
    pub fn cors(&self) -> Option<&Cors> {
        self.contents.cors.as_ref()
    }

    /// The named rules, sorted by name.
    pub fn rules(&self) -> &[NamedRule] {
        &self.contents.rules
    }

    /// The statements under `never` and `always`, all of which hold.
    pub fn invariants(&self) -> &[Invariant] {
        &self.contents.invariants
    }

    /// The authentication contexts that rules may ask for, from the weakest to the strongest; an
    /// [`AcrId`] is an index into this list.
    pub fn acr_values(&self) -> &[AcrValue] {
        &self.contents.acr_values
    }

    /// The authentication context with that value in the claim `acr`.
    pub fn acr_id(&self, value: &str) -> Option<AcrId> {
        self.contents.acr_id(value)
    }

    /// The authentication context with that id, if this policy has one.
    pub fn acr(&self, id: AcrId) -> Option<&AcrValue> {
        self.contents.acr_values.get(id.0 as usize)
    }

    /// The scope of that name.
    pub fn scope_id(&self, name: &str) -> Option<ScopeId> {
        self.contents.scope_id(name)
    }

    /// The role of that name.
    pub fn role_id(&self, name: &str) -> Option<RoleId> {
        self.contents.role_id(name)
    }

    /// The scheme or foreign issuer of that name.
    pub fn scheme_id(&self, name: &str) -> Option<SchemeId> {
        self.contents.scheme_id(name)
    }

    /// The limit of that name.
    pub fn limit_id(&self, name: &str) -> Option<LimitId> {
        self.contents.limit_id(name)
    }

    /// The named rule of that name.
    pub fn rule(&self, name: &str) -> Option<&NamedRule> {
        self.contents.rule(name)
    }

    /// The limit with that id, if this policy has one.
    pub fn limit(&self, id: LimitId) -> Option<&Limit> {
        self.contents.limits.get(id.0 as usize)
    }

    /// The limit that endpoints of that kind are held to, if the policy declares one. Whoever mounts
    /// them refuses to start without.
    pub fn endpoint_limit(&self, kind: EndpointKind) -> Option<LimitId> {
        let mut entries = self.contents.endpoints.iter();
        entries.find(|entry| entry.kind == kind).map(|entry| entry.limit)
    }

    /// The scope with that id, if this policy has one.
    pub fn scope(&self, id: ScopeId) -> Option<&Scope> {
        self.contents.scopes.get(id.0 as usize)
    }

    /// The role with that id, if this policy has one.
    pub fn role(&self, id: RoleId) -> Option<&Role> {
        self.contents.roles.get(id.0 as usize)
    }

    /// The scheme with that id, if this policy has one.
    pub fn scheme(&self, id: SchemeId) -> Option<&Scheme> {
        self.contents.schemes.get(id.0 as usize)
    }

    /// Whether what a requirement guards may change anything: one of its scopes is declared
    /// `mutates: true`. For an any-of that is so as soon as one alternative does.
    pub fn mutates(&self, requirement: &Requirement) -> bool {
        let mut scopes = requirement.scopes.iter().filter_map(|id| self.scope(*id));
        scopes.any(|scope| scope.mutates)
    }

    /// The scheme of access tokens this service issues, if the policy declares one.
    pub fn jwt(&self) -> Option<(SchemeId, &JwtScheme)> {
        self.find_scheme(|kind| if let SchemeKind::Jwt(jwt) = kind { Some(jwt) } else { None })
    }

    /// The scheme of API keys, if the policy declares one.
    pub fn api_key(&self) -> Option<(SchemeId, &ApiKeyScheme)> {
        self.find_scheme(|kind| if let SchemeKind::ApiKey(key) = kind { Some(key) } else { None })
    }

    /// The scheme of sessions, if the policy declares one.
    pub fn session(&self) -> Option<(SchemeId, &SessionScheme)> {
        self.find_scheme(|kind| match kind {
            SchemeKind::Session(session) => Some(session),
            _ => None,
        })
    }

    fn find_scheme<'p, T>(
        &'p self,
        is: impl Fn(&'p SchemeKind) -> Option<&'p T>,
    ) -> Option<(SchemeId, &'p T)> {
        let schemes = self.contents.schemes.iter().zip(0u32..);
        schemes.into_iter().find_map(|(scheme, id)| Some((SchemeId(id), is(&scheme.kind)?)))
    }
}
