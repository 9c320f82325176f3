use auth_runtime::{authenticate, public};

#[public(reason = "which of the two?")]
#[authenticate(jwt)]
async fn handler() {}

fn main() {}
