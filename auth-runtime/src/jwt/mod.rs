//! JSON Web Tokens. In: the policy and keys. Out: access tokens issued ([`Issuer`]) and verified
//! ([`verify()`]), as RFC 9068 has them and RFC 8725 would.

mod claims;
mod compact;
mod der;
mod generate;
mod header;
mod issue;
mod json;
mod jwk;
mod key;
mod key_error;
mod key_set;
mod pem;
mod rights;
mod secret_quality;
mod setup_error;
mod thumbprint;
mod token_error;
mod verified;
mod verify;

pub use compact::{MAX_TOKEN_BYTES, verify_jws};
pub use issue::{AccessGrant, AccessToken, IssueError, Issuer};
pub use key::Key;
pub use key_error::{KeyError, KeyFault, KeyName};
pub use key_set::{KeySet, MAX_KEY_SET_BYTES, MAX_KEYS};
pub use setup_error::SetupError;
pub use token_error::TokenError;
pub use verified::VerifiedToken;
pub use verify::{MAX_NAME_BYTES, Verifier, verify};
