//! What the words in a token are worth here. In: a policy and one of its issuers. Out: tables
//! that turn scope and role names into bits while the claims are read.

use std::fmt;

use auth_policy::{Policy, policy::RoleId, settings::ForeignIssuer};
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::json::Text;
use crate::{bits::Bits, roles::Roles};

/// Names and what they are worth, for the tokens of one issuer.
#[derive(Debug)]
pub(super) struct Rights {
    scope_claim: Box<str>,
    role_claim: Box<str>,
    scope_names: Names,
    role_names: Names,
    /// What each name of `role_names` comes to.
    worth: Vec<Roles>,
    /// Whether scopes and roles may be written in either form, string or array.
    lenient: bool,
    /// Whether roles bound the scopes; elsewhere the names known here do.
    roles_bound: bool,
}

impl Rights {
    /// Tokens of our own: every name of the policy, scopes bounded by what the roles grant now.
    pub(super) fn own(policy: &Policy) -> Self {
        let scopes = policy.scopes().iter().map(|scope| scope.name.as_str());
        let roles = policy.roles().iter().map(|role| role.name.as_str());
        Self {
            scope_claim: "scope".into(),
            role_claim: "roles".into(),
            scope_names: Names::of(scopes.zip(0..)),
            role_names: Names::of(roles.zip(0..)),
            worth: (0..).zip(policy.roles()).map(|(id, _)| Roles::of(policy, RoleId(id))).collect(),
            lenient: false,
            roles_bound: true,
        }
    }

    /// Tokens of somebody else: the scopes under its ceiling, and the roles in its table.
    pub(super) fn foreign(policy: &Policy, issuer: &ForeignIssuer) -> Self {
        let scopes = issuer.may_grant.iter().filter_map(|id| Some((policy.scope(*id)?, id.0)));
        let roles = issuer.roles.iter().map(|(name, _)| name.as_str());
        Self {
            scope_claim: issuer.scope_claim.as_str().into(),
            role_claim: issuer.role_claim.as_str().into(),
            scope_names: Names::of(scopes.map(|(scope, id)| (scope.name.as_str(), id))),
            role_names: Names::of(roles.zip(0..)),
            worth: issuer.roles.iter().map(|(_, id)| Roles::of(policy, *id)).collect(),
            lenient: true,
            roles_bound: false,
        }
    }

    pub(super) fn scope_claim(&self) -> &str {
        &self.scope_claim
    }

    pub(super) fn role_claim(&self) -> &str {
        &self.role_claim
    }

    /// What the scopes come to under these roles.
    pub(super) fn effective(&self, scopes: &Bits, roles: &Roles) -> Bits {
        let mut effective = scopes.clone();
        if self.roles_bound {
            effective.intersect_with(&roles.grants);
        }
        effective
    }

    /// Reads a scope claim.
    pub(super) const fn scopes(&self) -> ScopeReader<'_> {
        ScopeReader(self)
    }

    /// Reads a role claim.
    pub(super) const fn roles(&self) -> RoleReader<'_> {
        RoleReader(self)
    }

    fn add_scope(&self, scopes: &mut Bits, name: &str) {
        if let Some(id) = self.scope_names.id(name) {
            scopes.insert(id);
        }
    }

    fn add_role(&self, roles: &mut Roles, name: &str) {
        let place = self.role_names.id(name);
        if let Some(worth) = place.and_then(|place| self.worth.get(place as usize)) {
            roles.join(worth);
        }
    }
}

/// Names sorted, so that a word is found by halving. Whole words only (J15).
#[derive(Debug)]
struct Names(Vec<(Box<str>, u32)>);

impl Names {
    fn of<'n>(names: impl Iterator<Item = (&'n str, u32)>) -> Self {
        let mut names: Vec<_> = names.map(|(name, id)| (Box::from(name), id)).collect();
        names.sort_unstable();
        Self(names)
    }

    fn id(&self, name: &str) -> Option<u32> {
        let place = self.0.binary_search_by(|(known, _)| known.as_ref().cmp(name)).ok()?;
        self.0.get(place).map(|(_, id)| *id)
    }
}

/// A scope claim: words with spaces between them, and of other issuers also an array of names.
/// Names that mean nothing here grant nothing.
#[derive(Clone, Copy)]
pub(super) struct ScopeReader<'r>(&'r Rights);

impl<'de> DeserializeSeed<'de> for ScopeReader<'_> {
    type Value = Bits;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Bits, D::Error> {
        if self.0.lenient {
            deserializer.deserialize_any(self)
        } else {
            deserializer.deserialize_str(self)
        }
    }
}

impl<'de> Visitor<'de> for ScopeReader<'_> {
    type Value = Bits;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("scopes with spaces between them")
    }

    fn visit_str<E>(self, words: &str) -> Result<Bits, E> {
        let mut scopes = Bits::default();
        words.split(' ').for_each(|word| self.0.add_scope(&mut scopes, word));
        Ok(scopes)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Bits, A::Error> {
        let mut scopes = Bits::default();
        while let Some(name) = names.next_element_seed(Text)? {
            self.0.add_scope(&mut scopes, &name);
        }
        Ok(scopes)
    }
}

/// A role claim: an array of names, and of other issuers also a single name.
#[derive(Clone, Copy)]
pub(super) struct RoleReader<'r>(&'r Rights);

impl<'de> DeserializeSeed<'de> for RoleReader<'_> {
    type Value = Roles;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Roles, D::Error> {
        if self.0.lenient {
            deserializer.deserialize_any(self)
        } else {
            deserializer.deserialize_seq(self)
        }
    }
}

impl<'de> Visitor<'de> for RoleReader<'_> {
    type Value = Roles;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of role names")
    }

    // One name, spaces and all: cutting it up could make a role out of part of a name.
    fn visit_str<E>(self, name: &str) -> Result<Roles, E> {
        let mut roles = Roles::default();
        self.0.add_role(&mut roles, name);
        Ok(roles)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Roles, A::Error> {
        let mut roles = Roles::default();
        while let Some(name) = names.next_element_seed(Text)? {
            self.0.add_role(&mut roles, &name);
        }
        Ok(roles)
    }
}
