//! C3, C5: requests that a page of somebody else's made a browser send.

use serde_json::{Value, json};

use super::{
    browser::{Browser, origin},
    world::{World, credentials},
};

const SAME: (&str, &str) = ("sec-fetch-site", "same-origin");

#[tokio::test]
async fn m03_c4_a_cookie_renews_only_with_the_token_of_its_family() {
    let world = World::new().await;
    let mut browser = Browser::of(&world, "ada").await;
    let (csrf, other) = (browser.csrf.clone(), Browser::of(&world, "ada").await.csrf);
    assert_ne!(csrf, other);
    let own = origin();
    let csrf = ("x-csrf-token", csrf.as_str());
    for (headers, cause) in [
        (vec![SAME], "csrf-no-token"),
        (vec![SAME, ("x-csrf-token", "")], "csrf-token"),
        (vec![SAME, ("x-csrf-token", other.as_str())], "csrf-token"),
        (vec![("sec-fetch-site", "cross-site"), csrf], "csrf-cross-site"),
        (vec![("sec-fetch-site", "same-site"), csrf], "csrf-same-site"),
        (vec![("origin", "https://evil.example"), csrf], "csrf-origin"),
        (vec![("origin", "null"), csrf], "csrf-origin"),
    ] {
        let answer = browser.post_from(&world, "/auth/refresh", None, &headers).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "csrf"), "{headers:?}");
        assert_eq!(answer.cookies(), [""; 0], "nobody else ends the sign-in: {headers:?}");
        assert_eq!(world.causes.last(), cause);
    }
    for headers in [vec![("origin", own.as_str()), csrf], vec![csrf]] {
        let answer = browser.post_from(&world, "/auth/refresh", None, &headers).await;
        assert_eq!(answer.status, 200, "{headers:?}");
    }
}

#[tokio::test]
async fn c3_what_counts_is_the_credential_that_was_used() {
    let world = World::new().await;
    let tokens = world.sign_in("ada").await;
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let cross = ("sec-fetch-site", "cross-site");
    let by_header = [("authorization", bearer.as_str()), cross];
    assert_eq!(world.ask("POST", "/posts", &by_header, None).await.status, 200);

    let mut browser = Browser::of(&world, "ada").await;
    for path in ["/posts", "/auth/logout", "/auth/logout/all", "/auth/password"] {
        let answer = browser.post_from(&world, path, Some(&json!({})), &[cross]).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "csrf"), "{path}");
        assert_eq!(answer.cookies(), [""; 0]);
    }
    let both = [("authorization", bearer.as_str()), cross];
    assert_eq!(browser.post_from(&world, "/posts", None, &both).await.status, 400);
    assert_eq!(browser.get(&world, "/auth/me").await.status, 200);
}

#[tokio::test]
async fn c5_nobody_is_signed_in_by_a_foreign_page() {
    let world = World::new().await;
    let reset = json!({ "username": "ada" });
    let confirm = json!({ "token": "pr_a.b", "new": "a long walk along the river" });
    let mut cookie = credentials("ada");
    cookie["cookie"] = json!(true);
    for (path, body) in [
        ("/auth/login", &credentials("ada")),
        ("/auth/login", &cookie),
        ("/auth/password/reset", &reset),
        ("/auth/password/reset/confirm", &confirm),
    ] {
        for from in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
            let headers = [("content-type", "application/json"), from];
            let answer = world.ask("POST", path, &headers, Some(&body.to_string())).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "csrf"), "{path} {from:?}");
            assert_eq!(answer.cookies(), [""; 0]);
        }
        assert_eq!(forms(&world, path, body).await, [415; 3], "{path}");
    }
}

/// The answers to the same as the three kinds of body that a form can send.
async fn forms(world: &World, path: &str, body: &Value) -> [u16; 3] {
    let mut statuses = [0; 3];
    let types = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];
    for (status, media_type) in statuses.iter_mut().zip(types) {
        let headers = [("content-type", media_type), ("sec-fetch-site", "cross-site")];
        *status = world.ask("POST", path, &headers, Some(&body.to_string())).await.status;
    }
    statuses
}
