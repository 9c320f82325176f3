//! Names as numbers. An id is an index into a list of the policy that is sorted by name, so it does
//! not depend on the order in the file.

use serde::{Deserialize, Serialize};

/// A permission, by its index among the policy's scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ScopeId(pub u32);

/// A role, by its index among the policy's roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RoleId(pub u32);

/// A way to authenticate, by its index among the policy's schemes. Below [`MAX_SCHEMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SchemeId(pub u32);

/// A rate limit, by its index among the policy's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LimitId(pub u32);

/// An authentication context, by its index in the policy's `acr_values`: the greater, the stronger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AcrId(pub u32);

/// The most schemes and foreign issuers one policy may declare: a rule holds them in one word.
pub const MAX_SCHEMES: usize = 64;
