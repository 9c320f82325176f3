use auth_runtime::{Identity, public};

#[public(reason = "shows who you are")]
async fn handler(caller: Option<Identity>) {
    let _ = caller;
}

fn main() {}
