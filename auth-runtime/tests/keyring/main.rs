//! Keys over time, seen through the guards: replaced, published, fetched.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod fetching;
mod forge;
mod freshness;
mod hostile;
mod issuer;
mod rotation;
mod shapes;
mod wellknown;
mod world;
