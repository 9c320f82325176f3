use auth_runtime::authenticate;

#[authenticate(jwt, max_age = "600")]
async fn handler() {}

fn main() {}
