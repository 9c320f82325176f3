//! Signing in as a client over real sockets: a token endpoint on loopback, well-behaved and
//! otherwise.

mod endpoint;
mod hostile;
mod service;
