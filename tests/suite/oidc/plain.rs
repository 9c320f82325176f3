//! A provider without OpenID Connect: endpoints and the meaning of its answers from the policy,
//! and the rest as with any other.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    fake::{JWKS, METADATA, TOKEN, USER},
    world::{FAILED, HOST, HUB, SECRET, Setting, World, pairs},
};

fn ada() -> Value {
    json!({
        "id": 583231, "login": "ada", "name": "Ada Lovelace", "email": "ada@x.example",
        "avatar_url": "https://hub.example/ada.png",
    })
}

#[tokio::test]
async fn m05_somebody_signs_in_with_a_provider_that_has_endpoints_alone() {
    let world = World::new().await;
    world.hub_says(&ada());
    let answer = world.through_hub().await;
    assert_eq!((answer.status, answer.location()), (302, "/account"), "{answer:?}");
    let (id, profile) = world.people.last();
    let session = answer.cookie("__Host-session").expect("a session");
    assert_eq!(world.who(&session).await.body, id);
    assert_eq!((profile.issuer.as_str(), profile.subject.as_str()), (HUB, "583231"));
    assert_eq!(profile.name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(profile.preferred_username.as_deref(), Some("ada"));
    assert_eq!(profile.email.as_deref(), Some("ada@x.example"));
    assert!(!profile.email_verified, "nothing says so");
    let request = &world.hub.asked(USER)[0];
    assert!(request.head.contains("authorization: Bearer gho_at\r\n"), "{request:?}");
    assert!(request.head.contains("accept: application/json\r\n"), "{request:?}");
    assert!(request.head.contains("user-agent: "), "some refuse whoever has no name");
    assert_eq!(world.hub.asked(METADATA).len() + world.hub.asked(JWKS).len(), 0);
}

#[tokio::test]
async fn oc2_state_and_s256_are_asked_for_and_no_nonce() {
    let world = World::new().await;
    world.hub_says(&ada());
    let outward = world.set_out("/login/hub").await;
    assert_eq!(outward.endpoint, format!("{}/authorize", world.hub.issuer()));
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "blog"),
        ("redirect_uri", &format!("http://{HOST}/login/hub/callback")),
        ("scope", "read:user user:email"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(outward.query[name], value, "{name}");
    }
    assert_eq!(outward.query.len(), 7, "{:?}", outward.query.keys());
    let query = format!("state={}&code=c", outward.query["state"]);
    assert_eq!(world.back_with("hub", &query, &outward.cookie).await.location(), "/account");
    let request = &world.hub.asked(TOKEN)[0];
    let form = pairs(&request.body);
    let challenge = digest::digest(&digest::SHA256, form["code_verifier"].as_bytes());
    assert_eq!(URL_SAFE_NO_PAD.encode(challenge.as_ref()), outward.query["code_challenge"]);
    assert!(request.head.contains("authorization: Basic "), "{request:?}");
}

#[tokio::test]
async fn m05_a_provider_may_want_id_and_secret_in_the_form() {
    let form = Setting::of("cookies.yaml")
        .with("    scopes: [\"read", "    client_auth: form\n    scopes: [\"read");
    let world = form.world().await;
    world.hub_says(&ada());
    assert_eq!(world.through_hub().await.location(), "/account");
    let request = &world.hub.asked(TOKEN)[0];
    let form = pairs(&request.body);
    assert_eq!((form["client_id"].as_str(), form["client_secret"].as_str()), ("blog", SECRET));
    assert!(!request.head.contains("authorization:"), "{request:?}");
}

#[tokio::test]
async fn oc8_the_subject_is_the_number_and_nothing_else_of_the_profile() {
    let world = World::new().await;
    world.hub_says(&ada());
    let first = world.through_hub().await;
    let ada_here = world.who(&first.cookie("__Host-session").expect("a session")).await.body;
    // Another name, another address, the same number: the same person.
    world.hub_says(&json!({ "id": 583231, "login": "countess", "email": "c@y.example" }));
    world.through_hub().await;
    assert_eq!(world.people.last().0, ada_here);
    // The same name and address, another number: somebody else.
    let mut other = ada();
    other["id"] = json!(583232);
    world.hub_says(&other);
    world.through_hub().await;
    assert_ne!(world.people.last().0, ada_here);
    // As text it is the same again.
    let mut text = ada();
    text["id"] = json!("583231");
    world.hub_says(&text);
    world.through_hub().await;
    assert_eq!(world.people.last().0, ada_here);
}

#[tokio::test]
async fn oc8_the_same_subject_at_an_openid_provider_is_somebody_else() {
    let world = World::new().await;
    world.hub_says(&ada());
    world.through_hub().await;
    let (at_hub, _) = world.people.last();
    world.sign_in("583231").await;
    assert_ne!(world.people.last().0, at_hub);
}

#[tokio::test]
async fn oc8_whoever_has_no_subject_is_not_signed_in() {
    let world = World::new().await;
    for id in [Value::Null, json!(""), json!(1.5), json!(true), json!([1]), json!("x".repeat(256))]
    {
        let mut user = ada();
        user["id"] = id.clone();
        world.hub_says(&user);
        world.through_hub().await.ends_without_a_session(FAILED);
        assert_eq!(world.causes.last("login"), "userinfo-without-subject", "{id}");
    }
}

#[tokio::test]
async fn m05_an_answer_of_another_status_type_or_length_ends_without_a_session() {
    let world = World::new().await;
    let long = json!({ "id": 1, "bio": "x".repeat(64 * 1024) }).to_string();
    let user = ada().to_string();
    let json = "application/json";
    for (status, media_type, body, ends, cause) in [
        (401, json, user.as_str(), FAILED, "provider-refused"),
        (302, json, &user, FAILED, "provider-refused"),
        (201, json, &user, FAILED, "provider-refused"),
        (429, json, &user, "/login?error=temporarily_unavailable", "provider-unavailable"),
        (503, json, &user, "/login?error=temporarily_unavailable", "provider-unavailable"),
        (200, "text/html", &user, "/login?error=temporarily_unavailable", "fetch-not-json"),
        (200, json, &long, "/login?error=temporarily_unavailable", "fetch-too-large"),
        (200, json, "{", FAILED, "userinfo-malformed"),
        (200, json, "{\"id\":1,\"id\":2}", FAILED, "userinfo-malformed"),
        (200, json, "{}", FAILED, "userinfo-without-subject"),
        (200, json, "[]", FAILED, "userinfo-malformed"),
    ] {
        world.hub_says(&ada());
        world.hub.reply_text(USER, status, media_type, body);
        let answer = world.through_hub().await;
        answer.ends_without_a_session(ends);
        assert_eq!(world.causes.last("login"), cause, "{status} {media_type}");
    }
    assert_eq!(world.hub.asked("/elsewhere").len(), 0, "no redirect is followed");
}

#[tokio::test]
async fn m05_an_error_that_comes_with_200_is_no_token() {
    let world = World::new().await;
    world.hub_says(&ada());
    for body in [
        json!({ "error": "bad_verification_code" }),
        json!({ "access_token": "a", "token_type": "mac" }),
        json!({ "token_type": "bearer" }),
    ] {
        world.hub.reply(TOKEN, 200, &body);
        world.through_hub().await.ends_without_a_session(FAILED);
        assert_eq!(world.causes.last("login"), "token-answer-malformed", "{body}");
    }
    assert_eq!(world.hub.asked(USER).len(), 0);
}

#[tokio::test]
async fn oc3_without_this_browsers_state_the_token_endpoint_is_never_asked() {
    let world = World::new().await;
    world.hub_says(&ada());
    let (mine, theirs) = (world.set_out("/login/hub").await, world.set_out("/login/hub").await);
    for (state, cookie) in [
        ("", mine.cookie.as_str()),
        (&theirs.query["state"], &mine.cookie),
        (&mine.query["state"], ""),
    ] {
        let query = format!("state={state}&code=c");
        world.back_with("hub", &query, cookie).await.is_foreign();
    }
    assert_eq!(world.hub.asked(TOKEN).len(), 0);
}

#[tokio::test]
async fn oc4_oc5_its_callback_is_its_own_and_takes_no_answer_of_another() {
    let world = World::new().await;
    world.hub_says(&ada());
    let hub = world.set_out("/login/hub").await;
    let fake = world.set_out("/login/fake").await;
    world.vouch(&fake, "ada");
    assert_ne!(hub.query["redirect_uri"], fake.query["redirect_uri"]);
    let query = format!("state={}&code=c&iss={}", fake.query["state"], world.fake.issuer());
    world.back_with("hub", &query, &fake.cookie).await.is_foreign();
    let query = format!("state={}&code=c", hub.query["state"]);
    world.back_with("fake", &query, &hub.cookie).await.is_foreign();
    assert_eq!(world.causes.last("login"), "provider-mixed-up");
    assert_eq!(world.hub.asked(TOKEN).len() + world.fake.asked(TOKEN).len(), 0);
}

#[tokio::test]
async fn oc10_what_it_refuses_ends_on_the_page_for_failures() {
    let world = World::new().await;
    let outward = world.set_out("/login/hub").await;
    let query = format!("state={}&error=access_denied", outward.query["state"]);
    let answer = world.back_with("hub", &query, &outward.cookie).await;
    answer.ends_without_a_session("/login?error=access_denied");
    assert_eq!(world.hub.asked(TOKEN).len(), 0);
}
