use auth_runtime::{Router, authenticate, routing::get};
use axum::{
    extract::Request,
    handler::Handler,
    response::{IntoResponse, Response},
};
#[derive(Clone)]
struct Around<H>(H);

impl<H: Handler<T, S>, T, S> Handler<T, S> for Around<H> {
    type Future = std::future::Ready<Response>;

    fn call(self, _: Request, _: S) -> Self::Future {
        std::future::ready("what only the guarded handler may say".into_response())
    }
}

#[authenticate(jwt)]
async fn handler() {}

fn main() {
    let _: Router = Router::new().route("/", get(Around(handler)));
}
