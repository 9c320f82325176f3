//! JSON Web Tokens. In: the policy and keys. Out: access tokens issued ([`Issuer`]) and verified
//! ([`verify()`]), as RFC 9068 has them and RFC 8725 would.
//!
//! ```text
//! JWK set, PEM ─ key_set ─> KeySet ─┬─ issue ──> AccessToken
//!                            Policy ┴─ verify ─> VerifiedToken, or a TokenError for the audit event
//! ```
//!
//! # Example
//!
//! ```
//! use std::sync::Arc;
//!
//! use auth_policy::{Source, check, settings::Algorithm};
//! use auth_runtime::{
//!     clock::Timestamp,
//!     jwt::{AccessGrant, Issuer, KeySet, TokenError, Verifier, verify},
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let text = "
//! version: 1
//! scopes: { read:posts: Read posts }
//! roles: { reader: { grants: [read:posts] } }
//! schemes:
//!   jwt:
//!     issuer: https://blog.example
//!     audience: blog-api
//!     algorithms: [EdDSA]
//!     keys: ${AUTH_JWT_KEYS}
//!     access_ttl: 15m
//!     refresh_ttl: 7d
//! ";
//! let policy = check(&Source::new("policies/blog.yaml", text.into())).policy.ok_or("refused")?;
//! let generated = KeySet::generate(Algorithm::EdDSA)?;
//! let keys = Arc::new(KeySet::parse(generated.expose(), &[Algorithm::EdDSA])?);
//!
//! let now = Timestamp(1_800_000_000);
//! let grant = AccessGrant::new("user-1").roles(&["reader"]);
//! let issued = Issuer::new(&policy, Arc::clone(&keys))?.access_token(&grant, now)?;
//! assert_eq!(issued.scope, "read:posts");
//!
//! let verifier = Verifier::own(&policy, keys)?;
//! let token = verify(issued.token.expose(), [&verifier], now)?;
//! assert_eq!(token.subject(), "user-1");
//!
//! let later = Timestamp(now.0 + 900);
//! assert_eq!(verify(issued.token.expose(), [&verifier], later).err(), Some(TokenError::Expired));
//! # Ok(())
//! # }
//! ```

mod accepted_headers;
mod claims;
mod compact;
mod der;
mod generate;
mod header;
mod issue;
mod issue_error;
mod json;
mod jwk;
mod key;
mod key_error;
mod key_set;
mod keyring;
mod members;
mod pem;
mod recent;
mod rights;
mod secret_quality;
mod setup_error;
mod signed;
mod thumbprint;
mod token_error;
mod unverified;
mod verified;
mod verify;

pub use compact::{MAX_TOKEN_BYTES, verify_jws};
pub use issue::{AccessGrant, AccessToken, Issuer};
pub use issue_error::IssueError;
pub use key::Key;
pub use key_error::{KeyError, KeyFault, KeyName};
pub use key_set::{KeySet, MAX_KEY_SET_BYTES, MAX_KEYS};
pub use setup_error::SetupError;
pub use signed::verify_jws_by;
pub use token_error::TokenError;
pub use unverified::verify;
pub use verified::VerifiedToken;
pub use verify::{MAX_NAME_BYTES, Verifier};

pub(crate) use claims::numeric_date;
pub(crate) use json::read_object;
pub(crate) use keyring::{Freshness, Keyring};
#[cfg(feature = "oidc")]
pub(crate) use signed::{Signed, signed_by};
pub(crate) use unverified::{Unverified, recall};
