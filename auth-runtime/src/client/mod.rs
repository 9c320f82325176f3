//! Signing in as a client (OAuth 2.0 client credentials, RFC 6749 section 4.4). In: an id and a
//! secret that an authorization server knows. Out: an access token for other services, kept and
//! renewed.
//!
//! ```text
//! token() ─> token at hand ─ fresh ──────────────────────────────> it
//!                          ├ due ─ a request begins, nobody waits ─> it
//!                          └ none, or expired ─ one request, all wait ─> a new one, or why not
//! ```
//!
//! Nothing runs in the background until somebody asks: a request begins with a call that needs it,
//! goes on if that caller gives up, and is the only one under way.
//!
//! # Example
//!
//! ```
//! use auth_runtime::{
//!     client::{ClientCredentials, Sending, TokenAnswer, TokenRequest, TokenSource, Transport},
//!     secret::Secret,
//! };
//!
//! /// Stands for the authorization server. In use this is `HttpTransport::production()?`.
//! struct Rehearsal;
//!
//! impl Transport for Rehearsal {
//!     fn send<'t>(&'t self, _request: &'t TokenRequest) -> Sending<'t> {
//!         let body = r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer"}"#;
//!         Box::pin(async move { Ok(TokenAnswer::ok(body.to_owned())) })
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), auth_runtime::client::ClientError> {
//! let secret = Secret::from("from the environment".to_owned());
//! let credentials = ClientCredentials::new("https://id.example/oauth/token", "billing", secret)
//!     .scopes(["read:posts"]);
//! let source = TokenSource::new(credentials, Rehearsal);
//!
//! let token = source.token().await?;
//! assert_eq!(token.expose(), "2YotnFZFEjr1zCsicMWpAA"); // what goes behind `Bearer `
//! assert_eq!(token.scopes(), ["read:posts"]);
//! # Ok(())
//! # }
//! ```

mod answer;
mod credentials;
mod error;
mod http;
mod pace;
mod source;
mod token;
mod transport;

pub use credentials::{ClientAuthentication, ClientCredentials};
pub use error::ClientError;
pub use http::HttpTransport;
pub use source::TokenSource;
pub use token::BearerToken;
pub use transport::{Sending, TokenAnswer, TokenRequest, Transport};
