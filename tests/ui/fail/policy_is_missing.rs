use auth_runtime::authenticate;

#[authenticate(jwt, policy = "nowhere.yaml")]
async fn handler() {}

#[authenticate(jwt, policy = "nowhere.yaml")]
async fn the_same_mistake_is_told_once() {}

fn main() {}
