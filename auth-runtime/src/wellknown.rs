//! What a service publishes about itself. In: the engine of the request. Out: documents under
//! `/.well-known/`, for everybody.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use auth_policy::settings::Seconds;

use crate::{
    context::Engine,
    guard::Public,
    problem::Problem,
    routing::{MethodRouter, get},
    rule::everybody,
};

/// Who may call it, and why.
type Everybody = everybody!("the public half of the keys that sign our tokens");

/// For how long others keep our JWK set: a new key has to be in it for so long before it signs.
pub const JWKS_MAX_AGE: Seconds = Seconds(300);

/// The public keys of `schemes.jwt` as a JWK set (RFC 7517): `GET /.well-known/jwks.json`.
///
/// All keys that verify are in it, those that sign later among them, each with `kid`, `alg` and
/// `use`. The answer may be kept for [`JWKS_MAX_AGE`], and has an entity tag: who asks with
/// `If-None-Match` hears 304 while nothing has changed. Without a `jwt` scheme it is 404.
///
/// # Security
///
/// Private members and symmetric keys are never in it. A service that signs with HS256 publishes
/// an empty set.
///
/// # Example
///
/// ```
/// use auth_runtime::{Router, wellknown};
///
/// let router: Router = Router::new().route("/.well-known/jwks.json", wellknown::jwks());
/// ```
#[track_caller]
pub fn jwks<S>() -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    get(publish_keys)
}

async fn publish_keys(
    _: Public<Everybody>,
    Engine(auth): Engine,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let issuer = auth.issuer().ok_or_else(Problem::not_found)?;
    let ring = issuer.keyring().load();
    let keys = ring.published();
    let mut response = if is_known(&headers, &keys.etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let media_type = HeaderValue::from_static("application/jwk-set+json");
        ([(header::CONTENT_TYPE, media_type)], Body::from(keys.json.clone())).into_response()
    };
    let lifetime = format!("public, max-age={}", JWKS_MAX_AGE.0);
    for (name, value) in [(header::CACHE_CONTROL, &lifetime), (header::ETAG, &keys.etag)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

/// Whether the client has the document of that tag already (RFC 9110, section 13.1.2).
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = values.filter_map(|value| value.to_str().ok()).flat_map(|tags| tags.split(','));
    tags.any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
    })
}
