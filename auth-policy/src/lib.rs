//! The access policy of a service: one YAML file, checked, as data.
//!
//! ```text
//! Source ─ yaml ─> tree ─ document ─> Document ─ check ─> Policy
//!    path, text       places   as written           names are ids, defaults are set
//! ```
//!
//! Only `check` and an embedded copy of its result make a [`Policy`]. Findings are data, of type
//! `Diagnostic`. Without the feature `yaml` there is no reader, only the policy itself.

pub mod access;
mod bits;
#[cfg(feature = "yaml")]
mod check;
#[cfg(feature = "yaml")]
mod code;
mod contents;
#[cfg(feature = "yaml")]
mod diagnostic;
#[cfg(feature = "tools")]
pub mod diff;
#[cfg(feature = "yaml")]
mod document;
mod duration;
mod embed;
#[cfg(feature = "tools")]
pub mod explain;
mod fingerprint;
#[cfg(feature = "tools")]
mod format;
#[cfg(feature = "yaml")]
mod hints;
mod ids;
pub mod invariant;
#[cfg(feature = "yaml")]
mod language;
pub mod lock;
#[cfg(feature = "yaml")]
mod locked;
#[cfg(feature = "yaml")]
mod name;
#[cfg(feature = "tools")]
mod overview;
pub mod plain;
pub mod policy;
#[cfg(feature = "yaml")]
mod render;
#[cfg(feature = "yaml")]
mod report;
pub mod requirement;
#[cfg(feature = "tools")]
mod schema;
pub mod settings;
#[cfg(feature = "yaml")]
mod source;
mod suggest;
#[cfg(feature = "yaml")]
pub mod testing;
mod treacherous;
#[cfg(feature = "yaml")]
mod undeclared;
#[cfg(feature = "yaml")]
mod yaml;

#[cfg(feature = "yaml")]
pub use check::{Checked, check};
#[cfg(feature = "yaml")]
pub use code::{Code, Severity};
#[cfg(feature = "yaml")]
pub use diagnostic::Diagnostic;
pub use duration::NotASpan;
pub use embed::EmbedError;
pub use fingerprint::{Revision, Structure};
#[cfg(feature = "tools")]
pub use format::{FormatError, format};
#[cfg(feature = "yaml")]
pub use locked::{CheckedWithLocks, check_with_locks};
#[cfg(feature = "tools")]
pub use overview::overview;
pub use policy::Policy;
#[cfg(feature = "tools")]
pub use schema::schema;
#[cfg(feature = "yaml")]
pub use source::{MAX_POLICY_BYTES, Source};
pub use suggest::nearest;
