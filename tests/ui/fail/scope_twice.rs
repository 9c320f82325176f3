use auth_runtime::authenticate;

#[authenticate(jwt, scopes = ["read:posts", "read:posts"])]
async fn handler() {}

fn main() {}
