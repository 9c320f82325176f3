//! The blog.
fn main() {}
