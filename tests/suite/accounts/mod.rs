//! The endpoints of accounts, as an application mounts them.

mod browser;
mod cookies;
mod forged;
mod forms;
mod passwords;
mod sessions;
mod signing_out;
mod world;
