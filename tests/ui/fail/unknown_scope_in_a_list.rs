use auth_runtime::authenticate;

#[authenticate(jwt, scopes = ["read:posts", "posts:write"])]
async fn handler() {}

fn main() {}
