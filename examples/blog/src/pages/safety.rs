//! What every page tells the browser besides what the engine says on every answer. In: an answer.
//! Out: the same, which may load our own files and nothing else, be framed by nobody, and be kept by
//! no cache unless it says so itself.

use axum::{
    http::{HeaderValue, header},
    response::Response,
};

/// No inline script or style, nothing from elsewhere, forms to ourselves alone.
macro_rules! content {
    ($form_action:literal) => {
        concat!(
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action ",
            $form_action,
            "; frame-ancestors 'none'; base-uri 'none'"
        )
    };
}

const CONTENT: HeaderValue = HeaderValue::from_static(content!("'self'"));

/// The same of a page whose form leads elsewhere as well.
pub(super) fn content(form_action: &str) -> String {
    format!(content!("{}"), form_action)
}

/// Of what is not one of our pages but may be answered by one.
pub(super) async fn of_html(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let html =
        headers.get(header::CONTENT_TYPE).is_some_and(|it| it.as_bytes().starts_with(b"text/html"));
    if html {
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(CONTENT);
        headers.append(header::VARY, HeaderValue::from_static("Accept"));
    }
    response
}

pub(super) async fn headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT);
    // A page may show who somebody is, so keeping it is what has to be asked for.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.append(header::VARY, HeaderValue::from_static("Accept"));
    response
}
