use auth_runtime::authenticate;

#[authenticate(jwt, role = "Admin")]
async fn handler() {}

fn main() {}
