//! What a provider gives for a code: whatever is not exactly as it must be, nobody is signed in.

use auth_runtime::{jwt::KeySet, policy_types::Algorithm};
use serde_json::{Value, json};

use super::{
    fake::{JWKS, TOKEN, USERINFO},
    world::{FAILED, START, World, message, public_keys, sign},
};

/// A sound header, and the claims of a sound token, both changed.
async fn signs_in_with(
    world: &World,
    edit: impl Fn(&mut Value, &mut Value),
) -> super::world::Answer {
    let outward = world.set_out("/login/fake").await;
    world.vouch(&outward, "ada");
    let (mut header, mut claims) =
        (json!({ "alg": "ES256", "kid": "k1" }), world.claims(&outward, "ada"));
    edit(&mut header, &mut claims);
    world.give(&sign(&header, &claims));
    world.back(&outward).await
}

#[tokio::test]
async fn oc7_a_token_that_says_something_else_ends_without_a_session() {
    let world = World::new().await;
    assert_eq!(signs_in_with(&world, |_, _| ()).await.location(), "/account");
    for (name, value, cause) in [
        ("iss", json!("https://evil.example"), "issuer-mismatch"),
        ("aud", json!("shop"), "audience-mismatch"),
        ("aud", json!(["blog", "shop"]), "claim-missing"),
        ("azp", json!("shop"), "claim-malformed"),
        ("nonce", json!("A".repeat(43)), "claim-malformed"),
        ("nonce", Value::Null, "claim-missing"),
        ("exp", json!(START - 31), "expired"),
        ("exp", Value::Null, "claim-missing"),
        ("iat", json!(START + 3600), "issued-in-future"),
        ("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA"), "claim-malformed"),
        ("sub", json!("bob"), "userinfo-of-somebody-else"),
        ("sub", Value::Null, "claim-missing"),
    ] {
        let answer = signs_in_with(&world, |_, claims| claims[name] = value.clone()).await;
        answer.ends_without_a_session(FAILED);
        assert_eq!(world.causes.last("login"), cause, "{name} {value}");
    }
}

#[tokio::test]
async fn oc7_a_token_by_another_algorithm_or_of_another_kind_ends_without_a_session() {
    let world = World::new().await;
    for (name, value, cause) in [
        ("alg", json!("none"), "algorithm-unknown"),
        ("alg", json!("HS256"), "algorithm-not-listed"),
        ("alg", json!("RS256"), "algorithm-not-listed"),
        ("alg", Value::Null, "header-malformed"),
        ("typ", json!("at+jwt"), "not-an-id-token"),
        ("typ", json!("logout+jwt"), "not-an-id-token"),
        ("crit", json!(["exp"]), "header-critical"),
        ("kid", json!("k2"), "key-unknown"),
    ] {
        let answer = signs_in_with(&world, |header, _| header[name] = value.clone()).await;
        answer.ends_without_a_session(FAILED);
        assert_eq!(world.causes.last("login"), cause, "{name} {value}");
    }
}

#[tokio::test]
async fn oc7_a_token_without_a_good_signature_ends_without_a_session() {
    let world = World::new().await;
    let es256 = json!({ "alg": "ES256", "kid": "k1" });
    let none = json!({ "alg": "none" });
    for (header, signature, cause) in [
        (&es256, "A".repeat(86), "signature-invalid"),
        (&es256, String::new(), "signature-invalid"),
        (&none, String::new(), "algorithm-unknown"),
    ] {
        let outward = world.set_out("/login/fake").await;
        world.vouch(&outward, "ada");
        let message = message(header, &world.claims(&outward, "ada"));
        world.give(&format!("{message}.{signature}"));
        world.back(&outward).await.ends_without_a_session(FAILED);
        assert_eq!(world.causes.last("login"), cause);
    }
    // One whose claims were changed after it was signed.
    let outward = world.set_out("/login/fake").await;
    world.vouch(&outward, "ada");
    let sound = sign(&es256, &world.claims(&outward, "ada"));
    let (_, signature) = sound.rsplit_once('.').expect("three parts");
    let other = message(&es256, &world.claims(&outward, "root"));
    world.give(&format!("{other}.{signature}"));
    world.back(&outward).await.ends_without_a_session(FAILED);
    assert_eq!(world.causes.last("login"), "signature-invalid");
}

#[tokio::test]
async fn oc7_a_token_of_another_sign_in_ends_without_a_session() {
    let world = World::new().await;
    let (mine, theirs) = (world.set_out("/login/fake").await, world.set_out("/login/fake").await);
    world.vouch(&theirs, "victim");
    world.back(&mine).await.ends_without_a_session(FAILED);
    assert_eq!(world.causes.last("login"), "claim-malformed");
}

#[tokio::test]
async fn oc3_a_replayed_code_ends_without_a_session() {
    let world = World::new().await;
    let outward = world.set_out("/login/fake").await;
    world.vouch(&outward, "ada");
    world.fake.reply(TOKEN, 400, &json!({ "error": "invalid_grant" }));
    world.back(&outward).await.ends_without_a_session(FAILED);
    assert_eq!(world.causes.last("login"), "provider-refused");
}

#[tokio::test]
async fn oc7_what_is_no_token_answer_ends_without_a_session() {
    let world = World::new().await;
    let unavailable = "/login?error=temporarily_unavailable";
    for (status, body, location) in [
        (200, json!({}), FAILED),
        (200, json!([]), FAILED),
        (200, json!({ "access_token": "at", "token_type": "Bearer" }), FAILED),
        (200, json!({ "access_token": "at", "token_type": "Bearer", "id_token": "" }), FAILED),
        (200, json!({ "access_token": "at", "token_type": "mac", "id_token": "a.b.c" }), FAILED),
        (200, json!("x".repeat(70_000)), unavailable),
        (302, json!({}), FAILED),
        (401, json!({ "error": "invalid_client" }), FAILED),
        (500, json!({}), unavailable),
        (503, json!({}), unavailable),
    ] {
        let outward = world.set_out("/login/fake").await;
        world.fake.reply(TOKEN, status, &body);
        world.back(&outward).await.ends_without_a_session(location);
    }
    assert_eq!(world.fake.asked("/elsewhere").len(), 0, "no redirect is followed");
    assert_eq!(world.fake.asked(USERINFO).len(), 0);
}

#[tokio::test]
async fn oc7_userinfo_of_somebody_else_ends_without_a_session() {
    let world = World::new().await;
    for (status, body) in [
        (200, json!({ "sub": "bob" })),
        (200, json!({})),
        (200, json!({ "sub": ["ada"] })),
        (401, json!({ "sub": "ada" })),
    ] {
        let outward = world.set_out("/login/fake").await;
        world.vouch(&outward, "ada");
        world.fake.reply(USERINFO, status, &body);
        world.back(&outward).await.ends_without_a_session(FAILED);
    }
}

#[tokio::test]
async fn oc7_keys_are_fetched_anew_for_a_key_that_is_not_known() {
    let world = World::new().await;
    world.sign_in("ada").await;
    let mut rotated = public_keys();
    rotated["keys"][0]["kid"] = "k2".into();
    world.fake.reply(JWKS, 200, &rotated);
    let with_k2 = |header: &mut Value, _: &mut Value| header["kid"] = "k2".into();
    signs_in_with(&world, with_k2).await.ends_without_a_session(FAILED);
    assert_eq!(world.fake.asked(JWKS).len(), 1, "not so soon");
    world.clock.advance(60);
    assert_eq!(signs_in_with(&world, with_k2).await.location(), "/account");
    assert_eq!(world.fake.asked(JWKS).len(), 2);
    signs_in_with(&world, |_, _| ()).await.ends_without_a_session(FAILED);
    assert_eq!(world.causes.last("login"), "key-unknown");
}

#[tokio::test]
async fn oc7_private_or_shared_keys_in_the_set_of_a_provider_are_not_used() {
    let world = World::new().await;
    let private = KeySet::generate(Algorithm::ES256).expect("a key");
    let private: Value = serde_json::from_str(private.expose()).expect("JSON");
    let shared =
        json!({ "keys": [{ "kty": "oct", "kid": "k1", "alg": "HS256", "k": "A".repeat(43) }] });
    for keys in [private, shared, json!({ "keys": [] }), json!({})] {
        world.clock.advance(3600);
        world.fake.reply(JWKS, 200, &keys);
        let answer = signs_in_with(&world, |_, _| ()).await;
        answer.ends_without_a_session("/login?error=temporarily_unavailable");
        assert_eq!(world.causes.last("login"), "keys-unusable");
    }
}
