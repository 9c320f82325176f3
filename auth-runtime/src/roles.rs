//! What roles come to under a policy. In: roles. Out: every role they include and every scope they
//! grant, as the policy has it now.

use auth_policy::{Policy, policy::RoleId};

use crate::bits::Bits;

/// Roles and what they are worth.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roles {
    /// The roles and every role they include.
    pub(crate) roles: Bits,
    /// Every scope they grant.
    pub(crate) grants: Bits,
}

impl Roles {
    /// What one role comes to.
    pub(crate) fn of(policy: &Policy, id: RoleId) -> Self {
        policy.role(id).map_or_else(Self::default, |role| Self {
            roles: role.all_roles.iter().copied().collect(),
            grants: role.all_grants.iter().copied().collect(),
        })
    }

    pub(crate) fn join(&mut self, other: &Self) {
        self.roles.union_with(&other.roles);
        self.grants.union_with(&other.grants);
    }
}
