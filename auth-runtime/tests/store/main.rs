//! Every store from outside: one suite, which holds each backend to the contract of `Store`.
//!
//! What needs a server starts it, and ends it whatever happens. Those tests are ignored unless they
//! are asked for (`./test stores`), and fail if the server is not installed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    reason = "in a test a panic is the report, in its helpers too"
)]

mod changes;
mod contract;
mod crowd;
mod many;
mod memory;
mod model;
mod opening;
mod race;
mod world;

#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "postgres")]
mod postgres;

#[cfg(feature = "redis")]
mod cluster;
#[cfg(feature = "redis")]
mod limits;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "redis")]
mod tls;

#[cfg(any(feature = "postgres", feature = "redis"))]
mod certificate;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod outage;
