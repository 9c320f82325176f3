use auth_runtime::{Identity, Router, routing::get};

async fn handler(caller: Identity) {
    let _ = caller;
}

fn main() {
    let _: Router = Router::new().route("/", get(handler));
}
