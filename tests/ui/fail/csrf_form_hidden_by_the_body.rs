use auth_runtime::authenticate;
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
async fn handler(form: CsrfForm<String>) -> String {
    #[allow(unused_imports)]
    use auth_runtime::csrf::CsrfForm;
    form.0
}

fn main() {}
