//! The checked policy. In: nothing but what `check` or an embedded copy of its
//! result brings. Out: names turned into ids, and every value with its default.
//!
//! A [`Policy`] is a proof: nothing outside this crate can make one that was not checked.
//! Lists are sorted by name, so that an id does not depend on the order in the file.

use serde::{Deserialize, Serialize};

use crate::{
    fingerprint::{Revision, Structure},
    requirement::Requirement,
    settings::{
        ApiKeyScheme, ForeignIssuer, JwtScheme, Limit, Passwords, Place, Provider, SessionScheme,
    },
};

/// A policy that was read and checked: what every other part of the workspace works on.
#[derive(Clone, Debug)]
pub struct Policy {
    contents: Contents,
    structure: Structure,
    revision: Revision,
}

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
    pub(crate) passwords: Passwords,
    pub(crate) rules: Vec<NamedRule>,
    pub(crate) invariants: Vec<Invariant>,
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
        bare.invariants.iter_mut().for_each(|item| item.place = nowhere);
        bare
    }
}

/// A permission, by its index among the policy's scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ScopeId(pub u32);

/// A role, by its index among the policy's roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RoleId(pub u32);

/// A way to authenticate, by its index among the policy's schemes. Below [`MAX_SCHEMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SchemeId(pub u32);

/// A rate limit, by its index among the policy's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LimitId(pub u32);

/// The most schemes and foreign issuers one policy may declare: a rule holds them in one word.
pub const MAX_SCHEMES: usize = 64;

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
    /// Where the policy declares it.
    pub place: Place,
}

impl Policy {
    /// Wraps checked contents. INVARIANT: callers are `check` and `embed`, nobody else.
    pub(crate) fn new(contents: Contents) -> Self {
        let structure = Structure::of(&contents);
        let revision = Revision::of(&contents);
        Self { contents, structure, revision }
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

    /// The named rules, sorted by name.
    pub fn rules(&self) -> &[NamedRule] {
        &self.contents.rules
    }

    /// The statements under `never` and `always`, all of which hold.
    pub fn invariants(&self) -> &[Invariant] {
        &self.contents.invariants
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

    /// The scheme of access tokens this service issues, if the policy declares one.
    pub fn jwt(&self) -> Option<(SchemeId, &JwtScheme)> {
        self.contents.schemes.iter().zip(0u32..).find_map(|(scheme, index)| match &scheme.kind {
            SchemeKind::Jwt(jwt) => Some((SchemeId(index), jwt)),
            _ => None,
        })
    }
}

/// The index of `name` in a list sorted by name.
fn find<T>(sorted: &[T], name: &str, key: impl Fn(&T) -> &str) -> Option<u32> {
    let index = sorted.binary_search_by(|item| key(item).cmp(name)).ok()?;
    u32::try_from(index).ok()
}
