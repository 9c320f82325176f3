use auth_runtime::authenticate;

#[authenticate(jwt | api_key, scopes = "write:posts")]
async fn handler() {}

fn main() {}
