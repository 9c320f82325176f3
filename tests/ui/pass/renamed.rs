//! The runtime under another name, given by path.
mod auth {
    pub use auth_runtime as engine;
}

use auth::engine::{Identity, Router, routing::get};

#[auth::engine::authenticate(jwt, crate = crate::auth::engine)]
async fn handler(caller: Identity) -> String {
    caller.subject().id.to_string()
}

fn main() {
    let _: Router = Router::new().route("/", get(handler));
}
