//! Why there is no engine. In: a policy, keys and a store that do not go together. Out: a sentence
//! for whoever starts the service.

use std::{error::Error, fmt};

use auth_policy::EmbedError;

use crate::{
    api_key::MIN_PEPPER_BYTES, jwt::SetupError, reference::ReferenceError, store::StoreError,
};

/// Why an engine could not be made, or its keys not be replaced.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The embedded policy cannot be read.
    Policy(EmbedError),
    /// The policy file that was named instead of the policy compiled in cannot be used.
    #[cfg(feature = "reload")]
    PolicyFile(crate::ReloadError),
    /// What the policy refers to is not there.
    Reference {
        /// The scheme that refers to it.
        scheme: String,
        /// What is missing.
        error: ReferenceError,
    },
    /// The keys of a scheme cannot be used.
    Keys {
        /// The scheme.
        scheme: String,
        /// What is wrong with them.
        error: SetupError,
    },
    /// The foreign issuer of that name has no keys, and nothing fetches them.
    NoKeys(String),
    /// The keys of that foreign issuer are fetched from it, and by nobody else replaced.
    KeysAreFetched(String),
    /// Keys were handed over for a scheme the policy does not declare.
    NoSuchScheme(String),
    /// The policy declares that scheme, whose credentials are records, and there is no store.
    NoStore(String),
    /// The pepper of `schemes.api_key` is not there.
    Pepper(ReferenceError),
    /// The pepper of `schemes.api_key` is too short to be one.
    WeakPepper,
    /// The store does not answer.
    Store(StoreError),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy(error) => write!(f, "{error}"),
            #[cfg(feature = "reload")]
            Self::PolicyFile(error) => write!(f, "{error}"),
            Self::Reference { scheme, error } => {
                write!(f, "scheme `{scheme}` has no keys: {error}")
            }
            Self::Keys { scheme, error } => {
                write!(f, "scheme `{scheme}` cannot use its keys: {error}")
            }
            Self::NoKeys(issuer) => write!(
                f,
                "issuer `{issuer}` has no keys: give it `keys` in the policy, hand them to the builder, or have them fetched with its `discovery`"
            ),
            Self::KeysAreFetched(issuer) => write!(
                f,
                "the keys of issuer `{issuer}` are fetched from it: give it `keys` in the policy to bring your own"
            ),
            Self::NoStore(scheme) => write!(
                f,
                "scheme `{scheme}` keeps its credentials in a store, and the engine has none: give it one with `.store(..)`"
            ),
            Self::Pepper(error) => write!(f, "scheme `api_key` has no pepper: {error}"),
            Self::WeakPepper => write!(
                f,
                "the pepper of scheme `api_key` has less than {MIN_PEPPER_BYTES} bytes: make one with `openssl rand -base64 48`"
            ),
            Self::Store(error) => write!(f, "{error}"),
            Self::NoSuchScheme(name) => write!(
                f,
                "keys were handed over for `{name}`, which the policy does not declare as a scheme with keys"
            ),
        }
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Policy(error) => Some(error),
            #[cfg(feature = "reload")]
            Self::PolicyFile(error) => Some(error),
            Self::Reference { error, .. } => Some(error),
            Self::Keys { error, .. } => Some(error),
            Self::Pepper(error) => Some(error),
            Self::Store(error) => Some(error),
            Self::NoKeys(_)
            | Self::KeysAreFetched(_)
            | Self::NoSuchScheme(_)
            | Self::WeakPepper
            | Self::NoStore(_) => None,
        }
    }
}
