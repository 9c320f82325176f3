//! What may stand around a handler, and macros that write one.
use auth_runtime::{
    Identity, Router, authenticate,
    routing::{get, post},
};
use axum::{extract::State, handler::Handler};
use tower::layer::util::{Identity as Nothing, Stack};

#[authenticate(jwt)]
async fn layered(_: State<u8>) {}

macro_rules! handler {
    ($name:ident, $scheme:ident, $scope:expr, $caller:ty) => {
        #[authenticate($scheme, scopes = $scope)]
        async fn $name(caller: $caller) -> String {
            caller.subject().to_string()
        }
    };
}

handler!(written, jwt, "read:posts", Identity);

fn main() {
    let layers = Stack::new(Nothing::new(), Nothing::new());
    let _: Router = Router::new()
        .route(
            "/",
            get(layered.layer(Nothing::new())).post(layered.layer(layers).layer(Nothing::new())),
        )
        .route("/written", get(written))
        .route("/posted", post(written))
        .with_state(8);
}
