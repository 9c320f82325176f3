//! `private_key_jwt`: a client that signs who it is, once, for us.

use auth_runtime::{
    jwt::KeySet,
    oauth::NewClient,
    policy_types::{Algorithm, GrantType},
    secret::Secret,
};
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::world::{Answer, START, World};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

struct Signer {
    private: Secret,
}

impl Signer {
    /// A client that is registered with the public half of a new key.
    async fn registered(world: &World) -> Self {
        let signer = Self { private: KeySet::generate(Algorithm::EdDSA).unwrap() };
        let new = NewClient::new("signer", "Signs")
            .grants([GrantType::ClientCredentials])
            .scopes(["read:posts"])
            .signs_with(signer.keys().public_jwk_set().to_string());
        assert!(world.clients.register(new).await.unwrap().secret.is_none());
        signer
    }

    fn keys(&self) -> KeySet {
        KeySet::from_jwk_set(self.private.expose()).unwrap()
    }

    fn sign(&self, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&json!({ "alg": "EdDSA" })), part(claims));
        let jwk: Value = serde_json::from_str(self.private.expose()).unwrap();
        let jwk = jwk.get("keys").map_or(&jwk, |keys| &keys[0]);
        let seed = URL_SAFE_NO_PAD.decode(jwk["d"].as_str().unwrap()).unwrap();
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes())))
    }
}

fn claims(jti: &str) -> Value {
    json!({
        "iss": "signer", "sub": "signer", "aud": "https://issuer.example/oauth/token",
        "exp": START + 60, "iat": START, "jti": jti,
    })
}

fn with(claims: &Value, member: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[member] = value;
    claims
}

async fn show(world: &World, assertion: &str) -> Answer {
    let parameters = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", TYPE),
        ("client_assertion", assertion),
    ];
    world.form("/oauth/token", None, &parameters).await
}

#[tokio::test]
async fn ot6_a_client_signs_who_it_is_and_each_assertion_counts_once() {
    let world = World::new().await;
    let signer = Signer::registered(&world).await;
    let first = signer.sign(&claims("1"));
    assert_eq!(show(&world, &first).await.status, 200);
    assert_eq!(show(&world, &first).await.refusal(), (401, "invalid_client".to_owned()));
    assert_eq!(show(&world, &signer.sign(&claims("2"))).await.status, 200);
    let issuer = with(&claims("3"), "aud", json!(["https://issuer.example"]));
    assert_eq!(show(&world, &signer.sign(&issuer)).await.status, 200);
    // As long as it could be shown it is remembered.
    world.clock.advance(80);
    assert_eq!(show(&world, &first).await.status, 401);
    assert_eq!(world.events.causes("token.issued"), ["assertion-used"; 2]);
}

#[tokio::test]
async fn ot6_an_assertion_is_about_its_client_for_us_and_of_now() {
    let world = World::new().await;
    let signer = Signer::registered(&world).await;
    world.client("svc").await;
    let good = claims("1");
    for (wrong, cause) in [
        (with(&good, "iss", json!("svc")), "assertion-subject"),
        (with(&good, "sub", json!("svc")), "assertion-signature"),
        (with(&good, "sub", json!("nobody")), "client-unknown"),
        (with(&good, "aud", json!("https://other.example")), "assertion-audience"),
        (with(&good, "aud", json!([])), "assertion-audience"),
        (
            with(&good, "aud", json!(["https://issuer.example", "https://other.example"])),
            "assertion-audience",
        ),
        (with(&good, "exp", json!(START - 31)), "assertion-time"),
        (with(&good, "exp", json!(START + 3631)), "assertion-time"),
        (with(&good, "nbf", json!(START + 31)), "assertion-time"),
        (with(&good, "iat", json!(START + 31)), "assertion-time"),
        (with(&good, "jti", json!("")), "assertion-time"),
        (with(&good, "exp", json!("soon")), "client-unknown"),
        (with(&good, "jti", Value::Null), "client-unknown"),
    ] {
        let answer = show(&world, &signer.sign(&wrong)).await;
        assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()), "{wrong}");
        assert_eq!(world.events.causes("token.issued").last().unwrap(), cause, "{wrong}");
    }
    // Whoever is named beside it is named inside.
    let sub = signer.sign(&with(&good, "sub", json!("svc")));
    let parameters = [
        ("grant_type", "client_credentials"),
        ("client_id", "signer"),
        ("client_assertion_type", TYPE),
        ("client_assertion", &sub),
    ];
    let answer = world.form("/oauth/token", None, &parameters).await;
    assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()));
    assert_eq!(world.events.causes("token.issued").last().unwrap(), "assertion-subject");
    assert_eq!(show(&world, &signer.sign(&good)).await.status, 200, "none of them used it up");
}

/// RFC 7519, section 2: a moment may have a fraction.
#[tokio::test]
async fn j09_the_moments_of_an_assertion_are_numbers() {
    let world = World::new().await;
    let signer = Signer::registered(&world).await;
    let fractions = with(&claims("1"), "exp", json!(START as f64 + 60.5));
    let fractions = with(&fractions, "iat", json!(START as f64 - 0.25));
    assert_eq!(show(&world, &signer.sign(&fractions)).await.status, 200);
    for (member, value) in [
        ("exp", json!(-1)),
        ("exp", json!(1e300)),
        ("exp", json!("1800000060")),
        ("iat", Value::Null),
        ("nbf", json!([START])),
        ("nbf", json!(-0.5)),
    ] {
        let wrong = with(&claims("2"), member, value);
        assert_eq!(show(&world, &signer.sign(&wrong)).await.status, 401, "{wrong}");
    }
}

#[tokio::test]
async fn ot6_only_the_clients_own_key_counts() {
    let world = World::new().await;
    let signer = Signer::registered(&world).await;
    let other = Signer { private: KeySet::generate(Algorithm::EdDSA).unwrap() };
    assert_eq!(show(&world, &other.sign(&claims("1"))).await.status, 401);
    let good = signer.sign(&claims("1"));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let payload = message.split_once('.').unwrap().1;
    let unsigned = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
    assert_eq!(show(&world, &unsigned).await.status, 401);
    let cut = signature.get(..20).unwrap();
    assert_eq!(show(&world, &format!("{message}.{cut}")).await.status, 401);
    assert_eq!(show(&world, &good).await.status, 200);

    // The client's name alone, or beside the assertion another's.
    let named = world
        .form(
            "/oauth/token",
            None,
            &[("grant_type", "client_credentials"), ("client_id", "signer")],
        )
        .await;
    assert_eq!(named.refusal(), (401, "invalid_client".to_owned()));
    let next = signer.sign(&claims("2"));
    for wrong in [
        vec![("client_assertion", next.as_str())],
        vec![("client_assertion_type", TYPE)],
        vec![("client_assertion", next.as_str()), ("client_assertion_type", "x")],
    ] {
        let parameters = [vec![("grant_type", "client_credentials")], wrong].concat();
        let answer = world.form("/oauth/token", None, &parameters).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()));
    }
}
