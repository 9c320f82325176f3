//! Declarative authentication and authorization for axum.
//!
//! A team writes one YAML policy; handlers carry `#[authenticate(..)]` or `#[public(..)]`, which are
//! checked against it while compiling; this crate enforces them.
//!
//! The way of a request: [`Protected`] puts the engine ([`Auth`]) into it, the handler's [`Guard`]
//! finds the one credential that counts and verifies it, compares the [`Identity`] with the rule,
//! and lets it in or answers with a [`Denial`].

pub mod account;
pub mod api_key;
pub mod audit;
mod auth;
mod authorize;
mod bits;
mod build_error;
mod builder;
mod challenge;
#[cfg(feature = "client")]
pub mod client;
pub mod clock;
mod context;
mod cookie;
mod credential;
pub mod csrf;
mod denial;
pub mod discovery;
pub mod endpoints;
pub mod extract;
mod flush;
mod guard;
mod host;
mod identity;
mod in_force;
mod json_object;
pub mod jwt;
pub mod limit;
pub mod lock;
pub mod oauth;
#[cfg(feature = "oidc")]
pub mod oidc;
#[cfg(feature = "utoipa")]
pub mod openapi;
#[cfg(any(feature = "client", feature = "discovery"))]
mod outbound;
pub mod password;
pub mod problem;
pub mod random;
mod recognized;
mod reference;
pub mod refresh;
#[cfg(feature = "reload")]
mod reload;
pub mod reset;
pub mod revocation;
mod roles;
mod rotation;
pub mod routing;
mod rule;
pub mod secret;
mod seen;
pub mod session;
pub mod sign_in;
mod step_up;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tokens;
mod transport;
mod url;
mod visit;
pub mod wellknown;

pub use auth::Auth;
pub use auth_macros::{authenticate, policy, public};
pub use auth_policy::Policy;
pub use build_error::BuildError;
pub use builder::{AuthBuilder, EmbeddedPolicy};
pub use denial::Denial;
pub use guard::{Guard, Public};
pub use identity::{Identity, Subject};
pub use reference::ReferenceError;
#[cfg(feature = "reload")]
pub use reload::ReloadError;
pub use routing::{Inventory, Protected, Router};
pub use transport::Https;

/// The types a policy is made of: see [`Policy`].
pub mod policy_types {
    pub use auth_policy::{policy::*, settings::*};
}

/// What the attributes write. Not an interface: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use crate::{
        builder::EmbeddedPolicy,
        csrf::form::csrf_form,
        guard::{Guard, Public},
        identity::Identity,
        rule::{All, AnyOf, End, NONE, Open, Refused, Requires, Text, Word},
    };
    pub use ::core;
}
