use auth_runtime::{Router, routing::get};


fn main() {
    let _: Router = Router::new().route("/", get(|| async { "hello" }));
}
