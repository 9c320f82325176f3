//! Every form a rule can take.
use auth_runtime::{
    Identity, Router, authenticate, public,
    routing::{delete, get, post},
};
use axum::Json;

#[authenticate(jwt)]
async fn any_token() {}

#[authenticate(jwt | session | "api_key", scopes = "read:posts")]
async fn one_scope(caller: Identity) -> String {
    caller.subject().to_string()
}

#[authenticate(jwt, scopes = ["read:posts", "write:posts"],)]
async fn all_of(Json(_): Json<String>) {}

#[authenticate(jwt, scopes = any("write:posts", "delete:posts"), role = "author")]
async fn any_of(mut caller: Identity, Json(_): Json<String>) {
    let other = caller.clone();
    caller = other;
    let _ = caller;
}

#[authenticate(rule = "edit_post")]
async fn named(first: Identity, second: auth_runtime::Identity) -> String {
    (first.subject() == second.subject()).to_string()
}

#[authenticate(partner, scopes = "read:posts")]
async fn foreign() {}

#[public(reason = "landing page")]
async fn open() {}

#[public(reason = "says more to those it knows", identity = jwt | session)]
async fn known(caller: Option<Identity>) -> String {
    caller.is_some().to_string()
}

fn main() {
    let _: Router = Router::new()
        .route("/", get(any_token).post(all_of).put(any_of))
        .route("/one", get(one_scope).head(any_token).options(open).trace(open))
        .route("/named", post(named).patch(named).delete(named))
        .route("/foreign", delete(foreign).any(known))
        .fallback(open);
}
