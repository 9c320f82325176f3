//! The authorization server, asked by clients that keep to the rules and by others that do not.

mod assertion;
mod clients;
mod guards;
mod introspecting;
mod metadata;
mod refreshing;
mod revoking;
mod token;
pub(crate) mod world;
