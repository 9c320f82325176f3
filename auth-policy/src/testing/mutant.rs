//! Small changes. In: a policy as written, or what an endpoint asks for. Out: each way to leave one
//! word of it out, or to let in more, with the place of the word.

use super::closed;
use crate::{
    document::{At, Document, SchemeForm},
    lock::Guard,
    settings::Place,
};

/// A change of who is granted what.
#[derive(Clone, Debug)]
pub(super) struct GrantMutant {
    pub(super) place: Place,
    pub(super) change: String,
    edit: Edit,
}

#[derive(Clone, Copy, Debug)]
enum Edit {
    DropGrant(usize, usize),
    DropInclude(usize, usize),
    GrantAll(usize),
    DropKeyGrant(usize, usize),
    KeyGrantAll(usize),
    DropMayGrant(usize, usize),
    MayGrantAll(usize),
    DropForeignRole(usize, usize),
}

/// Every change of that kind, in the order of the file.
pub(super) fn of_grants(document: &Document) -> Vec<GrantMutant> {
    let mut mutants = Vec::new();
    let mut add = |place: Place, change: String, edit: Edit| {
        mutants.push(GrantMutant { place, change, edit });
    };
    for (index, role) in document.roles.iter().enumerate() {
        let name = &role.name.value;
        for (at, word) in role.form.grants.iter().enumerate() {
            let change = format!("the role `{name}` without its grant `{}`", word.value);
            add(word.place, change, Edit::DropGrant(index, at));
        }
        for (at, word) in role.form.includes.iter().enumerate() {
            let change = format!("the role `{name}` without including `{}`", word.value);
            add(word.place, change, Edit::DropInclude(index, at));
        }
        let change = format!("the role `{name}` with every scope");
        add(role.name.place, change, Edit::GrantAll(index));
    }
    for (index, scheme) in document.schemes.iter().enumerate() {
        let SchemeForm::ApiKey(form) = &scheme.form else { continue };
        for (at, word) in form.grants.iter().enumerate() {
            let change = format!("API keys without `{}`", word.value);
            add(word.place, change, Edit::DropKeyGrant(index, at));
        }
        let change = "API keys with every scope of their owner".to_owned();
        add(scheme.name.place, change, Edit::KeyGrantAll(index));
    }
    for (index, issuer) in document.issuers.iter().enumerate() {
        let name = &issuer.name.value;
        for (at, word) in issuer.form.may_grant.iter().enumerate() {
            let change = format!("the issuer `{name}` without `{}`", word.value);
            add(word.place, change, Edit::DropMayGrant(index, at));
        }
        for (at, (theirs, _)) in issuer.form.roles.iter().enumerate() {
            let change = format!("the issuer `{name}` without its role `{}`", theirs.value);
            add(theirs.place, change, Edit::DropForeignRole(index, at));
        }
        let change = format!("the issuer `{name}` with every scope");
        add(issuer.name.place, change, Edit::MayGrantAll(index));
    }
    mutants.sort_by_key(|mutant| (mutant.place.line, mutant.place.column));
    mutants
}

impl GrantMutant {
    /// The role that is changed, by its place in the file, and how; nothing for other changes.
    pub(super) const fn of_role(&self) -> Option<(usize, closed::Edit)> {
        match self.edit {
            Edit::DropGrant(role, at) => Some((role, closed::Edit::DropGrant(at))),
            Edit::DropInclude(role, at) => Some((role, closed::Edit::DropInclude(at))),
            Edit::GrantAll(role) => Some((role, closed::Edit::GrantAll)),
            _ => None,
        }
    }

    /// The policy with the change in it.
    pub(super) fn apply(&self, document: &Document) -> Document {
        let mut changed = document.clone();
        match self.edit {
            Edit::DropGrant(role, at) => {
                drop_at(changed.roles.get_mut(role).map(|role| &mut role.form.grants), at);
            }
            Edit::DropInclude(role, at) => {
                drop_at(changed.roles.get_mut(role).map(|role| &mut role.form.includes), at);
            }
            Edit::GrantAll(role) => {
                all(changed.roles.get_mut(role).map(|role| &mut role.form.grants));
            }
            Edit::DropKeyGrant(scheme, at) => drop_at(key_grants(&mut changed, scheme), at),
            Edit::KeyGrantAll(scheme) => all(key_grants(&mut changed, scheme)),
            Edit::DropMayGrant(issuer, at) => {
                drop_at(
                    changed.issuers.get_mut(issuer).map(|issuer| &mut issuer.form.may_grant),
                    at,
                );
            }
            Edit::MayGrantAll(issuer) => {
                all(changed.issuers.get_mut(issuer).map(|issuer| &mut issuer.form.may_grant));
            }
            Edit::DropForeignRole(issuer, at) => {
                drop_at(changed.issuers.get_mut(issuer).map(|issuer| &mut issuer.form.roles), at);
            }
        }
        changed
    }
}

fn key_grants(document: &mut Document, scheme: usize) -> Option<&mut Vec<At<String>>> {
    match &mut document.schemes.get_mut(scheme)?.form {
        SchemeForm::ApiKey(form) => Some(&mut form.grants),
        _ => None,
    }
}

fn drop_at<T>(list: Option<&mut Vec<T>>, at: usize) {
    if let Some(list) = list.filter(|list| at < list.len()) {
        list.remove(at);
    }
}

fn all(list: Option<&mut Vec<At<String>>>) {
    if let Some(list) = list {
        *list = vec![At { value: "*".to_owned(), place: Place::default() }];
    }
}

/// A change of what an endpoint asks for.
#[derive(Clone, Debug)]
pub(super) struct GuardMutant {
    pub(super) change: String,
    pub(super) guard: Guard,
}

/// Every change of that kind. `schemes` are all that the policy declares.
pub(super) fn of_guard(guard: &Guard, schemes: &[&str]) -> Vec<GuardMutant> {
    let mut mutants = Vec::new();
    let mut add = |change: String, edit: &dyn Fn(&mut Guard)| {
        let mut changed = guard.clone();
        edit(&mut changed);
        mutants.push(GuardMutant { change, guard: changed });
    };
    for (at, scheme) in guard.schemes.iter().enumerate().filter(|_| guard.schemes.len() > 1) {
        add(format!("without the scheme `{scheme}`"), &|guard| {
            drop_at(Some(&mut guard.schemes), at);
        });
    }
    for scheme in schemes.iter().filter(|name| !guard.schemes.iter().any(|had| had == *name)) {
        add(format!("with the scheme `{scheme}` as well"), &|guard| {
            guard.schemes.push((*scheme).to_owned());
            guard.schemes.sort_unstable();
        });
    }
    for (at, scope) in guard.scopes.iter().enumerate() {
        add(format!("without the scope `{scope}`"), &|guard| drop_at(Some(&mut guard.scopes), at));
    }
    if guard.scopes.len() > 1 {
        let change =
            if guard.any_scope { "with all of the scopes" } else { "with any of the scopes" };
        add(change.to_owned(), &|guard| guard.any_scope = !guard.any_scope);
    }
    if let Some(role) = &guard.role {
        add(format!("without the role `{role}`"), &|guard| guard.role = None);
    }
    if let Some(max_age) = guard.max_age {
        add(format!("without `max_age = {max_age}`"), &|guard| guard.max_age = None);
    }
    if let Some(acr) = &guard.acr {
        add(format!("without `acr = {acr}`"), &|guard| guard.acr = None);
    }
    if guard.people_only {
        add("for clients as well".to_owned(), &|guard| guard.people_only = false);
    }
    mutants
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::settings::Seconds;

    #[test]
    fn every_change_of_a_rule_changes_it_in_another_way() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let guard = Guard {
            schemes: names(&["jwt", "session"]),
            scopes: names(&["a", "b"]),
            any_scope: true,
            role: Some("r".to_owned()),
            max_age: Some(Seconds(1)),
            acr: Some("strong".to_owned()),
            people_only: true,
            ..Guard::default()
        };
        let mutants = of_guard(&guard, &["api_key", "jwt", "session"]);
        let forms: BTreeSet<_> = mutants.iter().map(|found| format!("{:?}", found.guard)).collect();
        let words: BTreeSet<_> = mutants.iter().map(|found| &found.change).collect();
        // Two schemes less, one more, two scopes less, all of them, and four conditions.
        assert_eq!((mutants.len(), forms.len(), words.len()), (10, 10, 10));
        assert!(mutants.iter().all(|found| found.guard != guard));
    }
}
