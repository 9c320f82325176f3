use auth_runtime::authenticate;

#[authenticate(jwt, role = "reader", role = "admin")]
async fn handler() {}

fn main() {}
