use auth_runtime::{Identity, authenticate};

#[axum::debug_handler]
#[authenticate(jwt)]
async fn handler(caller: Identity) {
    let _ = caller;
}

fn main() {}
