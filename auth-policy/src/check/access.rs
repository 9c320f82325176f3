//! Scopes and roles. In: their forms. Out: both sorted by name, each role with everything it
//! comes to, and the words that grant what.

use std::collections::HashSet;

use super::{
    closure::{self, Circle},
    grants::{Grants, undeclared},
};
use crate::{
    bits::Bits,
    code::Code,
    document::{At, Document, Entry, RoleForm},
    policy::{Contents, Role, RoleId, Scope, ScopeId},
    report::Report,
    settings::Place,
    source::quoted,
    undeclared::Kind,
};

/// The most roles a policy may declare.
const MOST_ROLES: usize = 4096;
/// How much work all includes together may be, in words of 64 names.
const MOST_WORK: usize = 8_000_000;
/// How many names everything that roles come to may hold.
const MOST_CLOSED: usize = 2_000_000;

/// For each role, the scopes its own grants name and the place of the word that does.
pub(super) type Origins = Vec<Vec<(ScopeId, Place)>>;

/// The scopes, sorted by name.
pub(super) fn scopes(document: &Document) -> Vec<Scope> {
    let scope = |entry: &Entry<crate::document::ScopeForm>| Scope {
        name: entry.name.value.clone(),
        description: entry.form.description.clone(),
        mutates: entry.form.mutates,
        place: entry.name.place,
    };
    let mut scopes: Vec<_> = document.scopes.iter().map(scope).collect();
    scopes.sort_by(|a, b| a.name.cmp(&b.name));
    scopes
}

/// Puts the roles, sorted by name, into `contents`, whose scopes are there already.
pub(super) fn roles(document: &Document, contents: &mut Contents, report: &mut Report) -> Origins {
    let mut entries: Vec<&Entry<RoleForm>> = document.roles.iter().collect();
    if let Some(first) = entries.get(MOST_ROLES) {
        report.add(Code::TooComplex, first.name.place, |found| {
            found.message(format!("a policy declares at most {MOST_ROLES} roles"))
        });
        entries.truncate(MOST_ROLES);
    }
    entries.sort_by(|a, b| a.name.value.cmp(&b.name.value));
    contents.roles = entries.iter().map(|entry| bare(&entry.name)).collect();
    let includes: Vec<Vec<Include>> =
        entries.iter().map(|entry| self::includes(&entry.form, contents, report)).collect();
    let mut grants = Grants::new(contents);
    let origins: Origins =
        entries.iter().map(|entry| grants.expand(&entry.form.grants, report)).collect();
    close(&includes, &origins, contents, report);
    origins
}

fn bare(name: &At<String>) -> Role {
    Role {
        name: name.value.clone(),
        includes: Vec::new(),
        grants: Vec::new(),
        all_roles: Vec::new(),
        all_grants: Vec::new(),
        place: name.place,
    }
}

/// A role that another includes, and the word that says so.
type Include = (RoleId, Place);

fn includes(form: &RoleForm, contents: &Contents, report: &mut Report) -> Vec<Include> {
    let mut seen = HashSet::with_capacity(form.includes.len());
    let mut list = Vec::with_capacity(form.includes.len());
    for word in &form.includes {
        if !seen.insert(word.value.as_str()) {
            report.add(Code::NamedTwice, word.place, |found| {
                let message = format!("the role {} is named twice", quoted(&word.value));
                found.message(message).help("remove one of them")
            });
            continue;
        }
        match contents.role_id(&word.value) {
            Some(id) => list.push((id, word.place)),
            None => undeclared(Kind::Role, word, contents, report),
        }
    }
    list
}

/// Fills in what each role includes and grants, directly and in all.
fn close(
    includes: &[Vec<Include>],
    origins: &Origins,
    contents: &mut Contents,
    report: &mut Report,
) {
    let ids: Vec<Vec<u32>> =
        includes.iter().map(|list| list.iter().map(|(id, _)| id.0).collect()).collect();
    let (order, circles) = closure::order(&ids);
    circles.iter().for_each(|circle| refuse_circle(circle, includes, contents, report));
    let closed = match closed(&order, &ids, origins, contents) {
        Ok(closed) => closed,
        Err(role) => return refuse_size(role, contents, report),
    };
    let own = includes.iter().zip(origins);
    for ((role, (roles, scopes)), (includes, grants)) in
        contents.roles.iter_mut().zip(&closed).zip(own)
    {
        role.includes = includes.iter().map(|(id, _)| *id).collect();
        role.includes.sort_unstable();
        role.grants = grants.iter().map(|(id, _)| *id).collect();
        role.all_roles = roles.iter().map(RoleId).collect();
        role.all_grants = scopes.iter().map(ScopeId).collect();
    }
}

/// For each role, every role and every scope it comes to; or the role at which that is too much.
fn closed(
    order: &[u32],
    includes: &[Vec<u32>],
    origins: &Origins,
    contents: &Contents,
) -> Result<Vec<(Bits, Bits)>, usize> {
    let mut closed = vec![(Bits::new(0), Bits::new(0)); contents.roles.len()];
    let (mut work, mut names) = (0, 0);
    for role in order.iter().map(|role| *role as usize) {
        let mut roles = Bits::new(contents.roles.len());
        let mut scopes = Bits::new(contents.scopes.len());
        roles.insert(role);
        let own = origins.get(role).into_iter().flatten();
        own.for_each(|(id, _)| scopes.insert(id.0 as usize));
        let included = includes.get(role).into_iter().flatten();
        for (all_roles, all_scopes) in included.filter_map(|id| closed.get(*id as usize)) {
            work += roles.words() + scopes.words();
            roles.add_all(all_roles);
            scopes.add_all(all_scopes);
        }
        names += roles.len() + scopes.len();
        if work > MOST_WORK || names > MOST_CLOSED {
            return Err(role);
        }
        if let Some(slot) = closed.get_mut(role) {
            *slot = (roles, scopes);
        }
    }
    Ok(closed)
}

fn refuse_size(role: usize, contents: &Contents, report: &mut Report) {
    let place = contents.roles.get(role).map(|role| role.place).unwrap_or_default();
    report.add(Code::TooComplex, place, |found| {
        found.message("up to this role, the roles of this policy come to more than can be checked")
    });
}

fn refuse_circle(
    circle: &Circle,
    includes: &[Vec<Include>],
    contents: &Contents,
    report: &mut Report,
) {
    let (role, at) = circle.closing;
    let word = includes.get(role as usize).and_then(|list| list.get(at));
    let Some((_, place)) = word else { return };
    report.add(Code::RoleCycle, *place, |found| {
        let first = circle.roles.first().copied();
        let shown = circle.roles.iter().copied().take(8);
        let dots = (circle.roles.len() > 8).then(|| "..".to_owned());
        let names = shown.map(|id| name(id, contents)).chain(dots);
        let path: Vec<_> = names.chain(first.map(|id| name(id, contents))).collect();
        let others = circle.roles.iter().take(8).filter(|id| **id != role);
        let found = found
            .message(format!("roles include one another in a circle: {}", path.join(" -> ")))
            .label("this closes the circle")
            .help("remove one of these includes");
        others.fold(found, |found, id| {
            let place = contents.roles.get(*id as usize).map(|role| role.place).unwrap_or_default();
            found.other(place, "part of the circle")
        })
    });
}

fn name(role: u32, contents: &Contents) -> String {
    contents.roles.get(role as usize).map(|role| quoted(&role.name)).unwrap_or_default()
}
