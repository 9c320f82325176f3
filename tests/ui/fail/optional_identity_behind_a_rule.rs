use auth_runtime::{Identity, authenticate};

#[authenticate(jwt)]
async fn handler(caller: Option<Identity>) {
    let _ = caller;
}

fn main() {}
