//! API keys over HTTP. In: requests of somebody who signed in. Out: their keys; of each the key
//! itself once, when it is made.

use auth_policy::settings::{KeyEnvironment, Seconds};
use axum::{
    extract::DefaultBodyLimit,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::{ApiKey, ApiKeyError, ApiKeys, IssuedKey, NewApiKey};
use crate::{
    Auth, Denial,
    context::Engine,
    extract::{Json, Path},
    guard::Guard,
    problem::Problem,
    routing::{Router, get, post},
    rule::{JWT, Own, SESSION},
};

/// The largest body, in bytes.
const MAX_BODY: usize = 64 * 1024;

const DAY: u64 = 24 * 60 * 60;

/// Whoever signed in. SECURITY: never a key, which must not outlive its revocation by making others.
type SignedIn = Own<{ JWT | SESSION }>;

/// The endpoints with which people look after their API keys. Each takes an access token of this
/// service or a session, and never a key:
///
/// | endpoint | answer |
/// |---|---|
/// | `POST /api-keys` `{name, scopes, expires_in_days?}` | 201 `{id, key, name, scopes, expires_at}`: the only time the key is seen |
/// | `GET /api-keys` | 200, one's own keys: `id`, `name`, `scopes`, `environment`, `created_at`, `last_used_at`, `expires_at`, `revoked_at`, `replaced_by` |
/// | `POST /api-keys/{id}/rotate` | 201, a new key; the old one stays good for the overlap of the policy |
/// | `DELETE /api-keys/{id}` | 204 |
///
/// Moments are seconds since 1970. No answer may be kept. Somebody else's key is as missing as one
/// that never was. Where the policy has no keys everything here is 404.
///
/// # Example
///
/// ```
/// use auth_runtime::{Router, api_key};
///
/// let router: Router = Router::new().merge(api_key::router());
/// ```
#[track_caller]
pub fn router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    Router::new()
        .route("/api-keys", get(list).post(create))
        .route("/api-keys/{id}", crate::routing::delete(revoke))
        .route("/api-keys/{id}/rotate", post(rotate))
        .layer(DefaultBodyLimit::max(MAX_BODY))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    name: String,
    scopes: Vec<String>,
    expires_in_days: Option<u64>,
}

#[derive(Serialize)]
struct Made {
    id: String,
    key: String,
    name: String,
    scopes: Vec<String>,
    expires_at: i64,
}

#[derive(Serialize)]
struct Row {
    id: String,
    name: String,
    scopes: Vec<String>,
    environment: KeyEnvironment,
    created_at: i64,
    last_used_at: Option<i64>,
    expires_at: i64,
    revoked_at: Option<i64>,
    replaced_by: Option<String>,
}

async fn create(
    guard: Guard<SignedIn>,
    Engine(auth): Engine,
    Json(wanted): Json<Wanted>,
) -> Result<Response, Denial> {
    let lifetime = wanted.expires_in_days.map(|days| Seconds(days.saturating_mul(DAY)));
    let new = NewApiKey { name: wanted.name, scopes: wanted.scopes, lifetime };
    Ok(made(keys(&auth)?.create(&guard.identity(), new).await?))
}

async fn list(guard: Guard<SignedIn>, Engine(auth): Engine) -> Result<Response, Denial> {
    let owner = own_id(&auth, &guard)?;
    let keys = keys(&auth)?.list(&owner).await?;
    let rows: Vec<_> = keys.into_iter().map(Row::from).collect();
    Ok(unkept((StatusCode::OK, Json(rows))))
}

async fn rotate(
    guard: Guard<SignedIn>,
    Engine(auth): Engine,
    Path(id): Path<String>,
) -> Result<Response, Denial> {
    Ok(made(keys(&auth)?.rotate(&guard.identity(), &id).await?))
}

async fn revoke(
    guard: Guard<SignedIn>,
    Engine(auth): Engine,
    Path(id): Path<String>,
) -> Result<Response, Denial> {
    let owner = own_id(&auth, &guard)?;
    keys(&auth)?.revoke(&owner, &id).await?;
    Ok(unkept(StatusCode::NO_CONTENT))
}

fn keys(auth: &Auth) -> Result<ApiKeys, Denial> {
    auth.api_keys().ok_or_else(|| Problem::not_found().into())
}

/// The caller's id among our own accounts.
fn own_id(auth: &Auth, guard: &Guard<SignedIn>) -> Result<String, Denial> {
    let caller = guard.identity();
    // The rule names our own credentials alone; were it another's, the id would mean somebody else.
    if *caller.subject().issuer == *auth.own_issuer() {
        Ok(caller.subject().id.to_string())
    } else {
        Err(ApiKeyError::NotAnAccount.into())
    }
}

fn made(issued: IssuedKey) -> Response {
    let IssuedKey { key, info } = issued;
    let made = Made {
        id: info.id,
        // This answer is the one place where the key is seen.
        key: key.expose().to_owned(),
        name: info.name,
        scopes: info.scopes,
        expires_at: info.expires_at.0,
    };
    unkept((StatusCode::CREATED, Json(made)))
}

/// An answer that nobody keeps.
fn unkept(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl From<ApiKey> for Row {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            scopes: key.scopes,
            environment: key.environment,
            created_at: key.created_at.0,
            last_used_at: key.last_used_at.map(|at| at.0),
            expires_at: key.expires_at.0,
            revoked_at: key.revoked_at.map(|at| at.0),
            replaced_by: key.replaced_by,
        }
    }
}
