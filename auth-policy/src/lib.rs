//! The access policy of a service: one YAML file, checked, as data.

mod embed;
mod fingerprint;
pub mod policy;
pub mod requirement;
pub mod settings;

pub use embed::EmbedError;
pub use fingerprint::{Revision, Structure};
pub use policy::Policy;
