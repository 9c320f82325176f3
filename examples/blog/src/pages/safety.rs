//! What every page tells the browser besides what the engine says on every answer. In: an answer.
//! Out: the same, which may load our own files and nothing else, be framed by nobody, and be kept by
//! no cache unless it says so itself.

use axum::{
    http::{HeaderValue, header},
    response::Response,
};

/// No inline script or style, nothing from elsewhere, forms to ourselves alone.
const CONTENT: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                       form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

pub(super) async fn headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT));
    // A page may show who somebody is, so keeping it is what has to be asked for.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.append(header::VARY, HeaderValue::from_static("Accept"));
    response
}
