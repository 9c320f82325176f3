//! The endpoints of accounts, as an application mounts them.

mod browser;
mod cookies;
mod forged;
mod forms;
mod passwords;
mod racing;
mod sessions;
mod signing_out;
mod world;
