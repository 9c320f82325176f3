//! A token source before a token endpoint that answers as the test says, on a clock that moves when
//! told to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod endpoint;
mod failing;
mod renewal;
mod together;
