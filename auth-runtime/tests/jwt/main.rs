//! Access tokens from outside: what is issued, what is accepted, and above all what is refused.
//! Test names carry the ids of the requirements they hold.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "in a test a panic is the report, in its helpers too"
)]

mod claims;
mod form;
mod hostile;
mod issuing;
mod keys;
mod vectors;
mod world;
