//! M03: tokens that travel in cookies.

use serde_json::{Value, json};

use super::{
    browser::Browser,
    world::{World, credentials},
};

const ACCESS: &str = "__Host-access";
const REFRESH: &str = "__Secure-refresh";

fn names(body: &Value) -> Vec<&str> {
    let mut names: Vec<_> = body.as_object().expect("members").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn m03_a_sign_in_by_cookie_leaves_no_token_where_a_script_reads_it() {
    let world = World::new().await;
    let mut browser = Browser::default();
    let answer = browser.sign_in(&world, "ada").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["cache-control"], "no-store");

    let (access, refresh) = (browser.cookie(ACCESS).unwrap(), browser.cookie(REFRESH).unwrap());
    assert_eq!(
        answer.cookies(),
        [
            format!("{ACCESS}={access}; Path=/; Max-Age=900; Secure; HttpOnly; SameSite=Lax"),
            format!(
                "{REFRESH}={refresh}; Path=/auth/refresh; Max-Age=604800; Secure; HttpOnly; SameSite=Strict"
            ),
        ]
    );
    assert!(answer.headers.get_all("set-cookie").iter().all(|cookie| cookie.is_sensitive()));

    let body = answer.json();
    assert_eq!(names(&body), ["csrf_token", "expires_in", "scope", "user"]);
    assert_eq!(
        (&body["expires_in"], &body["scope"]),
        (&json!(900), &json!("read:posts write:posts"))
    );
    assert_eq!(body["user"]["username"], "ada");
    for token in [access, refresh] {
        assert!(token.len() > 40 && !answer.body.contains(token));
    }
}

#[tokio::test]
async fn m03_the_cookie_is_as_good_as_the_header_and_the_body_has_no_cookie() {
    let world = World::new().await;
    let mut browser = Browser::of(&world, "ada").await;
    let me = browser.get(&world, "/auth/me").await;
    assert_eq!((me.status, me.json()["scheme"].as_str()), (200, Some("jwt")));
    assert_eq!(browser.post(&world, "/posts", None).await.status, 200);
    assert!(!browser.cookies_for("/posts").contains(REFRESH), "it is not sent there");

    let answer = world.post("/auth/login", &credentials("ada")).await;
    assert_eq!(answer.cookies(), [""; 0]);
    let all = ["access_token", "expires_in", "refresh_token", "scope", "token_type", "user"];
    assert_eq!(names(&answer.json()), all);
    let renewed = world.refresh(&answer.json()["refresh_token"]).await;
    assert_eq!((renewed.status, names(&renewed.json())), (200, all.to_vec()));
    assert_eq!(renewed.cookies(), [""; 0]);
}

#[tokio::test]
async fn m03_a_policy_without_cookies_gives_none() {
    let world = World::without_cookies().await;
    let mut body = credentials("ada");
    body["cookie"] = json!(true);
    let answer = world.post("/auth/login", &body).await;
    assert_eq!((answer.status, answer.code().as_str()), (422, "unprocessable"));
    assert!(answer.json()["detail"].as_str().unwrap().contains("schemes.jwt.cookies"));
    body["cookie"] = json!(false);
    assert_eq!(world.post("/auth/login", &body).await.status, 200);

    let nothing = world.post("/auth/refresh", &json!({})).await;
    assert_eq!((nothing.status, nothing.code().as_str()), (422, "unprocessable"));
    // A cookie of that name means nothing there.
    let tokens = world.sign_in("ada").await;
    let cookie = format!("{REFRESH}={}", tokens["refresh_token"].as_str().unwrap());
    let refused = world.ask("POST", "/auth/refresh", &[("cookie", &cookie)], None).await;
    assert_eq!(refused.status, 422);
}

#[tokio::test]
async fn m03_m11_cookies_are_renewed_by_cookies_and_used_once() {
    let world = World::new().await;
    let mut browser = Browser::of(&world, "ada").await;
    let first = browser.clone();
    world.clock.advance(60);

    let answer = browser.post(&world, "/auth/refresh", None).await;
    assert_eq!(
        (answer.status, answer.headers["cache-control"].as_bytes()),
        (200, &b"no-store"[..])
    );
    assert_eq!(names(&answer.json()), ["csrf_token", "expires_in", "scope", "user"]);
    for name in [ACCESS, REFRESH] {
        assert_ne!(first.cookie(name), browser.cookie(name));
        assert!(!answer.body.contains(browser.cookie(name).unwrap()));
    }
    let refresh = answer.cookies()[1].to_owned();
    assert!(refresh.contains("; Max-Age=604740; "), "the family lives no longer: {refresh}");
    assert_eq!(first.csrf, browser.csrf, "a page keeps its token");

    // Bodies say the same: none, and `{}`.
    assert_eq!(browser.post(&world, "/auth/refresh", Some(&json!({}))).await.status, 200);
    assert_eq!(browser.get(&world, "/auth/me").await.status, 200);

    // The first token once more: somebody has copied it.
    let mut copied = first;
    let reused = copied.post(&world, "/auth/refresh", None).await;
    assert_eq!((reused.status, reused.code().as_str()), (401, "invalid_grant"));
    assert!(reused.headers.contains_key("www-authenticate"));
    assert_eq!((copied.cookie(ACCESS), copied.cookie(REFRESH)), (None, None), "{reused:?}");
    assert_eq!(browser.get(&world, "/auth/me").await.status, 401, "the family has ended");
    assert_eq!(browser.post(&world, "/auth/refresh", None).await.status, 401);
    assert_eq!(browser.cookie(REFRESH), None);
}

#[tokio::test]
async fn m03_two_tabs_that_renew_at_once_both_go_on() {
    let world = World::new().await;
    let mut one = Browser::of(&world, "ada").await;
    let mut other = one.clone();
    assert_eq!(one.post(&world, "/auth/refresh", None).await.status, 200);
    assert_eq!(other.post(&world, "/auth/refresh", None).await.status, 200);
    assert_eq!(one.cookie(REFRESH), other.cookie(REFRESH));
    assert_eq!(other.get(&world, "/auth/me").await.status, 200);
}

#[tokio::test]
async fn m03_nothing_to_renew_with_is_no_grant() {
    let world = World::new().await;
    let nothing = Browser::default().post(&world, "/auth/refresh", None).await;
    assert_eq!((nothing.status, nothing.code().as_str()), (401, "invalid_grant"));
    let cookie = format!("{REFRESH}=rt_invented.a.b.c");
    let invented = world.ask("POST", "/auth/refresh", &[("cookie", &cookie)], None).await;
    assert_eq!((invented.status, invented.code().as_str()), (401, "invalid_grant"));
    assert_eq!(invented.json()["detail"], nothing.json()["detail"]);
    assert_eq!(invented.cookies().len(), 2);
}

#[tokio::test]
async fn m03_which_of_two_tokens_counts_is_not_guessed() {
    let world = World::new().await;
    let mut browser = Browser::of(&world, "ada").await;
    let tokens = world.sign_in("ada").await;
    let both = json!({ "refresh_token": tokens["refresh_token"] });
    let answer = browser.post(&world, "/auth/refresh", Some(&both)).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_request"));

    for (name, method, path) in [(REFRESH, "POST", "/auth/refresh"), (ACCESS, "GET", "/auth/me")] {
        let cookie = format!("{name}={}", browser.cookie(name).unwrap());
        let csrf = ("x-csrf-token", browser.csrf.as_str());
        let twice = [("cookie", cookie.as_str()), ("cookie", cookie.as_str()), csrf];
        let answer = world.ask(method, path, &twice, None).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_request"), "{name}");
    }
    // None of that has used a token up.
    assert_eq!(browser.post(&world, "/auth/refresh", None).await.status, 200);
    assert_eq!(world.refresh(&tokens["refresh_token"]).await.status, 200);
}
