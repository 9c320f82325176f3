use auth_runtime::authenticate;

#[authenticate(jwt)]
struct Handler;

fn main() {}
