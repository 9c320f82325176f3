use auth_runtime::{Protected, public, routing::get};

#[public(reason = "too late")]
async fn handler() {}

fn late(protected: Protected) {
    protected.route("/", get(handler));
}

fn main() {}
