use auth_runtime::{authenticate, public};

#[authenticate(jwt)]
#[public(reason = "which of the two?")]
async fn handler() {}

fn main() {}
