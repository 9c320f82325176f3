use auth_runtime::{Router, authenticate, routing::get};

#[authenticate(jwt, scopes = "write:posts")]
async fn handler() {}

fn main() {
    let _: Router = Router::new().route("/", get(handler));
}
