use auth_runtime::{Router, authenticate, routing::post};

struct NoExtractor;

#[authenticate(jwt)]
async fn handler(_: NoExtractor) {}

fn main() {
    let _: Router = Router::new().route("/", post(handler));
}
