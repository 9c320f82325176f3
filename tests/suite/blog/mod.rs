//! The example as its user has it: the binary, started and spoken to over TCP.

mod administration;
mod api_keys;
mod canary;
mod crowd;
mod guessing;
pub(crate) mod letting_in;
mod openapi;
mod outage;
pub(crate) mod process;
mod reloading;
mod reviewing;
mod sessions;
mod several;
mod signing;
mod starting;
mod stolen;
mod tls;
mod tokens;
mod tour;
mod transport;
mod walk;
mod wire;
