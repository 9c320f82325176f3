use auth_runtime::authenticate;

#[authenticate(jwt, scopes = [])]
async fn handler() {}

fn main() {}
