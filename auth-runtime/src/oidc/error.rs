//! Why nobody can be signed in with a provider. In: what does not go together. Out: a sentence for
//! whoever starts the service.

use std::{error::Error, fmt};

use crate::{reference::ReferenceError, tokens::TokensError};

/// Why sign-in with providers could not be set up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProviderError {
    /// What a provider of the policy refers to is not there.
    Reference {
        /// The provider.
        provider: String,
        /// What is missing.
        error: ReferenceError,
    },
    /// The name is no part of a path: letters, digits, `-` and `_`.
    Name(String),
    /// Two providers have that name: two were handed over, or the policy has one already.
    Twice(String),
    /// The people of that provider are known by what another's are known by: whoever one of them
    /// names would have the other's accounts.
    SharedIdentity(String),
    /// The issuer of that provider may not be asked here.
    Issuer(String),
    /// An endpoint of that provider may not be asked here.
    Endpoint(String),
    /// There is no client id or no client secret for that provider.
    NoClient(String),
    /// That is no path of this service for a sign-in to lead to.
    Path(String),
    /// That is no origin: `https`, a host, perhaps a port, and nothing behind it.
    Origin(String),
    /// A sign-in with a provider that was handed over ends with a session, and the policy declares
    /// none.
    NoSession,
    /// Sign-ins end with tokens, and none can be made.
    Tokens(TokensError),
    /// What a sign-in needs to know is kept in a store, and the engine has none.
    NoStore,
    /// The certificates of the operating system cannot be read.
    Certificates,
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reference { provider, error } => {
                write!(f, "provider `{provider}` cannot be used: {error}")
            }
            Self::Name(name) => write!(
                f,
                "a provider cannot be called `{name}`: a name has 1 to 64 letters, digits, `-` and `_`"
            ),
            Self::Twice(name) => write!(
                f,
                "two providers are called `{name}`: what the policy has is not handed over"
            ),
            Self::SharedIdentity(provider) => write!(
                f,
                "provider `{provider}` has the issuer, or the `identity`, of another: whoever one of them names would have the other's accounts"
            ),
            Self::Issuer(provider) => write!(
                f,
                "the issuer of provider `{provider}` may not be asked: it must be `https` at a public address; in development also `http` on this machine"
            ),
            Self::Endpoint(provider) => write!(
                f,
                "an endpoint of provider `{provider}` may not be asked: each must be `https` at a public address; in development also `http` on this machine"
            ),
            Self::NoClient(provider) => {
                write!(f, "provider `{provider}` needs a client id and a client secret")
            }
            Self::Path(path) => write!(
                f,
                "a sign-in cannot lead to `{path}`: list plain paths of this service, such as `/account`"
            ),
            Self::Origin(origin) => write!(
                f,
                "`{origin}` is no origin: write `https`, the host and perhaps a port, such as `https://blog.example`"
            ),
            Self::NoSession => {
                f.write_str("a sign-in ends with a session: declare `schemes.session`")
            }
            Self::Tokens(error) => {
                write!(f, "a sign-in ends with tokens, and none can be made: {error}")
            }
            Self::NoStore => f.write_str(
                "what a sign-in needs is kept in a store, and the engine has none: give it one with `.store(..)`",
            ),
            Self::Certificates => {
                f.write_str("the certificates of the operating system cannot be read")
            }
        }
    }
}

impl Error for ProviderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Reference { error, .. } => Some(error),
            Self::Tokens(error) => Some(error),
            _ => None,
        }
    }
}
