//! `never` and `always`. In: the statements, and what roles come to. Out: the same over ids, each
//! of which holds; one that does not is an error that shows the line to blame.

use super::{access::Origins, grants::undeclared};
use crate::{
    code::Code,
    document::{At, Document, InvariantForm},
    lock::METHODS,
    policy::{Contents, Invariant, NamedEndpoint, Role, RoleId, ScopeId},
    report::Report,
    settings::Place,
    source::quoted,
    undeclared::Kind,
};

/// The statements, in the order of the file. They are not held where roles have mistakes.
pub(super) fn invariants(
    document: &Document,
    contents: &Contents,
    origins: &Origins,
    roles_wrong: bool,
    report: &mut Report,
) -> Vec<Invariant> {
    let mut invariants = Vec::with_capacity(document.invariants.len());
    for form in &document.invariants {
        let Some((id, role)) = role(form, contents, report) else { continue };
        let scopes: Vec<_> =
            form.scopes.iter().filter_map(|word| scope(word, contents, report)).collect();
        if !roles_wrong {
            scopes.iter().for_each(|scope| hold(form, role, *scope, origins, report));
        }
        let mut ids: Vec<ScopeId> = scopes.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        let endpoint = form.endpoint.as_ref().map(|word| endpoint(word, report));
        let Some(endpoint) = endpoint.map_or(Some(None), |named| named.map(Some)) else { continue };
        invariants.push(Invariant {
            holds: form.holds,
            role: id,
            scopes: ids,
            endpoint,
            place: form.place,
        });
    }
    invariants
}

fn role<'a>(
    form: &InvariantForm,
    contents: &'a Contents,
    report: &mut Report,
) -> Option<(RoleId, &'a Role)> {
    let id = contents.role_id(&form.role.value);
    if id.is_none() {
        undeclared(Kind::Role, &form.role, contents, report);
    }
    id.and_then(|id| Some((id, contents.roles.get(id.0 as usize)?)))
}

fn scope<'a>(
    word: &'a At<String>,
    contents: &Contents,
    report: &mut Report,
) -> Option<(ScopeId, &'a At<String>)> {
    let id = contents.scope_id(&word.value);
    if id.is_none() {
        undeclared(Kind::Scope, word, contents, report);
    }
    id.map(|id| (id, word))
}

/// A method and a path. Whether there is such an endpoint is known by the lock alone.
fn endpoint(word: &At<String>, report: &mut Report) -> Option<NamedEndpoint> {
    let named = word.value.split_once(' ').filter(|(method, path)| {
        METHODS.contains(method) && path.starts_with('/') && !path.contains(' ')
    });
    if named.is_none() {
        report.add(Code::UnknownValue, word.place, |found| {
            let found = found.message(format!("{} names no endpoint", quoted(&word.value)));
            let meant = word.value.split_once(' ').map(|(method, _)| method.to_ascii_uppercase());
            match meant.filter(|method| METHODS.contains(&method.as_str())) {
                Some(method) => found.help(format!("write the method in capitals: `{method}`")),
                None => found.help(format!(
                    "write a method and a path as the lock has them, such as `GET /admin/users`; \
                     the methods are {}",
                    METHODS.join(", ")
                )),
            }
        });
    }
    let (method, path) = named?;
    Some(NamedEndpoint { method: method.to_owned(), path: path.to_owned(), place: word.place })
}

fn hold(
    form: &InvariantForm,
    role: &Role,
    (id, word): (ScopeId, &At<String>),
    origins: &Origins,
    report: &mut Report,
) {
    let reaches = role.all_grants.binary_search(&id).is_ok();
    if reaches == form.holds {
        return;
    }
    report.add(Code::InvariantBroken, word.place, |found| {
        let (role_name, scope) = (quoted(&role.name), quoted(&word.value));
        if form.holds {
            return found
                .message(format!(
                    "the role {role_name} always reaches {scope}, says this entry, but it does not"
                ))
                .other(
                    role.place,
                    format!("{role_name} is granted no {scope}, by itself or by what it includes"),
                )
                .help("grant the scope, or change this entry if that is what the review is about");
        }
        let found = found
            .message(format!(
                "the role {role_name} never reaches {scope}, says this entry, but it does"
            ))
            .help("take the grant back, or change this entry if that is what the review is about");
        match granting_word(role, id, origins) {
            Some(place) => found.other(place, "granted here"),
            None => found,
        }
    });
}

/// The word that grants a role the scope: its own if there is one, else that of a role it includes.
fn granting_word(role: &Role, scope: ScopeId, origins: &Origins) -> Option<Place> {
    let words = role.all_roles.iter().filter_map(|id| origins.get(id.0 as usize));
    words.flatten().find(|(id, _)| *id == scope).map(|(_, place)| *place)
}
