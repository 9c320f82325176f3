//! Who may call which endpoint, as the code says it. In: the inventory of a router. Out: plain data
//! in the policy's names, which lies beside the policy as its lock.
//!
//! ```text
//! Inventory ─> Lock ─ write(policy) ─> blog.lock ─ parse ─> Lock
//! ```

use std::{cmp::Ordering, error::Error, fmt};

use serde::Serialize;

use crate::settings::{Place, Seconds};

mod display;
mod parse;
mod reach;
mod rule;
mod word;
mod write;

pub use parse::MAX_LOCK_BYTES;
#[cfg(feature = "yaml")]
pub(crate) use parse::{column_of, parse_numbered};
#[cfg(feature = "yaml")]
pub(crate) use reach::{needs_no_role, takes_several};
pub(crate) use rule::rule as rule_text;

/// The methods in the order of a lock's lines.
pub(crate) const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "ANY"];

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

impl Lock {
    /// Reads what [`write`](Self::write) wrote. Who reaches an endpoint is in the text for readers
    /// and not read: it follows from the rest.
    ///
    /// # Errors
    ///
    /// The first line that is none of a lock, and two endpoints with one method and path (but `ANY`,
    /// which a router may have several of, one before the other).
    ///
    /// # Example
    ///
    /// ```
    /// use auth_policy::lock::{Lock, Rule};
    ///
    /// let text = "lock 1 of policies/blog.yaml
    /// GET  /posts/{id}  jwt | session  scope read:posts  -> role admin  @ blog::posts::show
    /// ";
    /// let lock = Lock::parse(text).unwrap();
    /// let Rule::Guarded(guard) = &lock.endpoints[0].rule else { unreachable!() };
    /// assert_eq!(guard.schemes, ["jwt", "session"]);
    /// assert_eq!(Lock::parse("GET /").unwrap_err().place.line, 1);
    /// ```
    pub fn parse(text: &str) -> Result<Self, LockError> {
        parse::parse_numbered(text).map(|(lock, _)| lock)
    }

    /// The endpoint with that method and path. Of several, which only `ANY` has, the first.
    pub fn endpoint(&self, method: &str, path: &str) -> Option<&Endpoint> {
        let mut endpoints = self.endpoints.iter();
        endpoints.find(|endpoint| endpoint.method == method && endpoint.path == path)
    }

    /// The same in the one order that locks have.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.endpoints.sort_by(Endpoint::order);
        self
    }
}

impl Endpoint {
    /// By path, then by method. What has the same is told apart by the rest of it.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        let place = |endpoint: &Self| METHODS.iter().position(|known| *known == endpoint.method);
        let key = |endpoint: &Self| (place(endpoint).is_none(), place(endpoint));
        let rest = || (&self.method, &self.handler).cmp(&(&other.method, &other.handler));
        self.path
            .cmp(&other.path)
            .then_with(|| key(self).cmp(&key(other)))
            .then_with(rest)
            .then_with(|| rule::rule(&self.rule).cmp(&rule::rule(&other.rule)))
    }
}

/// `GET /posts/{id}`, as people name an endpoint.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// A text that is no lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockError {
    /// Where it is none.
    pub place: Place,
    /// One lower-case sentence.
    pub message: String,
    /// What to do now.
    pub help: Option<String>,
}

impl LockError {
    fn place(line: u32, column: usize, length: usize) -> Place {
        let fit = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Place { line, column: fit(column), length: fit(length) }
    }
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.place.line, self.place.column, self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

impl Error for LockError {}
