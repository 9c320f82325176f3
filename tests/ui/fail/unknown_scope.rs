use auth_runtime::authenticate;

#[authenticate(jwt, scopes = "write:post")]
async fn handler() {}

fn main() {}
