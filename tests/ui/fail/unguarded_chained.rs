use auth_runtime::{Router, authenticate, routing::get};

#[authenticate(jwt)]
async fn guarded() {}

async fn unguarded() {}

fn main() {
    let _: Router = Router::new().route("/", get(guarded).post(unguarded));
}
