use auth_runtime::Router;
use axum::routing::get;

async fn handler() {}

fn main() {
    let _: Router = Router::new().route("/", get(handler));
}
