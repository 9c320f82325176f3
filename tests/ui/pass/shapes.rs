//! Every shape a handler can have.
use auth_runtime::{
    Identity, Router, authenticate, public,
    routing::{get, post},
};
use axum::{
    Json,
    extract::{Path, State},
};

trait Store: Clone + Send + Sync + 'static {}

#[derive(Clone)]
struct Memory;

impl Store for Memory {}

struct Api<S>(S);

impl<S: Store> Api<S> {
    #[authenticate(jwt, scopes = "read:posts")]
    async fn associated(State(_): State<S>, caller: Identity) -> String {
        caller.scheme().to_owned()
    }

    #[public(reason = "an associated function")]
    async fn open(State(_): State<S>) {}
}

#[authenticate(jwt)]
async fn generic<S: Store>(State(_): State<S>, Path(_): Path<u32>) {}

#[authenticate(jwt)]
fn not_async() -> impl Future<Output = &'static str> + Send {
    async { "a future is enough" }
}

#[authenticate(jwt)]
#[axum::debug_handler]
async fn debugged(_caller: Identity, Json(_): Json<String>) {}

/// With documentation.
#[allow(clippy::unused_async)]
#[authenticate(jwt)]
#[must_use]
pub(crate) async fn decorated(#[allow(unused_variables)] caller: Identity) -> String {
    String::new()
}

fn routes<S: Store>() -> Router<S> {
    Router::new()
        .route("/associated", get(Api::<S>::associated).post(Api::<S>::open))
        .route("/generic/{id}", get(generic::<S>))
        .route("/plain", get(not_async).post(debugged))
        .route("/decorated", post(decorated))
}

fn main() {
    let _ = Api(());
    let _: Router = routes().with_state(Memory);
}
