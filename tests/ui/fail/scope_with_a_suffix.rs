use auth_runtime::authenticate;

#[authenticate(jwt, scopes = "read:posts"posts)]
async fn handler() {}

fn main() {}
