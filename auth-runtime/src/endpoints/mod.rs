//! Endpoints that an application mounts where it likes. In: what its engine knows. Out: routers
//! whose handlers carry rules of their own, and show in the inventory with the others.

mod accounts;
pub(crate) mod answer;
mod login;
mod logout;
mod me;
mod password;
mod refresh;
mod reset;

pub use accounts::{AccountEndpoints, KnownNames, Profiles};
