//! `security` of an operation. In: the rule of its endpoint. Out: the alternatives by which a caller
//! meets it, and in extensions what OpenAPI has no word for.

use auth_policy::lock::{Guard, Rule};
use utoipa::openapi::{
    extensions::ExtensionsBuilder, path::Operation, security::SecurityRequirement,
};

use super::schemes::{Schemes, Way, WayKind};
use crate::routing::Endpoint;

/// Replaces whatever the operation said by what its guard asks for.
pub(super) fn write(endpoint: &Endpoint, schemes: &Schemes, operation: &mut Operation) {
    let mut said = ExtensionsBuilder::new();
    operation.security = Some(match &endpoint.rule {
        Rule::Guarded(guard) => {
            if let Some(role) = &guard.role {
                said = said.add("x-required-role", role.as_str());
            }
            if let Some(max_age) = guard.max_age {
                said = said.add("x-max-age", max_age.0);
            }
            if let Some(acr) = &guard.acr {
                said = said.add("x-acr", acr.as_str());
            }
            let ways = guard.schemes.iter().flat_map(|scheme| schemes.ways(scheme));
            let ways = ways.filter(|way| is_enough(way.kind, guard, schemes.api_key.as_deref()));
            ways.flat_map(|way| requirements(way, &guard.scopes, guard.any_scope)).collect()
        }
        Rule::Public { reason, identity, .. } => {
            said = said.add("x-public-reason", reason.as_str());
            let ways = identity.iter().flat_map(|scheme| schemes.ways(scheme));
            let ways = ways.filter(|way| !matches!(way.kind, WayKind::Granted { .. }));
            let known: Vec<_> = ways.flat_map(|way| requirements(way, &[], false)).collect();
            // With nothing at all, or as somebody.
            let nobody = (!known.is_empty()).then(SecurityRequirement::default);
            nobody.into_iter().chain(known).collect()
        }
        Rule::Unguarded { reason } => {
            said = said.add("x-public-reason", reason.as_str());
            Vec::new()
        }
    });
    if let Some(limit) = &endpoint.limit {
        said = said.add("x-rate-limit", limit.as_str());
    }
    let said = said.build();
    let own = operation.extensions.get_or_insert_default();
    // What the document says under these names is not what is enforced.
    own.retain(|name, _| !OURS.contains(&name.as_str()));
    own.merge(said);
    if own.is_empty() {
        operation.extensions = None;
    }
}

/// The extensions that are written here.
const OURS: [&str; 5] =
    ["x-required-role", "x-max-age", "x-acr", "x-public-reason", "x-rate-limit"];

/// Whether a way can lead in. No client's token does where people alone are admitted, or for a role;
/// and where no scope is asked for, none that acts for somebody, unless the rule is for programs too.
fn is_enough(kind: WayKind, guard: &Guard, api_key: Option<&str>) -> bool {
    let WayKind::Granted { to_themselves } = kind else { return true };
    let for_programs =
        api_key.is_some_and(|name| guard.schemes.iter().any(|scheme| scheme == name));
    let stands_for_something = !guard.scopes.is_empty() || to_themselves || for_programs;
    !guard.people_only && guard.role.is_none() && stands_for_something
}

/// All of the scopes by that way; or an alternative for each, where one of them is enough.
fn requirements(way: &Way, scopes: &[String], any_scope: bool) -> Vec<SecurityRequirement> {
    let all = |scopes: &[String]| SecurityRequirement::new(&way.name, scopes.iter().cloned());
    if any_scope && scopes.len() > 1 {
        scopes.chunks(1).map(all).collect()
    } else {
        vec![all(scopes)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ot10_clients_are_offered_what_their_tokens_can_open() {
        let rule = |schemes: &[&str], scopes: &[&str]| Guard {
            schemes: schemes.iter().map(|name| (*name).to_owned()).collect(),
            scopes: scopes.iter().map(|name| (*name).to_owned()).collect(),
            ..Guard::default()
        };
        let people = Guard { people_only: true, ..rule(&["jwt"], &["read"]) };
        let admins = Guard { role: Some("admin".to_owned()), ..rule(&["jwt"], &["read"]) };
        for (guard, for_themselves, for_somebody) in [
            (rule(&["jwt"], &["read"]), true, true),
            (rule(&["jwt"], &[]), true, false),
            (rule(&["api_key", "jwt"], &[]), true, true),
            (people, false, false),
            (admins, false, false),
        ] {
            let offered = |to_themselves| {
                is_enough(WayKind::Granted { to_themselves }, &guard, Some("api_key"))
            };
            assert_eq!(
                (offered(true), offered(false)),
                (for_themselves, for_somebody),
                "{guard:?}"
            );
            assert!(is_enough(WayKind::Sent, &guard, None), "others are what the rule names");
        }
    }
}
