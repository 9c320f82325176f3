//! What a browser is given, and what a sign-in makes of what it brings along.

use serde_json::json;

use super::world::{Browser, World};
use crate::password::PASSWORD;

#[tokio::test]
async fn s3_m09_the_cookie_has_every_attribute_and_no_domain() {
    let world = World::new().await;
    world.register("ada").await;
    let answer = world.sign_in("ada", None).await;
    assert_eq!(answer.status, 200);
    let set_cookie = answer.set_cookie();
    let (pair, attributes) = set_cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Lax");
    assert!(pair.starts_with("__Host-session=") && pair.len() <= 4_096);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.json(), json!({ "csrf_token": answer.browser().csrf }));
}

#[tokio::test]
async fn s1_an_id_that_a_client_brings_is_never_adopted() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let made_up = format!("{}.{}.{}", ada.id, "h".repeat(22), "A".repeat(43));
    for value in [made_up, "abc".to_owned(), String::new()] {
        let brought = Browser { value, csrf: String::new() };
        assert_eq!(world.knows(&brought).await, 401);
        let given = world.sign_in("ada", Some(&brought)).await.browser();
        assert_ne!(given.value, brought.value);
        assert_eq!(world.knows(&brought).await, 401, "it did not become one");
        assert_eq!(world.knows(&given).await, 200);
    }
}

#[tokio::test]
async fn s1_the_store_has_neither_secret_nor_token() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let browser = world.browser(&ada).await;
    let secret = browser.value.rsplit('.').next().unwrap();
    let collection = auth_runtime::store::Collection("session");
    let records = world.store.list(collection, &ada.owner().unwrap(), world.auth.now()).await;
    let records = records.unwrap();
    assert_eq!(records.len(), 1);
    let value = String::from_utf8(records[0].value.clone()).unwrap();
    assert!(!value.contains(secret) && !value.contains(&browser.csrf), "{value}");
    assert!(browser.value.contains(&records[0].key.id), "the handle is there");
}

#[tokio::test]
async fn s2_a_sign_in_gives_a_new_id_and_ends_the_old_one() {
    let world = World::new().await;
    let (_, _) = (world.register("ada").await, world.register("grace").await);
    let first = world.sign_in("ada", None).await.browser();
    let second = world.sign_in("ada", Some(&first)).await.browser();
    assert_ne!(first.value, second.value);
    assert_ne!(first.csrf, second.csrf);
    assert_eq!((world.knows(&first).await, world.knows(&second).await), (401, 200));

    let other = world.sign_in("grace", Some(&second)).await.browser();
    assert_eq!((world.knows(&second).await, world.knows(&other).await), (401, 200));
}

/// The public id stands in lists: it must not be enough to end the session.
#[tokio::test]
async fn s1_a_sign_in_with_a_wrong_secret_ends_nobodys_session() {
    let world = World::new().await;
    let (ada, _) = (world.register("ada").await, world.register("grace").await);
    let hers = world.browser(&ada).await;
    let (place, _) = hers.value.rsplit_once('.').unwrap();
    let forged = Browser { value: format!("{place}.{}", "A".repeat(43)), csrf: String::new() };
    assert_eq!(world.sign_in("grace", Some(&forged)).await.status, 200);
    assert_eq!(world.knows(&hers).await, 200);
}

#[tokio::test]
async fn s1_the_right_place_with_another_secret_is_401() {
    let world = World::new().await;
    let browser = world.browser(&world.register("ada").await).await;
    let (place, secret) = browser.value.rsplit_once('.').unwrap();
    let first = if secret.starts_with('A') { 'B' } else { 'A' };
    let value = format!("{place}.{first}{}", &secret[1..]);
    assert_eq!(world.knows(&Browser { value, ..browser.clone() }).await, 401);
    assert_eq!(world.causes.take(), ["wrong-secret"]);
}

#[tokio::test]
async fn s1_e2_every_bad_cookie_looks_the_same_and_differs_in_the_audit() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let (browser, ended) = (world.browser(&ada).await, world.browser(&ada).await);
    assert_eq!(world.ask("DELETE", "/session", Some(&ended), None).await.status, 204);
    let (place, _) = browser.value.rsplit_once('.').unwrap();
    let wrong = format!("{place}.{}", "A".repeat(43));
    let bad = [
        ("x".to_owned(), "malformed-session"),
        (ended.value, "unknown-session"),
        (wrong, "wrong-secret"),
    ];
    let first = world.get("/who", &Browser { value: String::new(), csrf: String::new() }).await;
    assert_eq!((first.status, first.code().as_str()), (401, "invalid_token"));
    assert_eq!(world.causes.take(), ["malformed-session"]);
    for (value, cause) in bad {
        let answer = world.get("/who", &Browser { value, csrf: String::new() }).await;
        assert_eq!(answer, first);
        assert_eq!(world.causes.take(), [cause]);
    }
}

#[tokio::test]
async fn s9_two_cookies_of_that_name_are_400_to_a_guard_and_to_a_sign_in() {
    let world = World::new().await;
    let browser = world.browser(&world.register("ada").await).await;
    let twice = format!("__Host-session={0}; __Host-session={0}", browser.value);
    let headers = [("cookie", twice), ("content-type", "application/json".to_owned())];
    let guarded = world.send("GET", "/who", &headers, "").await;
    assert_eq!((guarded.status, guarded.code().as_str()), (400, "invalid_request"));
    let body = json!({ "username": "ada", "password": PASSWORD }).to_string();
    let sign_in = world.send("POST", "/session", &headers, body).await;
    assert_eq!((sign_in.status, sign_in.code().as_str()), (400, "invalid_request"));
    assert!(sign_in.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn s2_c4_saying_the_password_again_gives_a_new_id_and_a_new_token() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let old = world.browser(&ada).await;
    world.clock.advance(25 * 60);
    let others =
        async |browser| world.ask("DELETE", "/sessions/nobodys", Some(browser), None).await;
    assert_eq!(others(&old).await.code(), "insufficient_user_authentication");
    let wrong = json!({ "password": "no password of hers" });
    let refused = world.ask("POST", "/session/reauth", Some(&old), Some(&wrong)).await;
    assert_eq!((refused.status, refused.code().as_str()), (401, "invalid_credentials"));
    assert_eq!(world.knows(&old).await, 200, "a wrong password costs nothing");

    let right = json!({ "password": PASSWORD });
    let renewed = world.ask("POST", "/session/reauth", Some(&old), Some(&right)).await.browser();
    assert_eq!((world.knows(&old).await, world.knows(&renewed).await), (401, 200));
    assert_ne!(old.csrf, renewed.csrf);
    assert_eq!(others(&renewed).await.code(), "not_found");
    let other = Browser { csrf: old.csrf, ..renewed };
    let forged = world.ask("DELETE", "/session", Some(&other), None).await;
    assert_eq!((forged.status, forged.code().as_str()), (403, "csrf"));
}

#[tokio::test]
async fn s2_a_session_that_ended_meanwhile_is_not_renewed() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let begun = world.sessions.begin(&ada, &axum::http::HeaderMap::new()).await.unwrap();
    let caller = super::rights::caller(&world, &begun).await;
    world.sessions.end_all(&ada.id).await.unwrap();
    let renewed = world.sessions.renew(&caller, &ada).await;
    assert_eq!(renewed.unwrap_err(), auth_runtime::session::SessionError::Ended);
    assert_eq!(world.sessions.list(&ada.id).await.unwrap(), []);
}

#[tokio::test]
async fn s3_bodies_are_json_of_the_form_and_not_too_long() {
    let world = World::new().await;
    world.register("ada").await;
    let ours = ("sec-fetch-site", "same-origin".to_owned());
    let json_type = ("content-type", "application/json".to_owned());
    let unknown = json!({ "username": "ada", "password": PASSWORD, "admin": true });
    let answer = world.ask("POST", "/session", None, Some(&unknown)).await;
    assert_eq!(answer.status, 422);
    let long = " ".repeat(64 * 1024 + 1);
    let answer = world.send("POST", "/session", &[ours.clone(), json_type], long).await;
    assert_eq!(answer.status, 413);
    let form = ("content-type", "application/x-www-form-urlencoded".to_owned());
    let answer = world.send("POST", "/session", &[ours, form], "username=ada&password=x").await;
    assert_eq!(answer.status, 415);
}

#[tokio::test]
async fn c5_a_sign_in_that_another_page_causes_is_refused() {
    let world = World::new().await;
    world.register("ada").await;
    let body = json!({ "username": "ada", "password": PASSWORD }).to_string();
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let headers = [(name, value.to_owned()), ("content-type", "application/json".to_owned())];
        let answer = world.send("POST", "/session", &headers, body.clone()).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "csrf"));
        assert!(answer.headers.get("set-cookie").is_none());
    }
}

#[tokio::test]
async fn c5_a_form_begins_no_session_wherever_it_comes_from() {
    let world = World::new().await;
    world.register("ada").await;
    let body = json!({ "username": "ada", "password": PASSWORD }).to_string();
    let json = ("content-type", "application/json".to_owned());
    let elsewhere = ("origin", "https://evil.example".to_owned());
    for media_type in ["application/x-www-form-urlencoded", "text/plain", ""] {
        let form = ("content-type", media_type.to_owned());
        for headers in [vec![form.clone()], vec![form, elsewhere.clone()]] {
            let answer = world.send("POST", "/session", &headers, body.clone()).await;
            assert_eq!((answer.status, answer.code().as_str()), (415, "unsupported_media_type"));
        }
    }
    let forged = world.send("POST", "/session", &[json.clone(), elsewhere], body.clone()).await;
    assert_eq!((forged.status, forged.code().as_str()), (403, "csrf"));
    assert!(forged.headers.get("set-cookie").is_none());
    assert_eq!(world.send("POST", "/session", &[json], body).await.status, 200);
}
