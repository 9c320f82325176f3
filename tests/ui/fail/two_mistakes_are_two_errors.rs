use auth_runtime::authenticate;

#[authenticate(jtw, role = "admni")]
async fn handler() {}

fn main() {}
