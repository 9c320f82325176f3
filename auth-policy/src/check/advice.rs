//! Advice. In: a policy whose names and grants are right. Out: what is declared and of no use.

use crate::{
    bits::Bits,
    code::Code,
    policy::{Contents, RoleId, SchemeKind, ScopeId},
    report::Report,
    source::quoted,
};

pub(super) fn advice(contents: &Contents, report: &mut Report) {
    scopes_never_granted(contents, report);
    roles_without_effect(contents, report);
}

fn scopes_never_granted(contents: &Contents, report: &mut Report) {
    let mut granted = Bits::new(contents.scopes.len());
    let mut add = |scopes: &[ScopeId]| scopes.iter().for_each(|id| granted.insert(id.0 as usize));
    contents.roles.iter().for_each(|role| add(&role.grants));
    for scheme in &contents.schemes {
        match &scheme.kind {
            SchemeKind::ApiKey(key) => add(&key.grants),
            SchemeKind::Issuer(issuer) => add(&issuer.may_grant),
            SchemeKind::Jwt(_) | SchemeKind::Session(_) => {}
        }
    }
    for scope in unmarked(&contents.scopes, &granted) {
        report.add(Code::ScopeNeverGranted, scope.place, |found| {
            found
                .message(format!("nothing grants the scope {}", quoted(&scope.name)))
                .help("grant it to a role, or remove it")
        });
    }
}

fn roles_without_effect(contents: &Contents, report: &mut Report) {
    let mut included = Bits::new(contents.roles.len());
    let mut add = |RoleId(id): &RoleId| included.insert(*id as usize);
    contents.roles.iter().flat_map(|role| &role.includes).for_each(&mut add);
    contents.rules.iter().filter_map(|rule| rule.requirement.role.as_ref()).for_each(add);
    for role in unmarked(&contents.roles, &included).filter(|role| role.all_grants.is_empty()) {
        report.add(Code::RoleWithoutEffect, role.place, |found| {
            found
                .message(format!(
                    "the role {} grants nothing, and no role includes it",
                    quoted(&role.name)
                ))
                .help("grant it something, or remove it")
        });
    }
}

/// The items whose index is not in the set.
fn unmarked<'a, T>(items: &'a [T], marked: &Bits) -> impl Iterator<Item = &'a T> {
    let mut next = marked.iter().collect::<Vec<_>>().into_iter().peekable();
    items
        .iter()
        .zip(0u32..)
        .filter(move |(_, index)| next.next_if_eq(index).is_none())
        .map(|(item, _)| item)
}
