//! What changed in meaning between two policies.

use serde::Serialize;

#[cfg(test)]
mod every_key;
mod limits;
mod settings;
mod values;
mod verdict;

pub use settings::{Setting, Turn};

/// What a change comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Something is allowed that was not.
    Widens,
    /// Something is not allowed that was.
    Narrows,
    /// Nobody gains or loses anything.
    Neutral,
}
