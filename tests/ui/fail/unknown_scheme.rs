use auth_runtime::authenticate;

#[authenticate(jtw, scopes = "read:posts")]
async fn handler() {}

fn main() {}
