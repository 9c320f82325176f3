//! Which word of a policy says it. In: the policy as written and as checked. Out: for each role,
//! scheme and issuer the words that grant a scope, and those by which a role comes to another.

use std::collections::VecDeque;

use crate::{
    Policy,
    document::{At, Document, RoleForm, SchemeForm},
    policy::{RoleId, ScopeId},
    settings::Place,
};

/// A policy in both its forms.
pub(super) struct Origins<'o> {
    pub(super) policy: &'o Policy,
    pub(super) document: &'o Document,
}

/// A word and whose list it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Granted {
    pub(super) of: String,
    pub(super) word: String,
    pub(super) place: Place,
}

impl<'o> Origins<'o> {
    /// The words of all lists that make a credential of these roles have the scope.
    pub(super) fn grants(&self, roles: &[String], scope: &str) -> Vec<Granted> {
        let mut found = Vec::new();
        for role in self.closure(roles) {
            let Some(form) = self.form(role) else { continue };
            found.extend(granting(role, &form.grants, scope));
        }
        found
    }

    /// The words that let credentials of that scheme or issuer carry the scope.
    pub(super) fn ceiling(&self, scheme: &str, scope: &str) -> Vec<Granted> {
        granting(scheme, self.ceiling_words(scheme).unwrap_or_default(), scope)
    }

    /// The list of what they may carry, if there is one.
    pub(super) fn ceiling_words(&self, scheme: &str) -> Option<&'o [At<String>]> {
        let mut schemes = self.document.schemes.iter();
        let keys = schemes.find_map(|entry| match &entry.form {
            SchemeForm::ApiKey(form) if entry.name.value == scheme => Some(&form.grants[..]),
            _ => None,
        });
        let mut issuers = self.document.issuers.iter();
        let mut issuer = || issuers.find(|entry| entry.name.value == scheme);
        keys.or_else(|| issuer().map(|entry| &entry.form.may_grant[..]))
    }

    /// The shortest way from one of the roles held to one that satisfies `is`: the role held, and
    /// then each `includes` on the way with its place.
    pub(super) fn path(
        &self,
        held: &[String],
        is: impl Fn(&str) -> bool,
    ) -> Option<(String, Vec<(String, Place)>)> {
        for start in held.iter().filter(|name| self.policy.role_id(name).is_some()) {
            let mut queue = VecDeque::from([(start.clone(), Vec::new())]);
            let mut seen = vec![start.clone()];
            while let Some((role, way)) = queue.pop_front() {
                if is(&role) {
                    return Some((start.clone(), way));
                }
                for word in self.form(&role).map(|form| &form.includes[..]).unwrap_or_default() {
                    if !seen.contains(&word.value) {
                        seen.push(word.value.clone());
                        let step = (word.value.clone(), word.place);
                        queue.push_back((word.value.clone(), [&way[..], &[step]].concat()));
                    }
                }
            }
        }
        None
    }

    pub(super) fn form(&self, role: &str) -> Option<&'o RoleForm> {
        let mut entries = self.document.roles.iter();
        entries.find(|entry| entry.name.value == role).map(|entry| &entry.form)
    }

    /// Where a role grants what it grants: the last word of its list, or its name.
    pub(super) fn grants_of(&self, role: &str) -> Place {
        let last = self.form(role).and_then(|form| form.grants.last()).map(|word| word.place);
        last.unwrap_or_else(|| self.role_place(role))
    }

    pub(super) fn role_place(&self, role: &str) -> Place {
        let role = self.policy.role_id(role).and_then(|id| self.policy.role(id));
        role.map(|role| role.place).unwrap_or_default()
    }

    pub(super) fn scheme_place(&self, scheme: &str) -> Place {
        let scheme = self.policy.scheme_id(scheme).and_then(|id| self.policy.scheme(id));
        scheme.map(|scheme| scheme.place).unwrap_or_default()
    }

    /// What a name that is held means: itself, or our role in an issuer's table.
    pub(super) fn meaning(&self, scheme: &str, names: &[String]) -> Vec<String> {
        let mut issuers = self.document.issuers.iter();
        let Some(issuer) = issuers.find(|entry| entry.name.value == scheme) else {
            return names.to_vec();
        };
        let table = issuer.form.roles.iter().filter(|(theirs, _)| names.contains(&theirs.value));
        table.map(|(_, ours)| ours.value.clone()).collect()
    }

    /// The entries of an issuer's table for names in its tokens: our role, and where it says so.
    pub(super) fn entries(&self, scheme: &str, names: &[String]) -> Vec<(String, Place)> {
        let mut issuers = self.document.issuers.iter();
        let issuer = issuers.find(|entry| entry.name.value == scheme);
        let table = issuer.map(|entry| &entry.form.roles[..]).unwrap_or_default().iter();
        let named = table.filter(|(theirs, _)| names.contains(&theirs.value));
        named.map(|(theirs, ours)| (ours.value.clone(), theirs.place)).collect()
    }

    /// These roles and all that they include.
    fn closure(&self, roles: &[String]) -> Vec<&'o str> {
        let ids = roles.iter().filter_map(|name| self.policy.role(self.policy.role_id(name)?));
        let mut all: Vec<RoleId> = ids.flat_map(|role| role.all_roles.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all.iter().filter_map(|id| self.policy.role(*id)).map(|role| role.name.as_str()).collect()
    }

    pub(super) fn scope(&self, name: &str) -> Option<ScopeId> {
        self.policy.scope_id(name)
    }
}

fn granting(of: &str, words: &[At<String>], scope: &str) -> Vec<Granted> {
    let granting = words.iter().filter(|word| stands_for(&word.value, scope));
    let granted = granting.map(|word| Granted {
        of: of.to_owned(),
        word: word.value.clone(),
        place: word.place,
    });
    granted.collect()
}

/// Whether a word of a list is the scope, or a wildcard for it.
fn stands_for(word: &str, scope: &str) -> bool {
    if word == scope || word == "*" {
        return true;
    }
    match (word.strip_suffix('*'), word.strip_prefix('*')) {
        (Some(start), _) if start.ends_with(':') => scope.starts_with(start),
        (_, Some(end)) if end.starts_with(':') => scope.ends_with(end),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stands_for_what_check_expands_it_to() {
        for (word, scope, stands) in [
            ("read:posts", "read:posts", true),
            ("read:posts", "read:post", false),
            ("*", "read:posts", true),
            ("read:*", "read:posts", true),
            ("read:*", "write:posts", false),
            ("*:posts", "write:posts", true),
            ("*:posts", "write:reposts", false),
        ] {
            assert_eq!(stands_for(word, scope), stands, "{word} {scope}");
        }
    }
}
