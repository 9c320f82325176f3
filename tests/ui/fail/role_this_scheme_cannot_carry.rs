use auth_runtime::authenticate;

#[authenticate(api_key, role = "admin")]
async fn handler() {}

fn main() {}
