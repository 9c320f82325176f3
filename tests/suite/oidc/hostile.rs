//! A provider that answers what no provider should: it signs nobody in, and breaks nothing here.

use serde_json::{Value, json};

use super::{
    fake::{JWKS, METADATA, TOKEN, USERINFO},
    world::{FAILED, World, sign},
};

const UNAVAILABLE: &str = "/login?error=temporarily_unavailable";

#[tokio::test]
async fn oc7_an_access_token_that_fits_no_header_is_the_providers_fault() {
    let world = World::new().await;
    for token in ["a\r\nX-Other: b", "a\u{0}b", "é", "", "a b"] {
        let outward = world.set_out("/login/fake").await;
        world.vouch(&outward, "ada");
        let claims = world.claims(&outward, "ada");
        let id_token = sign(&json!({ "alg": "ES256", "kid": "k1" }), &claims);
        let tokens = json!({ "access_token": token, "token_type": "Bearer", "id_token": id_token });
        world.fake.reply(TOKEN, 200, &tokens);
        world.back(&outward).await.ends_without_a_session(FAILED);
        assert_eq!(world.causes.last("login"), "token-answer-malformed", "{token:?}");
    }
    assert_eq!(world.fake.asked(USERINFO).len(), 0);
}

#[tokio::test]
async fn oc7_a_list_is_no_object_whatever_stands_in_it() {
    let world = World::new().await;
    let outward = world.set_out("/login/fake").await;
    world.vouch(&outward, "ada");
    let claims = world.claims(&outward, "ada");
    let header = json!({ "alg": "ES256", "kid": "k1" });
    let id_token = sign(&header, &claims);
    world.fake.reply(TOKEN, 200, &json!(["at", "Bearer", id_token]));
    world.back(&outward).await.ends_without_a_session(FAILED);

    let outward = world.set_out("/login/fake").await;
    world.vouch(&outward, "ada");
    let now = world.auth.now().0;
    let listed = json!([
        world.fake.issuer(),
        "ada",
        "blog",
        Value::Null,
        now + 300,
        now,
        Value::Null,
        outward.query["nonce"],
        Value::Null,
    ]);
    world.give(&sign(&header, &listed));
    world.back(&outward).await.ends_without_a_session(FAILED);
    assert_eq!(world.causes.last("login"), "claims-malformed");

    world.clock.advance(3600);
    let at = |path: &str| format!("{}{path}", world.fake.issuer());
    let listed = json!([
        world.fake.issuer(),
        at("/authorize"),
        at("/token"),
        at("/jwks"),
        Value::Null,
        false,
        Value::Null,
        Value::Null,
    ]);
    world.fake.reply(METADATA, 200, &listed);
    world.get("/login/fake", &[]).await.ends_without_a_session(UNAVAILABLE);
    assert_eq!(world.causes.last("login"), "metadata-malformed");
}

#[tokio::test]
async fn oc6_an_endpoint_with_letters_of_other_scripts_is_written_as_a_browser_takes_it() {
    let world = World::new().await;
    let path = format!("{}/authörize\t/x", world.fake.issuer());
    world.fake.publish(|metadata| metadata["authorization_endpoint"] = path.as_str().into());
    let outward = world.set_out("/login/fake").await;
    assert_eq!(outward.endpoint, format!("{}/auth%C3%B6rize/x", world.fake.issuer()));
}

#[tokio::test]
async fn oc7_answers_in_other_encodings_are_not_unpacked() {
    let world = World::new().await;
    let outward = world.set_out("/login/fake").await;
    world.vouch(&outward, "ada");
    world.fake.reply_text(TOKEN, 200, "application/json\r\nContent-Encoding: gzip", "{}");
    world.back(&outward).await.ends_without_a_session(FAILED);
    assert!(!world.fake.asked(TOKEN)[0].head.to_lowercase().contains("accept-encoding"));
}

#[tokio::test]
async fn j07_a_provider_whose_keys_are_gone_is_not_asked_by_everybody_who_comes() {
    let world = World::new().await;
    world.sign_in("ada").await;
    world.fake.reply(JWKS, 500, &json!({}));
    world.clock.advance(601);
    let before = world.fake.asked(JWKS).len();
    for _ in 0..5 {
        let outward = world.set_out("/login/fake").await;
        world.vouch(&outward, "ada");
        world.back(&outward).await.ends_without_a_session(UNAVAILABLE);
    }
    assert_eq!(world.fake.asked(JWKS).len() - before, 1);
}

#[tokio::test]
async fn e4_after_a_provider_that_did_not_answer_nobody_waits_for_it_for_a_while() {
    let world = World::new().await;
    world.fake.stall(METADATA);
    let hanging = async {
        world.fake.stalled().await;
        // It takes five seconds to give up, which nobody has to wait for here.
        world.clock.advance(5);
        tokio::time::pause();
    };
    let (answer, ()) = tokio::join!(world.get("/login/fake", &[]), hanging);
    tokio::time::resume();
    answer.ends_without_a_session(UNAVAILABLE);
    assert_eq!(world.causes.last("login"), "fetch-timeout");
    for _ in 0..3 {
        world.get("/login/fake", &[]).await.ends_without_a_session(UNAVAILABLE);
    }
    assert_eq!(world.fake.asked(METADATA).len(), 1);
    world.clock.advance(5);
    world.fake.publish(|_| ());
    assert_eq!(world.get("/login/fake", &[]).await.status, 302);
}
