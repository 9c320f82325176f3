//! Extractors whose refusals are problem documents. In: a request that was let in. Out: a value,
//! or what the client can do about it.

use axum::{
    extract::{FromRequest, FromRequestParts, Request, rejection::JsonRejection},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::problem::Problem;

/// axum's `Json`, with refusals in the form of RFC 9457: 400 for what is no JSON, 413 for too much
/// of it, 415 for another media type, 422 for JSON that is not a `T`.
///
/// As a response it is axum's `Json`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = axum::Json::from_request(request, state).await;
        body.map(|axum::Json(value)| Self(value)).map_err(|refusal| problem(&refusal))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// What the client can do about its body. serde's own text is not repeated: it names our types.
fn problem(refusal: &JsonRejection) -> Problem {
    let status = refusal.status();
    match status {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Problem::new(status, "unsupported_media_type", "Unsupported media type")
                .detail("send the body as application/json")
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(status, "payload_too_large", "Body too large")
        }
        StatusCode::UNPROCESSABLE_ENTITY => {
            Problem::new(status, "unprocessable", "Unprocessable body")
                .detail("the body is JSON, but not of the form this endpoint takes")
        }
        _ => Problem::new(StatusCode::BAD_REQUEST, "malformed_body", "Malformed body")
            .detail("the body is not JSON"),
    }
}

/// axum's `Path`, with 404 for a parameter that is not a `T`: no such thing is here.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value)).map_err(|_| Problem::not_found())
    }
}
