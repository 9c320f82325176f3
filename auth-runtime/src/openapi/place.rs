//! The place of an operation. In: a path and a method. Out: what documents and routers are compared by.

use std::fmt;

/// Where an operation is: a path as OpenAPI writes it, and a method.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) path: String,
    /// As HTTP writes it; OpenAPI 3.2 has methods that no endpoint answers.
    pub(super) method: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
