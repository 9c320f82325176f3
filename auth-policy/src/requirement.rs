//! What a rule asks for. In: the names a handler's attribute or a rule of the policy uses, each
//! with its place. Out: a [`Requirement`] over ids, or every mistake at the name that makes it.
//!
//! Attributes and `rules:` go through the same function, so a mistake reads the same in both.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{AcrId, LimitId, RoleId, SchemeId, ScopeId},
    settings::Seconds,
};

#[cfg(feature = "yaml")]
mod asked;
#[cfg(feature = "yaml")]
mod reach;
#[cfg(feature = "yaml")]
mod resolve;
#[cfg(feature = "yaml")]
mod sign_in;

#[cfg(feature = "yaml")]
pub use asked::{Asked, AskedScopes, Named, Problem};

#[cfg(feature = "yaml")]
pub(crate) use resolve::{Names, resolve_among, several, several_words};
#[cfg(feature = "yaml")]
pub use resolve::{resolve, resolve_identity};

/// A rule over ids: any one of the schemes, and everything else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// The credentials that count, sorted; one of them must be presented. Never empty in a rule.
    pub schemes: Vec<SchemeId>,
    /// The scopes asked for, sorted.
    pub scopes: Vec<ScopeId>,
    /// Whether one of the scopes is enough.
    pub any_scope: bool,
    /// The role asked for.
    pub role: Option<RoleId>,
    /// The rate limit, besides those of the schemes.
    pub limit: Option<LimitId>,
    /// How long ago somebody may have signed in, or proved anew who they are (RFC 9470). From 1 s
    /// to 30 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Seconds>,
    /// The weakest authentication context that is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<AcrId>,
}
