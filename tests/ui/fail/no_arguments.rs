use auth_runtime::authenticate;

#[authenticate]
async fn handler() {}

fn main() {}
