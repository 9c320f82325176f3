use auth_runtime::authenticate;

#[authenticate(jwt | api_key, max_age = "10m")]
async fn handler() {}

fn main() {}
