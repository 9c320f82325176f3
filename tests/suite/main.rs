//! What an outsider can see of this workspace, one module for each way of looking at it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod blog;
mod http;
mod ui;
