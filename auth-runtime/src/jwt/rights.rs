//! What the words in a token are worth here. In: a policy and one of its issuers. Out: tables
//! that turn scope and role names into bits while the claims are read.

use auth_policy::{Policy, policy::RoleId, settings::ForeignIssuer};
use serde_json::Value;

use super::members::{Malformed, Members};
use crate::{bits::Bits, revocation::FAMILY_CLAIM, roles::Roles};

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

    /// The claim that names the sign-in a token belongs to: of our own tokens alone. What somebody
    /// else calls so is nothing here.
    pub(super) fn family_claim(&self) -> Option<&'static str> {
        self.roles_bound.then_some(FAMILY_CLAIM)
    }

    /// Reads a scope claim: words with spaces between them, and of other issuers also an array of
    /// names. Names that mean nothing here grant nothing.
    pub(super) fn read_scopes(&self, from: &mut Members<'_>) -> Result<Bits, Malformed> {
        let mut scopes = Bits::default();
        if self.lenient && from.is_array() {
            from.texts(|name| self.add_scope(&mut scopes, name.as_bytes()))?;
        } else {
            self.add_words(&mut scopes, &from.text()?);
        }
        Ok(scopes)
    }

    /// The same of a value that was read before.
    pub(super) fn scopes_of(&self, value: &Value) -> Result<Bits, Malformed> {
        let mut scopes = Bits::default();
        match value {
            Value::String(words) => self.add_words(&mut scopes, words),
            value => each(value, |name| self.add_scope(&mut scopes, name.as_bytes()))?,
        }
        Ok(scopes)
    }

    /// Reads a role claim: an array of names, and of other issuers also a single name.
    pub(super) fn read_roles(&self, from: &mut Members<'_>) -> Result<Roles, Malformed> {
        let mut roles = Roles::default();
        if self.lenient && !from.is_array() {
            // One name, spaces and all: cutting it up could make a role out of part of a name.
            self.add_role(&mut roles, &from.text()?);
        } else {
            from.texts(|name| self.add_role(&mut roles, name))?;
        }
        Ok(roles)
    }

    /// The same of a value that was read before.
    pub(super) fn roles_of(&self, value: &Value) -> Result<Roles, Malformed> {
        let mut roles = Roles::default();
        match value {
            Value::String(name) => self.add_role(&mut roles, name),
            value => each(value, |name| self.add_role(&mut roles, name))?,
        }
        Ok(roles)
    }

    fn add_words(&self, scopes: &mut Bits, words: &str) {
        let words = words.as_bytes().split(|byte| *byte == b' ');
        words.for_each(|word| self.add_scope(scopes, word));
    }

    fn add_scope(&self, scopes: &mut Bits, name: &[u8]) {
        if let Some(id) = self.scope_names.id(name) {
            scopes.insert(id);
        }
    }

    fn add_role(&self, roles: &mut Roles, name: &str) {
        let place = self.role_names.id(name.as_bytes());
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

    fn id(&self, name: &[u8]) -> Option<u32> {
        let place = self.0.binary_search_by(|(known, _)| known.as_bytes().cmp(name)).ok()?;
        self.0.get(place).map(|(_, id)| *id)
    }
}

/// Shows each name of an array.
fn each(value: &Value, mut show: impl FnMut(&str)) -> Result<(), Malformed> {
    let names = value.as_array().ok_or(Malformed)?;
    names.iter().try_for_each(|name| name.as_str().map(&mut show).ok_or(Malformed))
}
