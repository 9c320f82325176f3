use auth_runtime::{Router, routing::post};
use axum::Json;

async fn handler(Json(_): Json<String>) {}

fn main() {
    let _: Router = Router::new().route("/", post(handler));
}
