//! Tokens by hand. In: any header, any payload and somebody's key. Out: what an attacker sends.

use auth_policy::settings::Algorithm;
use auth_runtime::jwt::KeySet;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm as Alg, EncodingKey, crypto};
use serde_json::{Value, json};

use super::fixture::START;
use crate::signing::{EC_PEM, ED_PEM, published};
pub(super) use crate::signing::{own_keys, partner_keys as p256_keys};

const RSA_PEM: &str = include_str!("../../../auth-runtime/tests/keys/rs256.private.pem");
pub(super) const ED_PUBLIC_PEM: &str =
    include_str!("../../../auth-runtime/tests/keys/eddsa.public.pem");
pub(super) const EC_PUBLIC_PEM: &str =
    include_str!("../../../auth-runtime/tests/keys/es256.public.pem");
pub(super) const RSA_PUBLIC_PEM: &str =
    include_str!("../../../auth-runtime/tests/keys/rs256.public.pem");

/// The HMAC secret of `policies/hs256.yaml`.
pub(super) const SECRET: &[u8] = b"\x8b\x1f\xc4\x92 thirty-two bytes and \xd3\x07\x9e more";

/// The private RSA keys of `schemes.jwt` in `policies/many.yaml`.
pub(super) fn rsa_keys() -> KeySet {
    KeySet::from_pem(RSA_PEM, Algorithm::RS256).unwrap()
}

/// The secret as a key set.
pub(super) fn hmac_keys() -> KeySet {
    let k = URL_SAFE_NO_PAD.encode(SECRET);
    let set = json!({ "keys": [{ "kty": "oct", "alg": "HS256", "kid": "secret", "k": k }] });
    KeySet::from_jwk_set(&set.to_string()).unwrap()
}

/// What an issuer that signs with Ed25519 publishes.
pub(super) fn ed25519_keys() -> KeySet {
    published(&own_keys(), Algorithm::EdDSA)
}

/// What signs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pen<'a> {
    Ed25519,
    P256,
    Rsa(Alg),
    Hmac(&'a [u8]),
    /// Nothing: the third part stays empty.
    None,
}

impl Pen<'_> {
    /// The signature in base64url.
    fn sign(self, message: &str) -> String {
        let (key, algorithm) = match self {
            Pen::Ed25519 => (EncodingKey::from_ed_pem(ED_PEM.as_bytes()).unwrap(), Alg::EdDSA),
            Pen::P256 => (EncodingKey::from_ec_pem(EC_PEM.as_bytes()).unwrap(), Alg::ES256),
            Pen::Rsa(alg) => (EncodingKey::from_rsa_pem(RSA_PEM.as_bytes()).unwrap(), alg),
            Pen::Hmac(secret) => (EncodingKey::from_secret(secret), Alg::HS256),
            Pen::None => return String::new(),
        };
        crypto::sign(message.as_bytes(), &key, algorithm).unwrap()
    }

    /// The name of its key in the key sets above.
    pub(super) fn kid(self) -> String {
        let keys = match self {
            Pen::Ed25519 | Pen::None => own_keys(),
            Pen::P256 => p256_keys(),
            Pen::Rsa(_) => rsa_keys(),
            Pen::Hmac(_) => hmac_keys(),
        };
        keys.keys()[0].kid().unwrap().to_owned()
    }
}

/// A token with these texts as header and payload.
pub(super) fn token(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>, pen: Pen<'_>) -> String {
    let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
    signed(&format!("{}.{}", encode(header.as_ref()), encode(payload.as_ref())), pen)
}

/// The same of parts that were encoded in some way.
pub(super) fn signed(message: &str, pen: Pen<'_>) -> String {
    format!("{message}.{}", pen.sign(message))
}

/// A token in `test.yaml`'s own form, with this header and these claims.
pub(super) fn own(header: &Value, claims: &Value) -> String {
    token(header.to_string(), claims.to_string(), Pen::Ed25519)
}

/// The header of a good token by this pen.
pub(super) fn header(alg: &str, pen: Pen<'_>) -> Value {
    json!({ "typ": "at+jwt", "alg": alg, "kid": pen.kid() })
}

/// The header of a good token of our own.
pub(super) fn own_header() -> Value {
    header("EdDSA", Pen::Ed25519)
}

/// The claims of a good token of our own, for a reader.
pub(super) fn own_claims() -> Value {
    json!({
        "iss": "https://issuer.example",
        "sub": "alice",
        "aud": "test-api",
        "exp": START + 900,
        "iat": START,
        "jti": "t-1",
        "scope": "read:posts",
        "roles": ["reader"],
    })
}

/// A good token of `partner`.
pub(super) fn partner(claims: &Value) -> String {
    token(header("ES256", Pen::P256).to_string(), claims.to_string(), Pen::P256)
}

/// The claims of a good token of `partner`.
pub(super) fn partner_claims() -> Value {
    let claims = own_claims().with("iss", "https://partner.example").without("scope");
    claims.without("roles").with("scp", json!(["read:posts"]))
}

/// Objects with a member more, another, or one less.
pub(super) trait Edit {
    fn with(self, name: &str, value: impl Into<Value>) -> Self;
    fn without(self, name: &str) -> Self;
}

impl Edit for Value {
    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self[name] = value.into();
        self
    }

    fn without(mut self, name: &str) -> Self {
        assert!(self.as_object_mut().unwrap().remove(name).is_some(), "no `{name}` to remove");
        self
    }
}
