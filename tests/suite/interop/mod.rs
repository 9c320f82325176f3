//! What other people's tools make of our keys and tokens, and we of theirs. `./test interop`
//! installs the tools; without them every test here is ignored, and says so.

mod clients;
mod service;

mod keys;
mod oauth;
mod openapi;
mod ours;
mod theirs;
