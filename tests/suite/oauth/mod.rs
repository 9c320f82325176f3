//! The authorization server, asked by clients that keep to the rules and by others that do not.

mod addresses;
mod asking;
mod assertion;
pub(crate) mod browser;
mod clients;
mod codes;
mod consenting;
mod ending;
mod guards;
mod introspecting;
mod metadata;
mod refreshing;
mod revoking;
mod token;
pub(crate) mod world;
