use auth_runtime::{Router, authenticate, routing::any};

#[authenticate(jwt, scopes = any("read:posts", "write:posts"))]
async fn handler() {}

fn main() {
    let _: Router = Router::new().route("/", any(handler));
}
