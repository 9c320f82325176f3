//! What each scheme can carry at the very most. In: a scheme, and a scope or role. Out: whether
//! any credential of that scheme could ever hold it.

use crate::policy::{Contents, RoleId, Scheme, SchemeKind, ScopeId};

/// Whether some credential of this scheme can carry the scope. `granted` says which scopes are
/// granted by some role.
pub(super) fn carries_scope(scheme: &Scheme, scope: ScopeId, granted: &[bool]) -> bool {
    let granted = granted.get(scope.0 as usize).copied().unwrap_or(false);
    match &scheme.kind {
        SchemeKind::Jwt(_) | SchemeKind::Session(_) => granted,
        // A key does no more than the account it acts for.
        SchemeKind::ApiKey(key) => granted && key.grants.binary_search(&scope).is_ok(),
        SchemeKind::Issuer(issuer) => issuer.may_grant.binary_search(&scope).is_ok(),
    }
}

/// Whether some credential of this scheme can carry the role.
pub(super) fn carries_role(scheme: &Scheme, role: RoleId, contents: &Contents) -> bool {
    match &scheme.kind {
        SchemeKind::Jwt(_) | SchemeKind::Session(_) => true,
        SchemeKind::ApiKey(_) => false,
        SchemeKind::Issuer(issuer) => issuer.roles.iter().any(|(_, ours)| {
            let ours = contents.roles.get(ours.0 as usize);
            ours.is_some_and(|ours| ours.all_roles.binary_search(&role).is_ok())
        }),
    }
}

/// Whether it is a role alone that the scope still needs: no ceiling of the scheme keeps it out.
pub(super) fn awaits_role(scheme: &Scheme, scope: ScopeId) -> bool {
    match &scheme.kind {
        SchemeKind::ApiKey(key) => key.grants.binary_search(&scope).is_ok(),
        _ => follows_roles(scheme),
    }
}

/// Whether what the scheme carries is whatever roles grant, with no ceiling of its own.
pub(super) fn follows_roles(scheme: &Scheme) -> bool {
    matches!(scheme.kind, SchemeKind::Jwt(_) | SchemeKind::Session(_))
}

/// The key that sets the scheme's ceiling.
pub(super) fn ceiling_key(scheme: &Scheme) -> String {
    match &scheme.kind {
        SchemeKind::Issuer(_) => format!("issuers.{}.may_grant", scheme.name),
        _ => format!("schemes.{}.grants", scheme.name),
    }
}

/// Which scopes some role grants, by their ids.
pub(super) fn granted(contents: &Contents) -> Vec<bool> {
    let mut granted = vec![false; contents.scopes.len()];
    for scope in contents.roles.iter().flat_map(|role| &role.all_grants) {
        if let Some(flag) = granted.get_mut(scope.0 as usize) {
            *flag = true;
        }
    }
    granted
}
