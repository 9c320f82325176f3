use auth_runtime::authenticate;

#[authenticate(jwt, scopes = "read:posts write:posts")]
async fn handler() {}

fn main() {}
