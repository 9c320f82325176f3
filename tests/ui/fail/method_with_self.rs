use auth_runtime::authenticate;

struct Api;

impl Api {
    #[authenticate(jwt)]
    async fn handler(&self) {}
}

fn main() {}
