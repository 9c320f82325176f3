//! What an engine has for its API keys. In: a policy, and where the service runs. Out: how secrets are
//! hashed, which keys count, and when each was last used.

use std::fmt;

use auth_policy::{Policy, settings::KeyEnvironment};

use super::digest::Digester;
use crate::{BuildError, reference, seen::LastSeen};

/// What every key of an engine needs.
pub(crate) struct Keep {
    pub(super) digester: Digester,
    pub(super) environment: KeyEnvironment,
    pub(super) seen: LastSeen,
}

impl Keep {
    /// What the keys of that policy need; `None` where it has none.
    ///
    /// # Errors
    ///
    /// When the policy refers to a pepper that is not there or too short.
    pub(crate) fn new(
        policy: &Policy,
        environment: Option<KeyEnvironment>,
    ) -> Result<Option<Self>, BuildError> {
        let Some((_, settings)) = policy.api_key() else { return Ok(None) };
        let pepper = settings.pepper.as_ref().map(reference::resolve).transpose();
        let pepper = pepper.map_err(BuildError::Pepper)?;
        let digester = Digester::new(pepper.as_ref()).ok_or(BuildError::WeakPepper)?;
        let environment = environment.unwrap_or(settings.environment);
        Ok(Some(Self { digester, environment, seen: LastSeen::default() }))
    }
}

impl fmt::Debug for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keep").field("environment", &self.environment).finish_non_exhaustive()
    }
}
