use auth_runtime::authenticate;

#[authenticate(rule = "edit_post", scopes = "read:posts")]
async fn handler() {}

fn main() {}
