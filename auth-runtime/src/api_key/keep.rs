//! What an engine has for its API keys. In: a policy, and where the service runs. Out: how secrets are
//! hashed, which keys count, and when each was last used.

use std::fmt;

use auth_policy::{Policy, settings::KeyEnvironment};

use super::{digest::Digester, record::Familiar};
use crate::{BuildError, reference, seen::LastSeen, store::Reader};

/// What every key of an engine needs.
pub(crate) struct Keep {
    pub(super) digester: Digester,
    pub(super) environment: KeyEnvironment,
    pub(super) seen: LastSeen,
    pub(super) reader: Reader<Familiar>,
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
        let (seen, reader) = (LastSeen::default(), Reader::new(Familiar::from_bytes));
        Ok(Some(Self { digester, environment, seen, reader }))
    }
}

impl fmt::Debug for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keep").field("environment", &self.environment).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use auth_policy::{Source, check};

    use super::*;

    fn keep(pepper: &str) -> Result<Option<Keep>, BuildError> {
        let text = format!(
            "version: 1
scopes: {{ read: Read }}
roles: {{ reader: {{ grants: [read] }} }}
schemes:
  api_key: {{ prefix: t, grants: [read], max_ttl: 90d, environment: test{pepper} }}
"
        );
        let source = Source::new("keep.yaml", text.into_bytes());
        Keep::new(&check(&source).policy.unwrap(), None)
    }

    #[test]
    fn k1_a_pepper_is_read_when_the_engine_is_made() {
        let path = std::env::temp_dir().join(format!("auth-pepper-{}", std::process::id()));
        std::fs::write(&path, "0123456789abcdef0123456789abcdef\n").unwrap();
        let peppered = keep(&format!(", pepper: \"file:{}\"", path.display())).unwrap().unwrap();
        std::fs::write(&path, "short\n").unwrap();
        let weak = keep(&format!(", pepper: \"file:{}\"", path.display()));
        std::fs::remove_file(&path).unwrap();
        let plain = keep("").unwrap().unwrap();
        assert_eq!(plain.environment, KeyEnvironment::Test);
        let hash = peppered.digester.digest("secret").into_text();
        assert!(!plain.digester.digest("secret").is(&hash));
        assert!(matches!(weak, Err(BuildError::WeakPepper)));
        let missing = keep(&format!(", pepper: \"file:{}\"", path.display()));
        let said = missing.unwrap_err().to_string();
        assert!(said.starts_with("scheme `api_key` has no pepper: the file `"), "{said}");
    }
}
