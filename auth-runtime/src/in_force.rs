//! What an engine decides by. In: a checked policy, and the keys at hand. Out: the policy with all
//! that is derived from it, replaced as one when the policy is.

use std::sync::Arc;

use auth_policy::{Policy, policy::SchemeId};

use crate::{
    credential::Carriers,
    jwt::{Issuer, Keyring, SetupError, Verifier},
    transport::Transport,
};

/// A policy and what was made of it: a request that began with one ends with it.
pub(crate) struct InForce {
    pub(crate) policy: Arc<Policy>,
    pub(crate) carriers: Carriers,
    pub(crate) transport: Transport,
    verifiers: Vec<Verifier>,
    pub(crate) issuer: Option<Arc<Issuer>>,
}

impl InForce {
    /// A policy that nobody has keys for yet.
    pub(crate) fn new(policy: Arc<Policy>) -> Self {
        let (carriers, transport) = (Carriers::new(&policy), Transport::of(&policy));
        Self { policy, carriers, transport, verifiers: Vec::new(), issuer: None }
    }

    /// Signs and verifies our own tokens with these keys.
    pub(crate) fn sign_with(&mut self, keys: Keyring) -> Result<(), SetupError> {
        let issuer = Issuer::with(&self.policy, keys)?;
        self.verifiers.push(Verifier::own_with(&self.policy, issuer.keyring().clone())?);
        self.issuer = Some(Arc::new(issuer));
        Ok(())
    }

    /// Verifies the tokens of a foreign issuer with these keys.
    pub(crate) fn trust(&mut self, scheme: SchemeId, keys: Keyring) -> Result<(), SetupError> {
        self.verifiers.push(Verifier::foreign_with(&self.policy, scheme, keys)?);
        Ok(())
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
