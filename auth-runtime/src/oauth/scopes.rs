//! Scopes as clients write them. In: the parameter `scope`. Out: names, all within a ceiling.

use std::collections::BTreeSet;

use auth_policy::Policy;

use super::error::OAuthError;

/// The scopes asked for, sorted, each of which must be in the ceiling and declared by the policy.
/// Nothing asked for is everything in the ceiling that the policy declares.
pub(super) fn asked<'c>(
    parameter: Option<&str>,
    ceiling: &'c [String],
    policy: &Policy,
) -> Result<Vec<&'c str>, OAuthError> {
    let declared = ceiling.iter().map(String::as_str);
    let declared: BTreeSet<_> = declared.filter(|name| policy.scope_id(name).is_some()).collect();
    let Some(words) = parameter else { return Ok(declared.into_iter().collect()) };
    let found = words.split(' ').map(|word| declared.get(word).copied());
    let found: Option<BTreeSet<_>> = found.collect();
    found.map(|found| found.into_iter().collect()).ok_or_else(OAuthError::invalid_scope)
}

/// The scopes among these that roles of those names grant now.
pub(crate) fn granted<'s>(scopes: &[&'s str], roles: &[&str], policy: &Policy) -> Vec<&'s str> {
    let roles = roles.iter().filter_map(|name| policy.role(policy.role_id(name)?));
    let granted: BTreeSet<_> = roles.flat_map(|role| role.all_grants.iter().copied()).collect();
    let is_granted = |name: &&str| policy.scope_id(name).is_some_and(|id| granted.contains(&id));
    scopes.iter().copied().filter(is_granted).collect()
}
