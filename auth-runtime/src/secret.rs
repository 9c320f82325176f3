//! Values that must not be seen. In: bytes or text. Out: the same, wiped when dropped and
//! redacted wherever somebody prints them.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A secret text: a password, a token, a key in transit.
///
/// # Security
///
/// Wiped from memory when dropped; `Debug` prints `Secret(..)`; there is no `Display`. Compare
/// with [`matches`](Self::matches), which takes the same time whatever differs.
///
/// ```
/// use auth_runtime::secret::Secret;
///
/// let password = Secret::from("correct horse".to_owned());
/// assert_eq!(format!("{password:?}"), "Secret(..)");
/// assert!(password.matches("correct horse"));
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text itself. Every caller says in a comment why it has to be seen.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this is `other`, in a time that depends on the lengths alone.
    pub fn matches(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}
