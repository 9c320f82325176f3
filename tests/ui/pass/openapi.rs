//! `#[utoipa::path]` on either side of the rule.
use auth_runtime::{
    Identity, Router, authenticate,
    routing::{get, post},
};
use axum::Json;

#[utoipa::path(get, path = "/above", responses((status = 200, body = String)))]
#[authenticate(jwt, scopes = "read:posts")]
async fn above(caller: Identity) -> Json<String> {
    Json(caller.scheme().to_owned())
}

#[authenticate(jwt, scopes = "write:posts")]
#[utoipa::path(post, path = "/below", request_body = String, responses((status = 200)))]
async fn below(_caller: Identity, Json(_): Json<String>) {}

#[derive(utoipa::OpenApi)]
#[openapi(paths(above, below))]
struct Api;

fn main() {
    let _: Router = Router::new().route("/above", get(above)).route("/below", post(below));
    let _ = <Api as utoipa::OpenApi>::openapi();
}
