use auth_runtime::authenticate;

#[authenticate(jwt, limit = "plnety")]
async fn handler() {}

fn main() {}
