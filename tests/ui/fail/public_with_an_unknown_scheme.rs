use auth_runtime::public;

#[public(reason = "says who you are", identity = jtw)]
async fn handler() {}

fn main() {}
