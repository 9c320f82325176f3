use auth_runtime::authenticate;

#[authenticate(jwt, scopes = "lost:scope")]
async fn handler() {}

fn main() {}
