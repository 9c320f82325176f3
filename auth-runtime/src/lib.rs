//! Declarative authentication and authorization for axum.

mod bits;
pub mod clock;
pub mod jwt;
pub mod password;
pub mod secret;
