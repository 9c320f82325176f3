//! What the names that somebody can hold are worth under a policy. In: the names, and which role
//! each one means. Out: for each scope and role the names that bring it, as bits.

use crate::{
    Policy,
    bits::Bits,
    policy::{RoleId, ScopeId},
};

/// Names as indices, and what they bring.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) names: Vec<String>,
    /// For each scope of the policy, the names that grant it.
    granting: Vec<Bits>,
    /// For each role of the policy, the names that are it or include it.
    including: Vec<Bits>,
    /// For each name, itself and those of which it holds everything and more.
    below: Vec<Bits>,
    /// For each name, how much it brings.
    weights: Vec<usize>,
}

impl View {
    /// The names, of which each means a role of that policy or nothing.
    pub(super) fn new(
        policy: &Policy,
        names: Vec<String>,
        meaning: impl Fn(&str) -> Option<RoleId>,
    ) -> Self {
        let size = names.len();
        let mut granting = vec![Bits::new(size); policy.scopes().len()];
        let mut including = vec![Bits::new(size); policy.roles().len()];
        let mut weights = Vec::with_capacity(size);
        let meanings: Vec<_> = names.iter().map(|name| meaning(name)).collect();
        for (index, meaning) in meanings.iter().enumerate() {
            let role = meaning.and_then(|id| policy.role(id));
            let grants = role.map_or(&[][..], |role| &role.all_grants);
            let roles = role.map_or(&[][..], |role| &role.all_roles);
            grants.iter().for_each(|scope| put(&mut granting, scope.0, index));
            roles.iter().for_each(|role| put(&mut including, role.0, index));
            weights.push(grants.len() + roles.len());
        }
        let below = below(&meanings, &including);
        Self { names, granting, including, below, weights }
    }

    pub(super) fn size(&self) -> usize {
        self.names.len()
    }

    pub(super) fn granting(&self, scope: ScopeId) -> Bits {
        self.granting.get(scope.0 as usize).cloned().unwrap_or_else(|| Bits::new(self.size()))
    }

    pub(super) fn including(&self, role: RoleId) -> Bits {
        self.including.get(role.0 as usize).cloned().unwrap_or_else(|| Bits::new(self.size()))
    }

    pub(super) fn below(&self, name: u32) -> Option<&Bits> {
        self.below.get(name as usize)
    }

    pub(super) fn weight(&self, name: u32) -> usize {
        self.weights.get(name as usize).copied().unwrap_or(0)
    }

    /// The names with these indices, sorted as the names are.
    pub(super) fn named(&self, indices: impl IntoIterator<Item = u32>) -> Vec<String> {
        let names = indices.into_iter().filter_map(|index| self.names.get(index as usize));
        names.cloned().collect()
    }
}

fn put(sets: &mut [Bits], set: u32, index: usize) {
    if let Some(set) = sets.get_mut(set as usize) {
        set.insert(index);
    }
}

/// Two names for the same role are not below one another.
fn below(meanings: &[Option<RoleId>], including: &[Bits]) -> Vec<Bits> {
    let mut below = vec![Bits::new(meanings.len()); meanings.len()];
    for (index, meaning) in meanings.iter().enumerate() {
        put(&mut below, u32::try_from(index).unwrap_or(u32::MAX), index);
        let Some(holders) = meaning.and_then(|role| including.get(role.0 as usize)) else {
            continue;
        };
        for holder in holders.iter() {
            if meanings.get(holder as usize) != Some(meaning) {
                put(&mut below, holder, index);
            }
        }
    }
    below
}
