//! S7, P9: what ends when a password is another.

use serde_json::{Value, json};

use super::{
    browser::Browser,
    world::{PASSWORD, World},
};

const NEW: &str = "another walk, up the hill";

fn change(current: &str, new: &str) -> Value {
    json!({ "current": current, "new": new })
}

#[tokio::test]
async fn s7_a_change_ends_every_other_sign_in_and_keeps_ones_own() {
    let world = World::new().await;
    let (here, there) = (world.sign_in("ada").await, world.sign_in("ada").await);
    let mut browser = Browser::of(&world, "ada").await;
    let session = Browser::with_session(&world, "ada").await;
    let bob = world.sign_in("bob").await;
    let answer =
        world.post_as(&here["access_token"], "/auth/password", &change(PASSWORD, NEW)).await;
    assert_eq!(
        (answer.status, answer.headers["cache-control"].as_bytes()),
        (204, &b"no-store"[..])
    );

    assert_eq!(world.me(&here["access_token"]).await, 200);
    assert_eq!(world.refresh(&here["refresh_token"]).await.status, 200);
    assert_eq!(world.me(&there["access_token"]).await, 401);
    assert_eq!(world.refresh(&there["refresh_token"]).await.status, 401);
    assert_eq!(browser.get(&world, "/auth/me").await.status, 401);
    assert_eq!(browser.post(&world, "/auth/refresh", None).await.status, 401);
    assert_eq!(session.get(&world, "/session").await.status, 401);
    assert_eq!(world.me(&bob["access_token"]).await, 200);

    let login = async |password: &str| {
        let body = json!({ "username": "ada", "password": password });
        world.post("/auth/login", &body).await.status
    };
    assert_eq!((login(PASSWORD).await, login(NEW).await), (401, 200));
}

#[tokio::test]
async fn m03_s7_a_change_by_cookie_keeps_the_browser_signed_in() {
    let world = World::new().await;
    let mut browser = Browser::of(&world, "ada").await;
    let there = world.sign_in("ada").await;
    let answer = browser.post(&world, "/auth/password", Some(&change(PASSWORD, NEW))).await;
    assert_eq!(answer.status, 204);
    assert_eq!(browser.post(&world, "/auth/refresh", None).await.status, 200);
    assert_eq!(browser.get(&world, "/auth/me").await.status, 200);
    assert_eq!(world.me(&there["access_token"]).await, 401);
}

#[tokio::test]
async fn s7_a_password_is_changed_by_who_knows_it_to_one_that_is_good() {
    let world = World::new().await;
    let here = world.sign_in("ada").await;
    let token = &here["access_token"];
    let ask = async |current: &str, new: &str| {
        world.post_as(token, "/auth/password", &change(current, new)).await
    };
    let wrong = ask("not the password at all", NEW).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (401, "invalid_credentials"));
    let weak = ask(PASSWORD, "ada-1906-ada").await;
    assert_eq!(weak.status, 422);
    assert_eq!(weak.json()["reasons"], json!(["too_short"]));
    assert_eq!(ask(PASSWORD, &"x".repeat(5000)).await.status, 422);
    assert_eq!(ask(PASSWORD, NEW).await.status, 204, "nothing of that has changed it");
}

#[tokio::test]
async fn p9_s7_a_reset_ends_every_sign_in() {
    let world = World::new().await;
    let tokens = world.sign_in("ada").await;
    let mut browser = Browser::of(&world, "ada").await;
    let session = Browser::with_session(&world, "ada").await;
    let ask = async |name: &str| {
        let answer = world.post("/auth/password/reset", &json!({ "username": name })).await;
        (answer.status, answer.body)
    };
    assert_eq!(ask("ada").await, (202, String::new()));
    let token = world.sent.wait().await;
    assert_eq!(ask("nobody").await, (202, String::new()));

    let confirm = async |token: &str, new: &str| {
        let body = json!({ "token": token, "new": new });
        world.post("/auth/password/reset/confirm", &body).await
    };
    assert_eq!(confirm(&token, "short").await.status, 422, "a weak one does not cost the token");
    let answer = confirm(&token, NEW).await;
    assert_eq!(
        (answer.status, answer.headers["cache-control"].as_bytes()),
        (204, &b"no-store"[..])
    );
    let again = confirm(&token, NEW).await;
    assert_eq!((again.status, again.code().as_str()), (400, "invalid_reset_token"));

    assert_eq!(world.me(&tokens["access_token"]).await, 401);
    assert_eq!(world.refresh(&tokens["refresh_token"]).await.status, 401);
    assert_eq!(browser.get(&world, "/auth/me").await.status, 401);
    assert_eq!(browser.post(&world, "/auth/refresh", None).await.status, 401);
    assert_eq!(session.get(&world, "/session").await.status, 401);
}
