//! The example as its user has it: the binary, started and spoken to over TCP.

mod process;
mod signing;
mod starting;
mod tokens;
mod tour;
mod walk;
