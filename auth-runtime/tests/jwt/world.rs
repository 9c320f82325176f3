//! The world the tests live in: one policy, keys of every kind, and a forger who can sign
//! anything with them.

use std::sync::{Arc, LazyLock};

use auth_policy::{
    Policy, Source, check,
    policy::{RoleId, SchemeId, ScopeId},
    settings::Algorithm,
};
use auth_runtime::{
    clock::Timestamp,
    jwt::{KeySet, TokenError, VerifiedToken, Verifier, verify},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};

pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000);
pub(crate) const ISSUER: &str = "https://blog.example";
pub(crate) const PARTNER: &str = "https://idp.partner.example";
pub(crate) const LOOSE: &str = "https://loose.example/realms/a";
pub(crate) const AUDIENCE: &str = "blog-api";
pub(crate) const SECRET: [u8; 32] = [
    0x8f, 0x1c, 0x44, 0xe0, 0x2b, 0x97, 0x5d, 0xa3, 0x61, 0xfe, 0x08, 0xb9, 0x3a, 0xc7, 0x72, 0x15,
    0xd4, 0x4e, 0x99, 0x20, 0xbb, 0x6f, 0x03, 0xe8, 0x5a, 0x17, 0xcd, 0x86, 0x31, 0xf2, 0x7d, 0xa0,
];

pub(crate) const RSA_PRIVATE: &str = include_str!("../keys/rs256.private.pem");
pub(crate) const RSA_PUBLIC: &str = include_str!("../keys/rs256.public.pem");
pub(crate) const EC_PRIVATE: &str = include_str!("../keys/es256.private.pem");
pub(crate) const EC_PUBLIC: &str = include_str!("../keys/es256.public.pem");
pub(crate) const ED_PRIVATE: &str = include_str!("../keys/eddsa.private.pem");
pub(crate) const ED_PUBLIC: &str = include_str!("../keys/eddsa.public.pem");

/// Scopes and roles are numbered in the order of their names.
const POLICY: &str = "
version: 1
scopes:
  delete:posts: { is: Delete posts, mutates: true }
  read:posts: Read posts
  write:posts: { is: Write posts, mutates: true }
  write:posts2: { is: Write other posts, mutates: true }
roles:
  reader: { grants: [read:posts] }
  author: { includes: [reader], grants: [write:posts] }
  admin: { includes: [author], grants: [delete:posts] }
schemes:
  jwt:
    issuer: https://blog.example
    audience: blog-api
    algorithms: [$ALGORITHMS]
    keys: ${AUTH_JWT_KEYS}
    access_ttl: 15m
    refresh_ttl: 7d
    claims: [name, tenant]
issuers:
  partner:
    issuer: https://idp.partner.example
    audience: blog-api
    scope_claim: scp
    may_grant: [read:posts]
    roles: { editors: author, Super Reader: reader }
  loose:
    issuer: https://loose.example/realms/a
    audience: blog-api
    scope_claim: access.scopes
    role_claim: realm_access.roles
    may_grant: [read:posts]
    roles: { editors: author }
    token_type: relaxed
    leeway: 30s
";

pub(crate) const DELETE: ScopeId = ScopeId(0);
pub(crate) const READ: ScopeId = ScopeId(1);
pub(crate) const WRITE: ScopeId = ScopeId(2);
pub(crate) const ADMIN: RoleId = RoleId(0);
pub(crate) const AUTHOR: RoleId = RoleId(1);
pub(crate) const READER: RoleId = RoleId(2);

/// The secret as a JWK set with `kid` k1.
pub(crate) fn secret_jwk() -> String {
    let k = URL_SAFE_NO_PAD.encode(SECRET);
    json!({ "keys": [{ "kty": "oct", "kid": "k1", "alg": "HS256", "k": k }] }).to_string()
}

/// Our own keys for the algorithm, private.
pub(crate) fn keys(algorithm: Algorithm) -> KeySet {
    match algorithm {
        Algorithm::HS256 => KeySet::parse(&secret_jwk(), &[algorithm]),
        Algorithm::RS256 | Algorithm::PS256 => KeySet::parse(RSA_PRIVATE, &[algorithm]),
        Algorithm::ES256 => KeySet::parse(EC_PRIVATE, &[algorithm]),
        Algorithm::EdDSA => KeySet::parse(ED_PRIVATE, &[algorithm]),
    }
    .unwrap()
}

fn encoding_key(algorithm: Algorithm) -> EncodingKey {
    match algorithm {
        Algorithm::HS256 => EncodingKey::from_secret(&SECRET),
        Algorithm::RS256 | Algorithm::PS256 => {
            EncodingKey::from_rsa_pem(RSA_PRIVATE.as_bytes()).unwrap()
        }
        Algorithm::ES256 => EncodingKey::from_ec_pem(EC_PRIVATE.as_bytes()).unwrap(),
        Algorithm::EdDSA => EncodingKey::from_ed_pem(ED_PRIVATE.as_bytes()).unwrap(),
    }
}

/// Signs any header and payload, whatever they say.
pub(crate) fn forge(algorithm: Algorithm, header: &str, payload: &[u8]) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let alg = algorithm.name().parse().unwrap();
    let key = encoding_key(algorithm);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, alg).unwrap();
    format!("{message}.{signature}")
}

/// The header we write ourselves for HS256.
pub(crate) const HEADER: &str = r#"{"typ":"at+jwt","alg":"HS256","kid":"k1"}"#;

/// Claims that are accepted; tests spoil one thing at a time.
pub(crate) fn good_claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "user-1", "aud": AUDIENCE,
        "exp": NOW.0 + 900, "iat": NOW.0, "jti": "t1",
        "scope": "read:posts write:posts", "roles": ["author"],
    })
}

/// The good claims with one of them replaced, or taken away if null is `None`.
pub(crate) fn with(claim: &str, value: Option<Value>) -> Value {
    let mut claims = good_claims();
    let members = claims.as_object_mut().unwrap();
    match value {
        Some(value) => members.insert(claim.to_owned(), value),
        None => members.remove(claim),
    };
    claims
}

/// What our own HS256 verifier says of these claims, well signed.
pub(crate) fn judge(claims: &Value) -> Result<VerifiedToken, TokenError> {
    judge_text(&claims.to_string())
}

pub(crate) fn judge_text(claims: &str) -> Result<VerifiedToken, TokenError> {
    judge_token(&forge(Algorithm::HS256, HEADER, claims.as_bytes()))
}

pub(crate) fn good_token() -> String {
    forge(Algorithm::HS256, HEADER, good_claims().to_string().as_bytes())
}

/// What it says of a good token under another header, well signed.
pub(crate) fn with_header(header: &str) -> Option<TokenError> {
    judge_token(&forge(Algorithm::HS256, header, good_claims().to_string().as_bytes())).err()
}

/// What it says of a token as it stands.
pub(crate) fn judge_token(token: &str) -> Result<VerifiedToken, TokenError> {
    static OURS: LazyLock<Verifier> = LazyLock::new(|| own(Algorithm::HS256));
    verify(token, [&*OURS], NOW)
}

pub(crate) fn own(algorithm: Algorithm) -> Verifier {
    Verifier::own(&policy(&[algorithm]), keys(algorithm)).unwrap()
}

pub(crate) fn scheme(policy: &Policy, name: &str) -> SchemeId {
    policy.scheme_id(name).unwrap()
}

/// A verifier for `partner` or `loose`, with our key pair for the algorithm as theirs.
pub(crate) fn foreign(name: &str, algorithm: Algorithm) -> Verifier {
    let policy = policy(&[Algorithm::EdDSA]);
    let published = keys(algorithm).public_jwk_set().to_string();
    let set = KeySet::published(&published, &[algorithm]).unwrap();
    Verifier::foreign(&policy, scheme(&policy, name), Arc::new(set)).unwrap()
}

/// The policy, with these algorithms for our own tokens.
pub(crate) fn policy(algorithms: &[Algorithm]) -> Policy {
    let names: Vec<&str> = algorithms.iter().map(|algorithm| algorithm.name()).collect();
    let text = POLICY.replace("$ALGORITHMS", &names.join(", "));
    let checked = check(&Source::new("policies/test.yaml", text.into()));
    checked.policy.unwrap_or_else(|| panic!("{:?}", checked.diagnostics))
}

/// The policy with a value changed that no check would let pass, or that YAML need not show.
/// `path` is the member of the scheme.
pub(crate) fn spoiled_policy(policy: &Policy, scheme: &str, path: &str, value: &Value) -> Policy {
    let mut contents: Value = serde_json::from_str(&policy.to_embedded().unwrap()).unwrap();
    let schemes = contents["schemes"].as_array_mut().unwrap();
    let found = schemes.iter_mut().find(|found| found["name"] == scheme).unwrap();
    let (_, kind) = found["kind"].as_object_mut().unwrap().iter_mut().next().unwrap();
    kind[path] = value.clone();
    Policy::from_embedded(&contents.to_string(), policy.structure()).unwrap()
}
