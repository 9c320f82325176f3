use auth_runtime::authenticate;

#[authenticate(jwt, limit = "writes")]
async fn handler() {}

fn main() {}
