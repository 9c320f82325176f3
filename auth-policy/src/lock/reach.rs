//! Who reaches an endpoint. In: its rule and the policy. Out: the roles, for readers.

use crate::policy::Policy;

use super::Rule;

/// Says who reaches endpoints under one policy.
pub(super) struct Reach<'p> {
    policy: &'p Policy,
}

impl<'p> Reach<'p> {
    pub(super) fn new(policy: &'p Policy) -> Self {
        Self { policy }
    }

    pub(super) fn of(&mut self, rule: &Rule) -> String {
        let _ = self.policy;
        match rule {
            Rule::Public { .. } | Rule::Unguarded { .. } => "everybody".to_owned(),
            Rule::Guarded(_) => String::new(),
        }
    }
}
