//! CORS (the Fetch standard). In: the section `cors` of a policy. Out: the layer of tower-http that
//! answers preflights and tells browsers which pages may read an answer.

use std::time::Duration;

use auth_policy::settings::Cors;
use axum::http::{HeaderName, HeaderValue, Method, Request, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// SECURITY: each list holds what the policy names and nothing else. The origin that asks is
/// compared byte for byte and echoed; there is no `*`, and `null` is in no checked policy.
pub(super) fn layer(cors: &Cors) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(values(&cors.origins)))
        .allow_methods(methods(cors))
        .allow_headers(names(&cors.headers))
        .expose_headers(names(&cors.expose))
        .allow_credentials(cors.credentials)
        .max_age(Duration::from_secs(cors.max_age.0))
        // Preflights are kept by no shared cache, so of the request only this matters.
        .vary([header::ORIGIN])
}

/// Whether a browser asks before it sends a page's request: `OPTIONS` alone is a method like others.
pub(super) fn is_preflight<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

// INVARIANT: a checked policy has nothing here that is no origin, no method or no name of a header.
// What were none all the same would be left out, which lets fewer pages in.

fn values(texts: &[String]) -> Vec<HeaderValue> {
    texts.iter().filter_map(|text| HeaderValue::from_str(text).ok()).collect()
}

fn names(texts: &[String]) -> Vec<HeaderName> {
    texts.iter().filter_map(|text| HeaderName::try_from(text).ok()).collect()
}

fn methods(cors: &Cors) -> Vec<Method> {
    cors.methods.iter().filter_map(|method| method.as_str().parse().ok()).collect()
}
