use auth_runtime::authenticate;

#[authenticate(jwt, scopes = "reаd:posts")]
async fn handler() {}

fn main() {}
