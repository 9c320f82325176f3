//! Why keys could not be fetched. In: the first thing that went wrong. Out: a code for the audit
//! event, and a sentence for the log.

use std::{error::Error, fmt};

use crate::jwt::KeyError;

/// A fetch that brought no keys. What was there before is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchError {
    /// The address is not one to be asked: not `https`, or with a user name in it.
    UrlRefused,
    /// The host is, or resolves to, an address of this machine or its network.
    AddressRefused,
    /// There was no connection, or it broke: what the library says.
    Unreachable(String),
    /// There was no answer in time.
    Timeout,
    /// The answer had another status than 200; a redirect is one.
    Status(u16),
    /// The answer is longer than is read.
    TooLarge,
    /// The answer is not JSON, or does not say that it is.
    NotJson,
    /// The discovery document has no `issuer` or no `jwks_uri`, or names a member twice.
    MetadataMalformed,
    /// The discovery document is of another issuer.
    IssuerMismatch,
    /// There are no keys in the set, or some that cannot be somebody else's public ones.
    Keys(KeyError),
}

impl FetchError {
    /// A stable name for audit events and documentation.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UrlRefused => "fetch-url-refused",
            Self::AddressRefused => "fetch-address-refused",
            Self::Unreachable(_) => "fetch-unreachable",
            Self::Timeout => "fetch-timeout",
            Self::Status(_) => "fetch-status",
            Self::TooLarge => "fetch-too-large",
            Self::NotJson => "fetch-not-json",
            Self::MetadataMalformed => "metadata-malformed",
            Self::IssuerMismatch => "metadata-issuer-mismatch",
            Self::Keys(_) => "keys-unusable",
        }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UrlRefused => {
                f.write_str("the address is not an https one, or has a user name in it")
            }
            Self::AddressRefused => f.write_str(
                "the host has an address that is not a public one; to fetch from inside your \
                 network, implement `Fetch` or give the issuer static `keys`",
            ),
            Self::Unreachable(why) => write!(f, "no connection: {}", why.escape_debug()),
            Self::Timeout => f.write_str("no answer in time"),
            Self::Status(status) => write!(f, "the answer has status {status}, not 200"),
            Self::TooLarge => f.write_str("the answer is longer than a key set can be"),
            Self::NotJson => f.write_str("the answer is not JSON"),
            Self::MetadataMalformed => {
                f.write_str("the discovery document has no `issuer` or no `jwks_uri`")
            }
            Self::IssuerMismatch => f.write_str(
                "the discovery document names another issuer than the policy, byte for byte",
            ),
            Self::Keys(error) => error.fmt(f),
        }
    }
}

impl Error for FetchError {}
