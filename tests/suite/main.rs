//! What an outsider can see of this workspace, one module for each way of looking at it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads its environment"
)]

mod accounts;
mod action;
mod answer;
mod blog;
mod book;
mod browser;
mod cargo;
mod choose;
mod client;
mod csrf;
mod discovery;
mod evidence;
mod failing;
mod files;
mod fixture;
mod http;
mod instance;
mod interop;
mod keys;
mod life;
mod locking;
mod oauth;
mod oidc;
mod own_accounts;
mod password;
mod policies;
mod readme;
mod sessions;
mod signing;
mod ui;
