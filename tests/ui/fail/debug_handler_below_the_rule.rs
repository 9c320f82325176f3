use auth_runtime::authenticate;

struct NoExtractor;

#[authenticate(jwt)]
#[axum::debug_handler]
async fn handler(_: NoExtractor) {}

fn main() {}
