//! What the blog tells programs about itself. In: the operations as their handlers describe them, and
//! the guards. Out: one OpenAPI document, which says of each operation who may call it.

use std::sync::{Arc, OnceLock};

use auth_runtime::{
    Denial, Protected,
    openapi::{OpenApiDrift, Undescribed},
    problem::Problem,
    public,
};
use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use utoipa::OpenApi;

use crate::{admin, app::App, clients, posts, profile, register};

/// What the handlers say of themselves.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "The blog",
        description = "Who may call an operation is written from the rules that the blog enforces.",
        license(name = "MIT OR Apache-2.0")
    ),
    paths(
        document,
        register::register,
        posts::list,
        posts::show,
        posts::data,
        posts::create,
        posts::edit,
        posts::remove,
        profile::show,
        profile::edit,
        admin::list,
        admin::disable,
        admin::end_sessions,
        clients::register,
        clients::another_secret,
        clients::remove,
    )
)]
struct Described;

/// The document, from the moment on when the routes are known, of which it is one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document(Arc<OnceLock<String>>);

impl Document {
    /// Writes it from the guards of the whole application. The endpoints that come from `auth-runtime`
    /// and the pages are in it with their rules alone.
    pub(crate) fn write(&self, blog: &Protected) -> Result<(), OpenApiDrift> {
        let document = blog.openapi(Described::openapi(), Undescribed::Add)?;
        // By way of a `Value`, whose members are in order: the same document at every start.
        let text = serde_json::to_value(document).map(|document| document.to_string());
        let _ = self.0.set(text.unwrap_or_default());
        Ok(())
    }
}

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "showThisDocument",
    responses((status = 200, description = "This document")),
)]
#[public(reason = "says how programs use the blog")]
pub(crate) async fn document(State(app): State<App>) -> Result<Response, Denial> {
    let document = app.openapi.0.get().cloned().ok_or_else(Problem::not_found)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
    ];
    Ok((headers, document).into_response())
}
