use auth_runtime::Router;

async fn handler() {}

fn main() {
    let _: Router = Router::new().fallback(handler);
}
