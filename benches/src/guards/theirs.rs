//! What people write without us. In: a token. Out: an extractor around `jsonwebtoken::decode`, as
//! its documentation and axum's example have it; and a route without any.

use std::{
    collections::HashSet,
    error::Error,
    sync::{Arc, LazyLock},
};

use axum::{
    Router,
    extract::{FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use protect_axum::{
    GrantsLayer,
    authorities::{AuthDetails, AuthoritiesCheck},
};
use serde::Deserialize;

use crate::contestant::Contestant;

/// The secret of HS256: 32 bytes.
pub(crate) const HS256_JWK: &str = r#"{"keys":[{"kty":"oct","alg":"HS256","kid":"bench","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr8"}]}"#;
const HS256_SECRET: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ+EstJQLr8=";
pub(crate) const ED25519_PRIVATE: &str =
    include_str!("../../../auth-runtime/tests/keys/eddsa.private.pem");
const ED25519_PUBLIC: &str = include_str!("../../../auth-runtime/tests/keys/eddsa.public.pem");

pub(crate) const RS256_PRIVATE: &str =
    include_str!("../../../auth-runtime/tests/keys/rs256.private.pem");
const RS256_PUBLIC: &str = include_str!("../../../auth-runtime/tests/keys/rs256.public.pem");
pub(crate) const ES256_PRIVATE: &str =
    include_str!("../../../auth-runtime/tests/keys/es256.private.pem");
const ES256_PUBLIC: &str = include_str!("../../../auth-runtime/tests/keys/es256.public.pem");

/// A path is parsed and routed letter by letter: ours are as long.
pub(crate) const PATH: &str = "/token";

/// What every handler here asks for.
pub(crate) const SCOPE: &str = "read:posts";

/// What a signature is verified with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    Hs256,
    EdDsa,
    Rs256,
    Es256,
}

/// A route that anybody may call, in axum alone.
pub(crate) fn unguarded() -> Result<Contestant, Box<dyn Error>> {
    let app: Router = Router::new().route(PATH, get(|| async {}));
    Contestant::new("a route without a guard", app, PATH, None, 200)
}

/// The extractor, asked with that token.
pub(crate) fn by_hand(
    label: &'static str,
    key: Key,
    token: &str,
    status: u16,
) -> Result<Contestant, Box<dyn Error>> {
    let state = Arc::new(Verification::new(key)?);
    let app: Router = Router::new().route(PATH, get(handler)).with_state(state);
    Contestant::new(label, app, PATH, Some(("authorization", &bearer(token))), status)
}

pub(crate) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

struct Verification {
    key: DecodingKey,
    rules: Validation,
}

impl Verification {
    fn new(key: Key) -> Result<Self, Box<dyn Error>> {
        let (algorithm, key) = match key {
            Key::Hs256 => (Algorithm::HS256, DecodingKey::from_base64_secret(HS256_SECRET)?),
            Key::EdDsa => (Algorithm::EdDSA, DecodingKey::from_ed_pem(ED25519_PUBLIC.as_bytes())?),
            Key::Rs256 => (Algorithm::RS256, DecodingKey::from_rsa_pem(RS256_PUBLIC.as_bytes())?),
            Key::Es256 => (Algorithm::ES256, DecodingKey::from_ec_pem(ES256_PUBLIC.as_bytes())?),
        };
        let mut rules = Validation::new(algorithm);
        rules.set_issuer(&["https://issuer.example"]);
        rules.set_audience(&["bench-api"]);
        rules.validate_nbf = true;
        Ok(Self { key, rules })
    }

    fn claims(&self, headers: &HeaderMap) -> Option<Claims> {
        let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let token = value.strip_prefix("Bearer ")?;
        #[allow(clippy::disallowed_methods, reason = "what we are compared with")]
        let decoded = decode::<Claims>(token, &self.key, &self.rules);
        Some(decoded.ok()?.claims)
    }
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    scope: String,
}

struct User(String);

impl FromRequestParts<Arc<Verification>> for User {
    type Rejection = StatusCode;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<Verification>,
    ) -> Result<Self, StatusCode> {
        let claims = state.claims(&parts.headers).ok_or(StatusCode::UNAUTHORIZED)?;
        if claims.scope.split(' ').any(|scope| scope == SCOPE) {
            Ok(Self(claims.sub))
        } else {
            Err(StatusCode::FORBIDDEN)
        }
    }
}

async fn handler(user: User) {
    std::hint::black_box(user.0);
}

/// protect-axum around the same decoding: a layer that takes a set of words from each request, which
/// a handler asks for one of.
pub(crate) fn protect_axum(token: &str) -> Result<Contestant, Box<dyn Error>> {
    let app: Router =
        Router::new()
            .route(PATH, get(permitted))
            .layer(GrantsLayer::<_, String, Response>::with_extractor(scopes));
    let label = "protect-axum around it, HS256";
    Contestant::new(label, app, PATH, Some(("authorization", &bearer(token))), 200)
}

/// Its extractors are plain functions.
static HS256: LazyLock<Option<Verification>> = LazyLock::new(|| Verification::new(Key::Hs256).ok());

async fn scopes(request: &mut Request) -> Result<HashSet<String>, Response> {
    let claims = HS256.as_ref().and_then(|it| it.claims(request.headers()));
    let claims = claims.ok_or_else(|| StatusCode::UNAUTHORIZED.into_response())?;
    Ok(claims.scope.split(' ').map(str::to_owned).collect())
}

async fn permitted(details: AuthDetails) -> StatusCode {
    if details.has_authority(SCOPE) { StatusCode::OK } else { StatusCode::FORBIDDEN }
}
