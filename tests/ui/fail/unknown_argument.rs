use auth_runtime::authenticate;

#[authenticate(jwt, scope = "read:posts")]
async fn handler() {}

fn main() {}
