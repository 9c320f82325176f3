use auth_runtime::authenticate;

#[authenticate(scopes = "read:posts")]
async fn handler() {}

fn main() {}
