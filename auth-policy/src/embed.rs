//! A checked policy as one string inside a binary. In: a [`Policy`]. Out: JSON, and back again
//! without a YAML parser and without checking anew.
//!
//! The string is written by `policy!()` and read by a runtime of the same version; the structure
//! written beside it is compared on the way back, so neither a stale nor an edited copy is taken.

use std::{error::Error, fmt};

use crate::{
    fingerprint::Structure,
    policy::{Contents, Policy},
};

impl Policy {
    /// This policy in the form that [`from_embedded`](Self::from_embedded) reads.
    ///
    /// # Errors
    ///
    /// None for a policy this crate made; the signature is honest about `serde_json`.
    pub fn to_embedded(&self) -> Result<String, EmbedError> {
        serde_json::to_string(self.contents()).map_err(|error| EmbedError(error.to_string()))
    }

    /// Reads back what [`to_embedded`](Self::to_embedded) wrote.
    ///
    /// # Errors
    ///
    /// When the text is not such a policy, or its structure is not `expected`.
    ///
    /// # Security
    ///
    /// The text is trusted like code: it is compiled into the binary. A policy file that is read
    /// at run time goes through `check` instead.
    pub fn from_embedded(text: &str, expected: Structure) -> Result<Self, EmbedError> {
        let contents: Contents =
            serde_json::from_str(text).map_err(|error| EmbedError(error.to_string()))?;
        let policy = Self::new(contents);
        if policy.structure() != expected {
            return Err(EmbedError(format!(
                "its structure is {}, the binary was compiled against {expected}",
                policy.structure()
            )));
        }
        Ok(policy)
    }
}

/// An embedded policy that cannot be read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbedError(String);

impl fmt::Display for EmbedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the policy embedded in this binary cannot be used: {}", self.0)
    }
}

impl Error for EmbedError {}
