//! Keys of a foreign issuer over real sockets: an issuer on loopback, well-behaved and otherwise.

mod addresses;
mod answers;
mod server;
mod service;
