//! Signing in with a provider: OpenID Connect or OAuth 2.0, authorization code with PKCE. In: providers, and who
//! their people are here. Out: two endpoints, and at their end a session of our own, or tokens.
//!
//! ```text
//! GET /login/{provider} ── 302, cookie ──> the provider, who asks whoever is there
//!                                            │ code, state, iss
//! GET /login/{provider}/callback <───────────┘
//!     state and cookie ─> iss ─> code for tokens ─> ID token ─> userinfo ─> account ─> session
//! ```
//!
//! Whatever does not fit ends it there, and nobody is signed in. Nothing the provider gives out is
//! kept: its tokens are dropped when the account is known, and never reach the browser.

mod addresses;
mod error;
mod exchange;
mod failure;
mod id_token;
mod link;
mod linked;
mod linking;
mod metadata;
mod people;
mod provider;
mod remote;
mod routes;
mod served;
mod sign_in;
mod transaction;

pub use error::ProviderError;
pub use failure::{last_identity, refused};
pub use linked::{LinkedIdentity, Unlinked};
pub use people::{Creating, People, Profile};
pub use provider::{Provider, Stage};
pub use routes::router;
pub use sign_in::{ProviderSignIn, ProviderSignInBuilder};
