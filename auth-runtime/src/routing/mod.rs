//! Routes that declare who may call them. In: handlers with a rule. Out: a [`Protected`]
//! application and the [`Inventory`] of its endpoints.
//!
//! ```text
//! get(handler) ─> MethodRouter ─> Router ─ protect(auth) ─> Protected ─> serve
//!                                                              └─> Inventory
//! ```

mod answering;
pub(crate) mod inventory;
mod method;
mod protected;
mod routable;
mod router;
mod serving;
mod steady;

pub use inventory::{Endpoint, Inventory, Method};
pub use method::{MethodRouter, any, delete, get, head, options, patch, post, put, trace};
pub use protected::{ProtectError, Protected};
pub use routable::{Guarded, Routable};
pub use router::Router;
