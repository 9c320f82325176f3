//! What a policy says, as plain data: declared items with their places, and the whole of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{AcrId, LimitId, RoleId, SchemeId, ScopeId},
    requirement::Requirement,
    settings::{
        ApiKeyScheme, Cors, Csrf, EndpointLimit, ForeignIssuer, Headers, JwtScheme, Limit, Network,
        OAuth, Passwords, Place, Provider, SessionScheme,
    },
};

/// Everything a policy says. Kept apart from [`Policy`] so that only this crate can read one back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Contents {
    /// The path as a reviewer knows it, relative to the workspace.
    pub(crate) path: String,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) roles: Vec<Role>,
    pub(crate) schemes: Vec<Scheme>,
    pub(crate) providers: Vec<Provider>,
    pub(crate) limits: Vec<Limit>,
    pub(crate) endpoints: Vec<EndpointLimit>,
    pub(crate) passwords: Passwords,
    pub(crate) csrf: Csrf,
    pub(crate) network: Network,
    pub(crate) oauth: Option<OAuth>,
    pub(crate) headers: Headers,
    pub(crate) cors: Option<Cors>,
    pub(crate) rules: Vec<NamedRule>,
    pub(crate) invariants: Vec<Invariant>,
    /// From the weakest to the strongest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) acr_values: Vec<AcrValue>,
}

impl Contents {
    pub(crate) fn scope_id(&self, name: &str) -> Option<ScopeId> {
        find(&self.scopes, name, |scope| &scope.name).map(ScopeId)
    }

    pub(crate) fn role_id(&self, name: &str) -> Option<RoleId> {
        find(&self.roles, name, |role| &role.name).map(RoleId)
    }

    pub(crate) fn scheme_id(&self, name: &str) -> Option<SchemeId> {
        find(&self.schemes, name, |scheme| &scheme.name).map(SchemeId)
    }

    pub(crate) fn limit_id(&self, name: &str) -> Option<LimitId> {
        find(&self.limits, name, |limit| &limit.name).map(LimitId)
    }

    pub(crate) fn acr_id(&self, value: &str) -> Option<AcrId> {
        let mut values = self.acr_values.iter().zip(0u32..);
        values.find(|(acr, _)| acr.value == value).map(|(_, id)| AcrId(id))
    }

    pub(crate) fn rule(&self, name: &str) -> Option<&NamedRule> {
        let index = find(&self.rules, name, |rule| &rule.name)?;
        self.rules.get(index as usize)
    }

    /// The same with every place blanked: what is left is what the policy means.
    pub(crate) fn without_places(&self) -> Self {
        let mut bare = self.clone();
        bare.path.clear();
        let nowhere = Place::default();
        bare.scopes.iter_mut().for_each(|item| item.place = nowhere);
        bare.roles.iter_mut().for_each(|item| item.place = nowhere);
        bare.schemes.iter_mut().for_each(|item| item.place = nowhere);
        bare.providers.iter_mut().for_each(|item| item.place = nowhere);
        bare.limits.iter_mut().for_each(|item| item.place = nowhere);
        bare.rules.iter_mut().for_each(|item| item.place = nowhere);
        bare.invariants.iter_mut().for_each(|item| {
            item.place = nowhere;
            item.endpoint.iter_mut().for_each(|endpoint| endpoint.place = nowhere);
        });
        bare.acr_values.iter_mut().for_each(|item| item.place = nowhere);
        bare
    }
}

/// A scope as declared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scope {
    /// The name, such as `write:posts`.
    pub name: String,
    /// What it lets one do, as a consent page shows it.
    pub description: String,
    /// Whether it changes anything: such a scope cannot be required by a `GET`.
    pub mutates: bool,
    /// Where the policy declares it.
    pub place: Place,
}

/// A role as declared, and what it comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// The name, such as `author`.
    pub name: String,
    /// The roles it names under `includes`, sorted.
    pub includes: Vec<RoleId>,
    /// The scopes its own `grants` come to, wildcards expanded, sorted.
    pub grants: Vec<ScopeId>,
    /// Itself and every role it includes, however deep, sorted.
    pub all_roles: Vec<RoleId>,
    /// Every scope it grants, its own and those of the roles it includes, sorted.
    pub all_grants: Vec<ScopeId>,
    /// Where the policy declares it.
    pub place: Place,
}

/// A way to authenticate as declared: a member of `schemes`, or one of `issuers`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scheme {
    /// The name handlers use: `jwt`, `api_key`, `session`, or the name of a foreign issuer.
    pub name: String,
    /// What it is and how it is set.
    pub kind: SchemeKind,
    /// Where the policy declares it.
    pub place: Place,
}

/// The four kinds of scheme.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemeKind {
    /// Access tokens that this service issues and verifies.
    Jwt(JwtScheme),
    /// Long-lived keys of programs.
    ApiKey(ApiKeyScheme),
    /// Sessions of browsers.
    Session(SessionScheme),
    /// Access tokens that somebody else issues and this service verifies.
    Issuer(ForeignIssuer),
}

/// A requirement with a name, declared under `rules`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedRule {
    /// The name handlers use.
    pub name: String,
    /// What it asks for.
    pub requirement: Requirement,
    /// Where the policy declares it.
    pub place: Place,
}

/// A statement about the policy that `check` holds: an entry of `never` or `always`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Invariant {
    /// Whether the role must reach the scopes (`always`) or must not (`never`).
    pub holds: bool,
    /// The role it speaks of.
    pub role: RoleId,
    /// The scopes it speaks of.
    pub scopes: Vec<ScopeId>,
    /// The endpoint it speaks of. What serves it says the application's lock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<NamedEndpoint>,
    /// Where the policy declares it.
    pub place: Place,
}

/// An endpoint as a statement names it: `GET /admin/users`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedEndpoint {
    /// The method, such as `GET`.
    pub method: String,
    /// The path as the router has it, such as `/posts/{id}`.
    pub path: String,
    /// Where the policy names it.
    pub place: Place,
}

/// An authentication context as declared: how surely somebody proved who they are (RFC 9470).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AcrValue {
    /// What stands in the claim `acr`, compared byte for byte.
    pub value: String,
    /// Where the policy declares it.
    pub place: Place,
}

/// `GET /admin/users`
impl fmt::Display for NamedEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// The index of `name` in a list sorted by name.
fn find<T>(sorted: &[T], name: &str, key: impl Fn(&T) -> &str) -> Option<u32> {
    let index = sorted.binary_search_by(|item| key(item).cmp(name)).ok()?;
    u32::try_from(index).ok()
}
