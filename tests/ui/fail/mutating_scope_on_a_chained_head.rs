use auth_runtime::{Router, authenticate, routing::post};

#[authenticate(rule = "edit_post")]
async fn handler() {}

fn main() {
    let _: Router = Router::new().route("/", post(handler).head(handler));
}
