//! The way to the provider, and the whole way where all is well.

use aws_lc_rs::digest;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::json;

use super::{
    fake::{METADATA, TOKEN, USERINFO},
    world::{HOST, Setting, World, pairs},
};

#[tokio::test]
async fn m05_somebody_signs_in_and_lands_on_the_page_with_a_session() {
    let world = World::new().await;
    let outward = world.set_out("/login/fake").await;
    world.vouch(&outward, "ada");
    let answer = world.back(&outward).await;
    assert_eq!((answer.status, answer.location()), (302, "/account"), "{answer:?}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["referrer-policy"], "no-referrer");
    let session = answer.cookie("__Host-session").expect("a session");
    let (id, profile) = world.people.last();
    assert_eq!(world.who(&session).await.body, id);
    assert_eq!((profile.issuer, profile.subject.as_str()), (world.fake.issuer(), "ada"));
    assert_eq!(profile.email.as_deref(), Some("ada@x.example"));
    assert!(profile.email_verified);
    assert_eq!(profile.name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(profile.given_name.as_deref(), Some("Ada"));
    assert_eq!(profile.family_name.as_deref(), Some("Lovelace"));
    // The tokens are nowhere a browser sees.
    assert!(!format!("{answer:?}").contains("id_token"));
    assert_eq!(world.fake.asked(USERINFO).len(), 1);
    assert!(world.fake.asked(USERINFO)[0].head.contains("authorization: Bearer at\r\n"));
}

#[tokio::test]
async fn oc1_the_code_flow_with_s256_is_what_is_asked_for() {
    let world = World::new().await;
    let outward = world.set_out("/login/fake").await;
    assert_eq!(outward.endpoint, format!("{}/authorize", world.fake.issuer()));
    for (name, value) in [
        ("tenant", "1"),
        ("response_type", "code"),
        ("client_id", "blog"),
        ("redirect_uri", &format!("http://{HOST}/login/fake/callback")),
        ("scope", "openid profile email"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(outward.query[name], value, "{name}");
    }
    assert_eq!(outward.query.len(), 9, "{:?}", outward.query.keys());
}

#[tokio::test]
async fn oc2_the_verifier_is_fresh_and_the_challenge_is_its_hash() {
    let world = World::new().await;
    let (one, two) = (world.set_out("/login/fake").await, world.set_out("/login/fake").await);
    for name in ["state", "nonce", "code_challenge"] {
        assert_ne!(one.query[name], two.query[name], "{name}");
        assert_eq!(one.query[name].len(), 43, "{name}");
    }
    world.vouch(&one, "ada");
    assert_eq!(world.back(&one).await.location(), "/account");
    let request = &world.fake.asked(TOKEN)[0];
    let form = pairs(&request.body);
    let challenge = digest::digest(&digest::SHA256, form["code_verifier"].as_bytes());
    assert_eq!(URL_SAFE_NO_PAD.encode(challenge.as_ref()), one.query["code_challenge"]);
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(form["code"], "c");
    assert_eq!(form["redirect_uri"], one.query["redirect_uri"]);
    assert_eq!(form.len(), 4, "the secret is in the header");
    let basic = STANDARD.encode("blog:s3cret%3Awith%2Fwhat+needs%2Bescapes");
    assert!(request.head.contains(&format!("authorization: Basic {basic}\r\n")), "{request:?}");
}

#[tokio::test]
async fn oc2_a_provider_that_takes_the_secret_in_the_form_alone_gets_it_there() {
    let world = World::new().await;
    world.fake.publish(|metadata| {
        metadata["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
    });
    world.sign_in("ada").await;
    let request = &world.fake.asked(TOKEN)[0];
    let form = pairs(&request.body);
    assert_eq!(form["client_secret"], super::world::SECRET);
    assert_eq!(form["client_id"], "blog");
    assert!(!request.head.contains("authorization:"));
}

#[tokio::test]
async fn oc2_the_cookie_belongs_to_this_host_alone_and_ends_with_the_sign_in() {
    let world = World::new().await;
    let answer = world.get("/login/fake", &[]).await;
    let cookie = answer.headers["set-cookie"].to_str().expect("ASCII");
    let (_, attributes) = cookie.split_once(';').expect("attributes");
    assert_eq!(attributes, " Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax");
    let outward = world.set_out("/login/fake").await;
    world.vouch(&outward, "ada");
    let answer = world.back(&outward).await;
    let set: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert!(set.iter().any(|value| {
        value.to_str().expect("ASCII").starts_with("__Host-oidc=; Path=/; Max-Age=0")
    }));
}

#[tokio::test]
async fn oc9_a_sign_in_ends_on_a_listed_page_alone() {
    let world = World::new().await;
    for (asked, ends) in [
        ("", "/account"),
        ("?next=/", "/"),
        ("?next=%2F", "/"),
        ("?next=/account", "/account"),
        ("?next=//evil.example", "/account"),
        ("?next=/%5Cevil.example", "/account"),
        ("?next=%2f%2fevil.example", "/account"),
        ("?next=%252f%252fevil.example", "/account"),
        ("?next=https://evil.example", "/account"),
        ("?next=javascript:alert(1)", "/account"),
        ("?next=/admin", "/account"),
        ("?next=/%0d%0aSet-Cookie:x=y", "/account"),
    ] {
        let outward = world.set_out(&format!("/login/fake{asked}")).await;
        world.vouch(&outward, "ada");
        assert_eq!(world.back(&outward).await.location(), ends, "{asked}");
    }
}

#[tokio::test]
async fn oc6_a_document_of_another_issuer_stops_the_sign_in_before_it_begins() {
    let world = World::new().await;
    world.fake.publish(|metadata| metadata["issuer"] = "https://other.example".into());
    let answer = world.get("/login/fake", &[]).await;
    answer.ends_without_a_session("/login?error=temporarily_unavailable");
    assert_eq!(answer.cookie("__Host-oidc"), None);
    assert_eq!(world.causes.last("login"), "metadata-issuer-mismatch");

    let asked = world.fake.asked(METADATA).len();
    world.fake.publish(|_| ());
    let again = world.get("/login/fake", &[]).await;
    again.ends_without_a_session("/login?error=temporarily_unavailable");
    assert_eq!(world.fake.asked(METADATA).len(), asked, "it is left alone for a while");
    world.clock.advance(5);
    world.set_out("/login/fake").await;
}

#[tokio::test]
async fn oc6_metadata_is_asked_for_once_in_ten_minutes() {
    let world = World::new().await;
    world.sign_in("ada").await;
    world.sign_in("ada").await;
    assert_eq!(world.fake.asked(METADATA).len(), 1);
    world.clock.advance(600);
    world.sign_in("ada").await;
    assert_eq!(world.fake.asked(METADATA).len(), 2);
}

#[tokio::test]
async fn oc4_the_host_of_a_request_is_not_believed_beyond_this_machine() {
    let world = World::new().await;
    for host in ["evil.example", "localhost.evil.example", "evil@127.0.0.1"] {
        world.get("/login/fake", &[("host", host)]).await.is_foreign();
        assert_eq!(world.causes.last("login"), "host-not-local");
    }
}

#[tokio::test]
async fn m05_a_provider_nobody_declared_is_not_there() {
    let world = World::new().await;
    assert_eq!(world.get("/login/nobody", &[]).await.status, 404);
    assert_eq!(world.get("/login/nobody/callback?state=x", &[]).await.status, 404);
}

#[tokio::test]
async fn m05_a_strict_session_goes_through_a_page_of_our_own() {
    let world = Setting::strict().world().await;
    let outward = world.set_out("/login/fake?next=/").await;
    world.vouch(&outward, "ada");
    let answer = world.back(&outward).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.contains("http-equiv=\"refresh\" content=\"0;url=/\""), "{}", answer.body);
    assert!(answer.headers.get("location").is_none());
    assert!(answer.cookie("__Host-session").is_some());
}
