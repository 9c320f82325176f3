//! What an engine decides by. In: a checked policy, and the keys at hand. Out: the policy with all
//! that is derived from it, replaced as one when the policy is.

use std::sync::Arc;

use auth_policy::{
    Policy,
    policy::{RoleId, SchemeId},
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
