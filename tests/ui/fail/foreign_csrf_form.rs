use auth_runtime::{authenticate, public};
use axum::{
    extract::{FromRequest, Request},
    http::StatusCode,
};

struct CsrfForm<T>(T);

impl<S: Send + Sync> FromRequest<S> for CsrfForm<String> {
    type Rejection = StatusCode;

    async fn from_request(_: Request, _: &S) -> Result<Self, StatusCode> {
        Ok(Self(String::new()))
    }
}

#[authenticate(session)]
async fn guarded(CsrfForm(text): CsrfForm<String>) -> String {
    text
}

#[public(reason = "knows some", identity = session)]
async fn known(CsrfForm(text): CsrfForm<String>) -> String {
    text
}

fn main() {
    let _: auth_runtime::Router = auth_runtime::Router::new()
        .route("/", auth_runtime::routing::post(guarded).put(known));
}
