use auth_runtime::{Identity, Router, authenticate, routing::post};
use axum::Json;

#[authenticate(jwt, scopes = "write:post")]
async fn handler(author: Identity, Json(_): Json<String>) -> String {
    author.subject().to_string()
}

fn main() {
    let _: Router = Router::new().route("/", post(handler));
}
