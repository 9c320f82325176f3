use auth_runtime::authenticate;

#[authenticate(partner, scopes = "read:reports")]
async fn handler() {}

fn main() {}
