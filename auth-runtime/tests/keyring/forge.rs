//! Keys of the tests' own, and tokens signed with them whatever they say.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};

use super::world::START;

/// An Ed25519 key of somebody else.
pub(crate) struct TestKey {
    pub(crate) kid: String,
    pair: Ed25519KeyPair,
}

impl TestKey {
    pub(crate) fn new(kid: &str) -> Self {
        Self { kid: kid.to_owned(), pair: Ed25519KeyPair::generate().unwrap() }
    }

    /// The public key as its owner publishes it.
    pub(crate) fn jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key());
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": self.kid, "x": x, "alg": "EdDSA", "use": "sig" })
    }

    /// An access token of `partner` for `read:posts`.
    pub(crate) fn token(&self) -> String {
        self.sign(&json!({ "kid": self.kid }), &claims("https://partner.example/a"))
    }

    /// Signs these claims under the usual header with these members besides.
    pub(crate) fn sign(&self, members: &Value, claims: &Value) -> String {
        let mut header = json!({ "typ": "at+jwt", "alg": "EdDSA" });
        for (name, value) in members.as_object().unwrap() {
            header[name] = value.clone();
        }
        let message = message(&header, claims);
        let signature = self.pair.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Claims that are accepted.
pub(crate) fn claims(issuer: &str) -> Value {
    json!({
        "iss": issuer, "sub": "user-1", "aud": "keys-api", "scope": "read:posts",
        "exp": START + 1_000_000, "iat": START,
    })
}

/// A JWK set of these keys.
pub(crate) fn jwks(keys: &[&TestKey]) -> String {
    json!({ "keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>() }).to_string()
}

/// A token under RS256, signed with the key of [`rs256_jwks`].
pub(crate) fn rs256(header: &Value, claims: &Value) -> String {
    let pem = include_bytes!("../keys/rs256.private.pem");
    let key = EncodingKey::from_rsa_pem(pem).unwrap();
    let message = message(header, claims);
    let algorithm = jsonwebtoken::Algorithm::RS256;
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).unwrap();
    format!("{message}.{signature}")
}

/// The set with that key under this name, as providers publish it: with a certificate that counts
/// for nothing, and beside a key for encryption.
pub(crate) fn rs256_jwks(kid: &str) -> String {
    let pem = include_str!("../keys/rs256.public.pem");
    let set =
        auth_runtime::jwt::KeySet::from_pem(pem, auth_runtime::policy_types::Algorithm::RS256);
    let mut key = set.unwrap().public_jwk_set()["keys"][0].clone();
    key["kid"] = kid.into();
    key["x5t"] = kid.into();
    key["x5c"] = json!(["MIIC"]);
    let mut encrypts = key.clone();
    encrypts["kid"] = "encrypts".into();
    encrypts["use"] = "enc".into();
    encrypts["alg"] = "RSA-OAEP".into();
    json!({ "keys": [encrypts, key] }).to_string()
}

fn message(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encode(header), encode(claims))
}
