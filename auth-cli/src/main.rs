//! `cargo auth`.
fn main() {}
