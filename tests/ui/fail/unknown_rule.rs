use auth_runtime::authenticate;

#[authenticate(rule = "edit_posts")]
async fn handler() {}

fn main() {}
