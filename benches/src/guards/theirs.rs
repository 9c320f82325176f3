//! What people write without us. In: a token. Out: an extractor around `jsonwebtoken::decode`, as
//! its documentation and axum's example have it; and a route without any.

use std::{error::Error, sync::Arc};

use axum::{
    Router,
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
    routing::get,
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;

use crate::contestant::Contestant;

/// The secret of HS256: 32 bytes.
pub(crate) const HS256_JWK: &str = r#"{"keys":[{"kty":"oct","alg":"HS256","kid":"bench","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr8"}]}"#;
const HS256_SECRET: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ+EstJQLr8=";
pub(crate) const ED25519_PRIVATE: &str =
    include_str!("../../../auth-runtime/tests/keys/eddsa.private.pem");
const ED25519_PUBLIC: &str = include_str!("../../../auth-runtime/tests/keys/eddsa.public.pem");

/// A path is parsed and routed letter by letter: ours are as long.
const PATH: &str = "/token";

/// What a signature is verified with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    Hs256,
    EdDsa,
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
        };
        let mut rules = Validation::new(algorithm);
        rules.set_issuer(&["https://issuer.example"]);
        rules.set_audience(&["bench-api"]);
        rules.validate_nbf = true;
        Ok(Self { key, rules })
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
        let value = parts.headers.get(header::AUTHORIZATION).ok_or(StatusCode::UNAUTHORIZED)?;
        let token = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
        let token = token.ok_or(StatusCode::UNAUTHORIZED)?;
        #[allow(clippy::disallowed_methods, reason = "what we are compared with")]
        let decoded = decode::<Claims>(token, &state.key, &state.rules);
        let claims = decoded.map_err(|_| StatusCode::UNAUTHORIZED)?.claims;
        if claims.scope.split(' ').any(|scope| scope == "read:posts") {
            Ok(Self(claims.sub))
        } else {
            Err(StatusCode::FORBIDDEN)
        }
    }
}

async fn handler(user: User) {
    std::hint::black_box(user.0);
}
