//! Issuers that publish what they should not.

use auth_runtime::discovery::FetchError;
use serde_json::{Value, json};

use super::{
    forge::{TestKey, jwks},
    issuer::{FakeNet, KEYS, METADATA, PARTNER},
    world::{COOL_DOWN, World, generate},
};

/// What the fetch of this set comes to, and whether the keys from before it are still there.
async fn outcome(set: &str) -> String {
    let (key, next) = (TestKey::new("k1"), TestKey::new("k2"));
    let net = FakeNet::with(&[&key]);
    let world = World::on(&net).await;
    assert_eq!(world.read(&key.token()).await.status, 200);
    world.audit.take();
    net.says(KEYS, set);
    world.clock.advance(COOL_DOWN);
    assert_eq!(world.read(&next.token()).await.status, 401);
    assert_eq!(world.read(&key.token()).await.status, 200, "the keys from before are there");
    world.audit.take().join(", ")
}

fn set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

#[tokio::test]
async fn j04_j10_a_set_that_cannot_be_somebody_elses_is_refused_whole() {
    let good = TestKey::new("good").jwk();
    let with = |members: &Value| {
        let mut key = TestKey::new("bad").jwk();
        for (name, value) in members.as_object().unwrap() {
            key[name] = value.clone();
        }
        key
    };
    let many: Vec<_> = (0..1_000).map(|n| TestKey::new(&n.to_string()).jwk()).collect();
    let secret = json!({ "kty": "oct", "kid": "s", "alg": "HS256", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldC0x" });
    for (what, set) in [
        ("a private key", set(&[good.clone(), generate()])),
        ("a private member that is no key", set(&[good.clone(), with(&json!({ "d": "AA" }))])),
        ("an HMAC key", set(&[good.clone(), secret])),
        ("one kid twice", set(&[TestKey::new("a").jwk(), TestKey::new("a").jwk()])),
        ("one key twice", set(&[good.clone(), good.clone()])),
        ("a thousand keys", set(&many)),
        ("no keys", set(&[])),
        ("no keys that are of use", set(&[json!({ "kty": "EC", "crv": "P-521" })])),
        ("keys for other algorithms", super::forge::rs256_jwks("k2")),
        ("a member twice", r#"{"keys":[],"keys":[]}"#.to_owned()),
        ("a scalar for keys", json!({ "keys": "k1" }).to_string()),
        ("an empty object", "{}".to_owned()),
    ] {
        assert_eq!(outcome(&set).await, "error partner keys-unusable", "{what}");
    }
}

#[tokio::test]
async fn what_is_no_json_is_refused() {
    for text in ["", "<html>", "k1", "[]", include_str!("../keys/eddsa.public.pem")] {
        assert_eq!(outcome(text).await, "error partner fetch-not-json", "{text}");
    }
}

#[tokio::test]
async fn oc6_metadata_of_another_issuer_is_refused_and_its_keys_are_not_asked_for() {
    let key = TestKey::new("k1");
    for said in ["https://partner.example/a/", "https://partner.example", "https://evil.example"] {
        let net = FakeNet::with(&[&key]);
        let metadata = json!({ "issuer": said, "jwks_uri": KEYS }).to_string();
        net.says(METADATA, &metadata);
        let world = World::on(&net).await;
        assert!(world.read(&key.token()).await.is_unavailable());
        assert_eq!(net.asked(), [METADATA]);
        assert_eq!(world.audit.take(), ["error partner metadata-issuer-mismatch"]);
    }
}

#[tokio::test]
async fn oc6_metadata_without_a_place_for_keys_is_refused() {
    let key = TestKey::new("k1");
    for metadata in
        [json!({ "issuer": PARTNER }), json!({ "issuer": PARTNER, "jwks_uri": 1 }), json!([])]
    {
        let net = FakeNet::with(&[&key]);
        net.says(METADATA, &metadata.to_string());
        let world = World::on(&net).await;
        assert!(world.read(&key.token()).await.is_unavailable());
        assert_eq!(world.audit.take(), ["error partner metadata-malformed"]);
    }
}

#[tokio::test]
async fn e1_the_client_learns_nothing_of_what_went_wrong() {
    let net = FakeNet::with(&[]);
    let secret = "connection to 10.0.0.7 refused";
    net.answers_with(METADATA, Err(FetchError::Unreachable(secret.to_owned())));
    let world = World::on(&net).await;
    let answer = world.read(&TestKey::new("k1").token()).await;
    assert!(answer.is_unavailable() && !answer.body.contains("10.0.0.7"));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("www-authenticate"), "");
}

#[tokio::test]
async fn keys_of_other_kinds_beside_ours_are_left_out() {
    let key = TestKey::new("k1");
    let net = FakeNet::with(&[]);
    let mut all: Value = serde_json::from_str(&super::forge::rs256_jwks("r")).unwrap();
    let keys = all["keys"].as_array_mut().unwrap();
    keys.extend([json!({ "kty": "AKP", "alg": "ML-DSA-44" }), json!(null), key.jwk()]);
    net.says(KEYS, &all.to_string());
    let world = World::on(&net).await;
    assert_eq!(world.read(&key.token()).await.status, 200);
    assert_eq!(jwks(&[&key]).matches("kid").count(), 1);
}
