//! What an engine decides by. In: a checked policy, and the keys at hand. Out: the policy with all
//! that is derived from it, replaced as one when the policy is.

use std::{ops::RangeInclusive, sync::Arc};

use auth_policy::{
    Policy,
    policy::{RoleId, SchemeId},
};
use foldhash::fast::RandomState;
use quick_cache::{
    UnitWeighter,
    sync::{Cache, DefaultLifecycle},
};

use crate::{
    bits::Bits,
    challenge::{Challenges, UsualChallenges},
    credential::Carriers,
    identity::Subject,
    jwt::{Issuer, Keyring, SetupError, Verifier},
    roles::Roles,
    transport::Transport,
};

/// How many lists of roles are remembered, and how long those are: of one role it is told as soon,
/// and more than these nobody has.
const REMEMBERED_LISTS: usize = 1_024;
const REMEMBERED_ROLES: RangeInclusive<usize> = 2..=64;

/// A policy and what was made of it: a request that began with one ends with it.
pub(crate) struct InForce {
    pub(crate) policy: Arc<Policy>,
    pub(crate) carriers: Carriers,
    pub(crate) transport: Transport,
    usual: UsualChallenges,
    verifiers: Vec<Verifier>,
    /// How many bytes of tokens each verifier remembers.
    remembered: usize,
    /// Who gives the ids of our own accounts.
    own_issuer: Arc<str>,
    /// What each role of the policy comes to.
    roles: Vec<Roles>,
    /// What several of them come to together, by the names that accounts have had of late.
    together: Cache<Vec<String>, Arc<Roles>, UnitWeighter, RandomState>,
    /// What an API key may do at most.
    key_ceiling: Bits,
    pub(crate) issuer: Option<Arc<Issuer>>,
}

impl InForce {
    /// A policy that nobody has keys for yet.
    pub(crate) fn new(policy: Arc<Policy>, remembered: usize) -> Self {
        let (carriers, transport) = (Carriers::new(&policy), Transport::of(&policy));
        let own_issuer = policy.jwt().map_or("local", |(_, scheme)| scheme.issuer.as_str()).into();
        let roles = (0..).zip(policy.roles()).map(|(id, _)| Roles::of(&policy, RoleId(id)));
        let grants = policy.api_key().map(|(_, settings)| settings.grants.iter().copied());
        Self {
            roles: roles.collect(),
            together: Cache::with(
                REMEMBERED_LISTS,
                REMEMBERED_LISTS as u64,
                UnitWeighter,
                RandomState::default(),
                DefaultLifecycle::default(),
            ),
            key_ceiling: grants.into_iter().flatten().collect(),
            usual: UsualChallenges::of(&policy),
            policy,
            carriers,
            transport,
            verifiers: Vec::new(),
            remembered,
            own_issuer,
            issuer: None,
        }
    }

    /// Who gives the ids of our own accounts: see [`Auth::own_issuer`](crate::Auth::own_issuer).
    pub(crate) fn own_issuer(&self) -> &Arc<str> {
        &self.own_issuer
    }

    /// The subject that an account of this service is.
    pub(crate) fn subject(&self, account_id: &str) -> Subject {
        Subject { issuer: Arc::clone(&self.own_issuer), id: account_id.into() }
    }

    /// What an account's roles come to. A name the policy does not declare is worth nothing.
    pub(crate) fn worth(&self, names: &[String]) -> Roles {
        if !REMEMBERED_ROLES.contains(&names.len()) {
            return self.joined(names);
        }
        // Under one policy the same names are worth the same, and this goes with the policy.
        if let Some(worth) = self.together.get(names) {
            return Roles::clone(&worth);
        }
        let worth = self.joined(names);
        self.together.insert(names.to_vec(), Arc::new(worth.clone()));
        worth
    }

    fn joined(&self, names: &[String]) -> Roles {
        let mut worth = Roles::default();
        let ids = names.iter().filter_map(|name| self.policy.role_id(name));
        ids.filter_map(|id| self.roles.get(id.0 as usize)).for_each(|role| worth.join(role));
        worth
    }

    /// What an API key of an account with these roles may do at most.
    pub(crate) fn key_rights(&self, roles: &[String]) -> Bits {
        let mut rights = self.key_ceiling.clone();
        rights.intersect_with(&self.worth(roles).grants);
        rights
    }

    /// Signs and verifies our own tokens with these keys.
    pub(crate) fn sign_with(&mut self, keys: Keyring) -> Result<(), SetupError> {
        let issuer = Issuer::with(&self.policy, keys)?;
        let verifier = Verifier::own_with(&self.policy, issuer.keyring().clone())?;
        self.verifiers.push(verifier.remembering(self.remembered));
        self.issuer = Some(Arc::new(issuer));
        Ok(())
    }

    /// Verifies the tokens of a foreign issuer with these keys.
    pub(crate) fn trust(&mut self, scheme: SchemeId, keys: Keyring) -> Result<(), SetupError> {
        let verifier = Verifier::foreign_with(&self.policy, scheme, keys)?;
        self.verifiers.push(verifier.remembering(self.remembered));
        Ok(())
    }

    /// How many bytes of tokens each verifier remembers.
    #[cfg(feature = "reload")]
    pub(crate) const fn remembered(&self) -> usize {
        self.remembered
    }

    /// What callers are told to present who may come by those schemes.
    pub(crate) fn challenges(&self, schemes: u64) -> Challenges<'_> {
        Challenges::new(&self.policy, schemes).with(&self.usual)
    }

    /// The verifiers of those schemes.
    pub(crate) fn verifiers(&self, schemes: u64) -> impl Iterator<Item = &Verifier> + Clone {
        self.verifiers.iter().filter(move |verifier| {
            schemes.checked_shr(verifier.scheme().0).is_some_and(|rest| rest & 1 == 1)
        })
    }

    /// The verifier of one scheme.
    pub(crate) fn verifier(&self, scheme: SchemeId) -> Option<&Verifier> {
        self.verifiers.iter().find(|verifier| verifier.scheme() == scheme)
    }
}

#[cfg(test)]
mod tests {
    use auth_policy::{Source, check};

    use super::*;

    fn in_force(grants: &str) -> InForce {
        let text = format!(
            "version: 1
scopes: {{ read: Read, write: Write, delete: Delete }}
roles: {{ reader: {{ grants: [read] }}, editor: {{ grants: {grants} }} }}
schemes:
  session: {{ idle: 30m, lifetime: 24h }}
"
        );
        let source = Source::new("in_force.yaml", text.into_bytes());
        InForce::new(Arc::new(check(&source).policy.unwrap()), 0)
    }

    fn scopes(in_force: &InForce, roles: &[&str]) -> Vec<String> {
        let names: Vec<_> = roles.iter().map(|role| (*role).to_owned()).collect();
        let grants = in_force.worth(&names).grants;
        let names = in_force.policy.scopes().iter().map(|scope| scope.name.clone());
        names.zip(0..).filter(|(_, id)| grants.contains(*id)).map(|(name, _)| name).collect()
    }

    #[test]
    fn lists_of_roles_are_worth_the_same_again_and_no_other_list_is() {
        let (before, after) = (in_force("[write]"), in_force("[delete]"));
        for _ in 0..2 {
            assert_eq!(scopes(&before, &["reader", "editor"]), ["read", "write"]);
            assert_eq!(scopes(&before, &["reader", "reader"]), ["read"]);
            assert_eq!(scopes(&before, &["reader", "gone"]), ["read"]);
            assert_eq!(scopes(&before, &["editor"]), ["write"]);
            assert_eq!(scopes(&before, &[]), [""; 0]);
            assert_eq!(scopes(&after, &["reader", "editor"]), ["delete", "read"]);
        }
    }

    #[test]
    fn e5_long_lists_are_not_remembered_and_many_are_not_kept() {
        let in_force = in_force("[write]");
        let long: Vec<_> = (0..100).map(|_| "reader").collect();
        assert_eq!(scopes(&in_force, &long), ["read"]);
        assert_eq!(in_force.together.len(), 0);
        for number in 0..REMEMBERED_LISTS * 2 {
            in_force.worth(&["reader".to_owned(), number.to_string()]);
        }
        assert!(in_force.together.len() <= REMEMBERED_LISTS, "{}", in_force.together.len());
    }
}
