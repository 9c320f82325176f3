//! `cargo auth` as its users meet it: arguments, output, files and exit codes of the binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test that cannot run its command has failed"
)]

mod access;
mod book;
mod check;
mod diff;
mod fmt;
mod formats;
mod forms;
mod init;
mod keys;
mod lock;
mod report;
mod schema;
mod test;
mod token;
mod world;
