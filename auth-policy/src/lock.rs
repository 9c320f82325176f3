//! Who may call which endpoint, as the code says it. In: the inventory of a router. Out: plain data
//! in the policy's names, which lies beside the policy as its lock.

use serde::Serialize;

use crate::settings::Seconds;

/// Every endpoint of an application, sorted by path and method.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lock {
    /// The path of the policy that the code was compiled against.
    pub policy: String,
    /// The endpoints, sorted by path and method.
    pub endpoints: Vec<Endpoint>,
}

/// An endpoint and who may call it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Endpoint {
    /// The method it answers, such as `GET`; `ANY` is whatever no other endpoint of the path answers.
    pub method: String,
    /// The path as axum knows it, such as `/posts/{id}`; of a fallback, `*` below its prefix.
    pub path: String,
    /// The handler's type name, such as `blog::posts::create_post`.
    pub handler: String,
    /// Who may call it.
    pub rule: Rule,
}

/// Who may call an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Those who meet every part of it.
    Guarded(Guard),
    /// Everybody.
    Public {
        /// Why.
        reason: String,
        /// The schemes whose credentials identify the caller, if one is presented.
        identity: Vec<String>,
        /// The rate limit.
        limit: Option<String>,
    },
    /// Everybody: a service that brings no rules of ours.
    Unguarded {
        /// Why.
        reason: String,
    },
}

/// What a guarded endpoint asks of a caller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Guard {
    /// The schemes whose credentials count; one of them. With none, nobody is admitted.
    pub schemes: Vec<String>,
    /// The scopes asked for.
    pub scopes: Vec<String>,
    /// Whether one of the scopes is enough.
    pub any_scope: bool,
    /// The role asked for.
    pub role: Option<String>,
    /// The rate limit.
    pub limit: Option<String>,
    /// The named rule of the policy that says so.
    pub name: Option<String>,
    /// How long ago somebody may have signed in.
    pub max_age: Option<Seconds>,
    /// The weakest authentication context that is enough.
    pub acr: Option<String>,
    /// Whether no OAuth client is admitted, neither for itself nor for somebody.
    pub people_only: bool,
}
