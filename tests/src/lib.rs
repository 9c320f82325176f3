//! What the tests of several packages share: places for files, and servers that end with a test.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits for what it starts"
)]

mod folder;
#[cfg(unix)]
pub mod postgresql;
pub mod redis;
mod server;

pub use folder::Folder;
pub use server::{Server, free_port};

/// The password of every server here: it may be nowhere in what an error or a `Debug` says.
pub const PASSWORD: &str = "hunter2-horse";
