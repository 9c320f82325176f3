use auth_runtime::authenticate;

#[authenticate(jwt, scopes = all("read:posts"))]
async fn handler() {}

fn main() {}
