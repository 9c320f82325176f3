use auth_runtime::authenticate;

#[authenticate(jwt | session | jwt)]
async fn handler() {}

fn main() {}
