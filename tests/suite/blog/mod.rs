//! The example as its user has it: the binary, started and spoken to over TCP.

mod api_keys;
mod canary;
pub(crate) mod process;
mod reloading;
mod servers;
mod sessions;
mod several;
mod signing;
mod starting;
mod stolen;
mod tokens;
mod tour;
mod walk;
