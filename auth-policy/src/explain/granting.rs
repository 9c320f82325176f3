//! How somebody comes to scopes. In: the scopes that no role of theirs grants, and the roles they
//! hold. Out: the fewest roles to be given and scopes to be granted after which they have them.

use super::{Edit, origin::Origins};
use crate::policy::{Role, ScopeId};

/// Of more scopes than these, the ways to give them or to take them away are not all tried.
pub(super) const MOST_TRIED: usize = 10;

/// The fewest edits; of as many those that give fewest roles, and of those the weakest. Nothing where
/// there is no role at all.
///
/// A scope can be granted to a role that is held, and a role that is given may bring several scopes at
/// once. Among more than [`MOST_TRIED`] scopes that is tried for the first ones alone.
pub(super) fn granting(
    origins: &Origins<'_>,
    missing: &[ScopeId],
    held: &[String],
) -> Option<Vec<Edit>> {
    let roles = origins.policy.roles();
    let known: Vec<_> = roles.iter().filter(|role| held.contains(&role.name)).collect();
    let tried = missing.iter().take(MOST_TRIED).copied().collect::<Vec<_>>();
    let ways = ways(&tried, roles).into_iter().enumerate();
    let ways = ways.filter_map(|(brought, given)| Some((brought, given?)));
    // Who holds no role is given one in any case: there is nothing else to grant a scope to.
    let weakest = roles.iter().min_by_key(|role| weight(&[*role]));
    let given_one = weakest.map(|role| (0, vec![role]));
    let ways = ways.chain(given_one).filter(|(_, given)| !known.is_empty() || !given.is_empty());
    let (brought, given) = ways.min_by_key(|(brought, given)| {
        let granted = missing.len().saturating_sub(brought.count_ones() as usize);
        (granted.saturating_add(given.len()), given.len(), weight(given))
    })?;
    // The one of the roles that is part of the fewest others.
    let part_of = |role: &&Role| {
        let id = origins.policy.role_id(&role.name);
        roles.iter().filter(|other| id.is_some_and(|id| other.all_roles.contains(&id))).count()
    };
    let to = known.into_iter().min_by_key(part_of).or_else(|| given.first().copied())?;
    let left = missing.iter().enumerate();
    let left = left.filter(|(index, _)| *index >= tried.len() || brought >> index & 1 == 0);
    let left = left.filter_map(|(_, scope)| origins.policy.scope(*scope));
    let grants = left.map(|scope| Edit::Grant {
        scope: scope.name.clone(),
        role: to.name.clone(),
        place: origins.grants_of(&to.name),
    });
    let holds = given.iter().map(|role| Edit::Hold { role: role.name.clone() });
    Some(holds.chain(grants).collect())
}

/// For each set of these scopes, as bits, the fewest roles that grant all of them, the weakest of as
/// many; of roles that grant the same ones the weakest.
fn ways<'p>(scopes: &[ScopeId], roles: &'p [Role]) -> Vec<Option<Vec<&'p Role>>> {
    let mut weakest: Vec<Option<&Role>> = vec![None; 1 << scopes.len()];
    for role in roles {
        let granted = scopes.iter().enumerate();
        let granted = granted.filter(|(_, scope)| role.all_grants.binary_search(scope).is_ok());
        let bits = granted.fold(0usize, |bits, (index, _)| bits | 1 << index);
        if let Some(slot) = weakest.get_mut(bits).filter(|_| bits > 0)
            && slot.is_none_or(|other| weight(&[role]) < weight(&[other]))
        {
            *slot = Some(role);
        }
    }
    let mut ways: Vec<Option<Vec<&Role>>> = vec![None; weakest.len()];
    if let Some(none) = ways.first_mut() {
        *none = Some(Vec::new());
    }
    // A way to a larger set is a way to a smaller one and one role more, so smaller ones come first.
    for have in 0..ways.len() {
        let Some(way) = ways.get(have).cloned().flatten() else { continue };
        for (bits, role) in weakest.iter().enumerate() {
            let (Some(role), Some(slot)) = (role, ways.get_mut(have | bits)) else { continue };
            let longer = [&way[..], &[*role]].concat();
            let cost = |way: &[&Role]| (way.len(), weight(way));
            if slot.as_ref().is_none_or(|known| cost(&longer) < cost(known)) {
                *slot = Some(longer);
            }
        }
    }
    ways
}

/// How much roles bring.
fn weight(roles: &[&Role]) -> (usize, usize) {
    let sum = |of: fn(&Role) -> usize| roles.iter().map(|role| of(role)).sum();
    (sum(|role| role.all_grants.len()), sum(|role| role.all_roles.len()))
}
