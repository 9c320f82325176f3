//! The authorization server (OAuth 2.0). In: the programs of others, as clients in the store. Out:
//! tokens for what each is registered for, and never for more than that.
//!
//! ```text
//! Clients ──────> store              GET  /.well-known/oauth-authorization-server (RFC 8414)
//! OAuth::router ┬ GET, POST /oauth/authorize (RFC 6749, 7636, 9207): ConsentPage
//!               ├ POST /oauth/token      (RFC 6749, 7523, 9068)
//!               ├ POST /oauth/revoke     (RFC 7009)
//!               ├ POST /oauth/introspect (RFC 7662)
//!               └ GET  /.well-known/oauth-protected-resource (RFC 9728)
//! ```
//!
//! What is offered stands in the section `oauth` of the policy. A client that acts for itself has
//! the subject `client:ID` and, instead of roles, a ceiling: the scopes it is registered for. Guards
//! look the ceiling up, so a client that is closed or narrowed is so at once.

mod assertion;
mod authenticate;
mod authorize;
mod ceiling;
mod client;
mod clients;
mod code;
mod consent;
mod error;
mod form;
mod introspect;
mod metadata;
mod pkce;
mod record;
mod redirect_uri;
mod request;
mod revoke;
mod router;
mod scopes;
mod token;

pub use authorize::refused;
pub(crate) use ceiling::{Unwelcome, client_of, within_ceiling};
pub use client::{Client, NewClient};
pub use clients::{ClientError, Clients, Registered};
pub use consent::{AskedScope, Consent, ConsentPage, is_way_back};
pub(crate) use router::path::AUTHORIZE;
#[cfg(feature = "utoipa")]
pub(crate) use router::path::TOKEN;
pub use router::{OAuth, OAuthSetupError};
pub(crate) use scopes::granted;
