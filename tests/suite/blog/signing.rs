//! Registering, renewing and ending, over HTTP.

use serde_json::{Value, json};

use super::process::{Answer, Blog};

fn register(blog: &Blog, username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password });
    blog.write("POST", "/auth/register", None, &body)
}

fn sign_in(blog: &Blog, username: &str, password: &str) -> Value {
    let body = json!({ "username": username, "password": password });
    let answer = blog.write("POST", "/auth/login", None, &body);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn refresh(blog: &Blog, token: &Value) -> Answer {
    blog.write("POST", "/auth/refresh", None, &json!({ "refresh_token": token }))
}

fn access(tokens: &Value) -> Option<&str> {
    tokens["access_token"].as_str()
}

const PASSWORD: &str = "a long walk along the river";

#[test]
fn m10_who_registers_can_sign_in() {
    let blog = Blog::start(&[]);
    let answer = register(&blog, "ada", PASSWORD);
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.json()["username"], "ada");
    let tokens = sign_in(&blog, "ada", PASSWORD);
    assert_eq!(tokens["user"]["id"], answer.json()["id"]);
    assert_eq!(tokens["user"]["roles"], json!(["reader"]));
    assert_eq!(blog.get("/profile", access(&tokens)).json()["display_name"], "ada");
}

/// Who signs in has used nothing up; five failures are all that a minute holds, for the right
/// password too.
#[test]
fn m12_five_failures_a_minute_and_no_more() {
    let blog = Blog::start(&[]);
    register(&blog, "ada", PASSWORD);
    for _ in 0..8 {
        sign_in(&blog, "ada", PASSWORD);
    }
    let body = |password: &str| json!({ "username": "ada", "password": password });
    let attempt = |password: &str| blog.write("POST", "/auth/login", None, &body(password));
    let failures = (0..5).filter(|_| attempt("a walk along another river").status == 401).count();
    assert_eq!(failures, 5);
    for path in ["/auth/login", "/session"] {
        let answer = blog.write("POST", path, None, &body(PASSWORD));
        assert_eq!((answer.status, answer.code().as_str()), (429, "quota_exceeded"), "{path}");
        let wait: u64 = answer.headers("retry-after")[0].parse().expect("seconds");
        assert!((1..=12).contains(&wait), "{wait}");
        assert_eq!(answer.headers("ratelimit-policy"), ["\"login\";q=5;w=60"]);
    }
}

#[test]
fn m10_a_name_is_taken_once_and_a_weak_password_not_at_all() {
    let blog = Blog::start(&[]);
    assert_eq!(register(&blog, "ada", PASSWORD).status, 201);
    let taken = register(&blog, "ada", PASSWORD);
    assert_eq!((taken.status, taken.code().as_str()), (409, "name_taken"));
    let weak = register(&blog, "grace", "Gr4ce");
    assert_eq!(weak.status, 422);
    assert_eq!(weak.json()["reasons"], json!(["too_short", "contains_username"]));
    let of_the_mail = json!({
        "username": "grace", "password": "ghopper-1906-ghopper", "email": "ghopper@navy.example"
    });
    let weak = blog.write("POST", "/auth/register", None, &of_the_mail);
    assert_eq!(weak.json()["reasons"], json!(["contains_username"]));
    assert_eq!(register(&blog, "grace", "passwordpassword").json()["reasons"], json!(["common"]));
    for name in ["", " ada", "a\u{7}b", &"a".repeat(65)] {
        assert_eq!(register(&blog, name, PASSWORD).status, 422, "{name:?}");
    }
}

#[test]
fn r02_r03_m14_a_refresh_token_works_once() {
    let blog = Blog::seeded();
    let first = sign_in(&blog, "author", &blog.password("author"));
    let answer = refresh(&blog, &first["refresh_token"]);
    assert_eq!((answer.status, answer.headers("cache-control")), (200, vec!["no-store"]));
    let second = answer.json();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(second["token_type"], "Bearer");

    // Used by two in turn: the second use of the first token is no lost answer any more.
    let third = refresh(&blog, &second["refresh_token"]).json();
    let reused = refresh(&blog, &first["refresh_token"]);
    assert_eq!((reused.status, reused.code().as_str()), (401, "invalid_grant"));
    assert!(!reused.headers("www-authenticate").is_empty());
    assert_eq!(blog.get("/auth/me", access(&third)).status, 401, "what came with it has ended");
    assert!(blog.folder.log().contains("refresh.reuse"));
    assert!(blog.folder.log().contains("auth.suspicious"), "{}", blog.folder.log());
    let nonsense = refresh(&blog, &json!("rt_nonsense"));
    assert_eq!((nonsense.status, nonsense.code().as_str()), (401, "invalid_grant"));
    assert_eq!(nonsense.json()["detail"], reused.json()["detail"]);
}

#[test]
fn z10_logout_ends_the_access_token_and_its_family() {
    let blog = Blog::seeded();
    let tokens = sign_in(&blog, "reader", &blog.password("reader"));
    let other = sign_in(&blog, "reader", &blog.password("reader"));
    assert_eq!(blog.write("POST", "/auth/logout", access(&tokens), &json!({})).status, 204);
    assert_eq!(blog.get("/auth/me", access(&tokens)).status, 401);
    assert_eq!(refresh(&blog, &tokens["refresh_token"]).status, 401);
    assert_eq!(blog.get("/auth/me", access(&other)).status, 200);

    assert_eq!(blog.write("POST", "/auth/logout/all", access(&other), &json!({})).status, 204);
    assert_eq!(blog.get("/auth/me", access(&other)).status, 401);
    assert_eq!(refresh(&blog, &other["refresh_token"]).status, 401);
}

/// As curl sees it: what a browser would keep, and what it sends back.
#[test]
fn m03_a_browser_signs_in_renews_and_signs_out_by_cookies() {
    let blog = Blog::seeded();
    let body = json!({
        "username": "author", "password": blog.password("author"), "cookie": true
    });
    let answer = blog.write("POST", "/auth/login", None, &body);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.json().get("access_token").is_none() && !answer.body.contains("rt_"));
    let csrf = format!("X-CSRF-Token: {}", answer.json()["csrf_token"].as_str().expect("a token"));
    let kept = |answer: &Answer, index: usize| {
        let pair = answer.headers("set-cookie")[index].split(';').next().expect("a pair");
        format!("Cookie: {pair}")
    };
    let (access, refresh) = (kept(&answer, 0), kept(&answer, 1));
    assert!(access.starts_with("Cookie: __Host-access=ey"), "{access}");
    assert!(refresh.starts_with("Cookie: __Secure-refresh=rt_"), "{refresh}");

    let post = json!({ "title": "By cookie", "body": "" });
    let publish = |headers: &[String]| blog.post("/posts", headers, &post.to_string()).status;
    assert_eq!(publish(&[access.clone(), csrf.clone()]), 201);
    assert_eq!(publish(std::slice::from_ref(&access)), 403, "without the token");
    let evil = "Origin: https://evil.example".to_owned();
    assert_eq!(publish(&[access, csrf.clone(), evil]), 403);

    let renewed = blog.send("POST", "/auth/refresh", &[refresh, csrf.clone()], None);
    assert_eq!((renewed.status, renewed.headers("set-cookie").len()), (200, 2), "{renewed:?}");
    let access = kept(&renewed, 0);
    let out = blog.send("POST", "/auth/logout", &[access.clone(), csrf], None);
    assert_eq!(out.status, 204);
    assert!(out.headers("set-cookie").iter().all(|cookie| cookie.contains("=; ")));
    assert_eq!(blog.send("GET", "/auth/me", &[access], None).status, 401);
}

#[test]
fn p9_a_password_is_changed_by_who_knows_it() {
    let blog = Blog::start(&[]);
    register(&blog, "ada", PASSWORD);
    let (here, elsewhere) = (sign_in(&blog, "ada", PASSWORD), sign_in(&blog, "ada", PASSWORD));
    let change = |current: &str, new: &str| {
        let body = json!({ "current": current, "new": new });
        blog.write("POST", "/auth/password", access(&here), &body).status
    };
    let new = "another walk, up the hill";
    assert_eq!(change("not the password at all", new), 401);
    assert_eq!(change(PASSWORD, "short"), 422);
    assert_eq!(change(PASSWORD, new), 204);
    assert_eq!(blog.get("/auth/me", access(&here)).status, 200);
    assert_eq!(blog.get("/auth/me", access(&elsewhere)).status, 401);
    let old = json!({ "username": "ada", "password": PASSWORD });
    assert_eq!(blog.write("POST", "/auth/login", None, &old).status, 401);
    sign_in(&blog, "ada", new);
}

/// The token of the last message to somebody, once there is one.
fn sent_token(blog: &Blog, username: &str) -> Option<String> {
    let messages = std::fs::read_to_string(blog.folder.0.join("outbox.jsonl")).ok()?;
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut theirs = messages.filter(|message| message["username"] == username);
    theirs.next_back()?["token"].as_str().map(str::to_owned)
}

fn wait_for_token(blog: &Blog, username: &str) -> String {
    for _ in 0..100 {
        if let Some(token) = sent_token(blog, username) {
            return token;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("no message was sent");
}

#[test]
fn p9_a_reset_works_once_and_does_not_tell_who_is_there() {
    let blog = Blog::start(&[]);
    register(&blog, "ada", PASSWORD);
    let before = sign_in(&blog, "ada", PASSWORD);
    let ask =
        |name: &str| blog.write("POST", "/auth/password/reset", None, &json!({ "username": name }));
    let (nobody, ada) = (ask("nobody"), ask("ada"));
    assert_eq!((nobody.status, nobody.body), (ada.status, ada.body));
    let token = wait_for_token(&blog, "ada");
    assert!(sent_token(&blog, "nobody").is_none());
    assert!(!blog.folder.log().contains(&token));

    let confirm = |token: &str, new: &str| {
        let body = json!({ "token": token, "new": new });
        blog.write("POST", "/auth/password/reset/confirm", None, &body)
    };
    let new = "found again, in a drawer";
    assert_eq!(confirm(&token, "short").status, 422);
    assert_eq!(confirm(&format!("{token}x"), new).code(), "invalid_reset_token");
    assert_eq!(confirm(&token, new).status, 204);
    assert_eq!(confirm(&token, new).status, 400);
    assert_eq!(blog.get("/auth/me", access(&before)).status, 401);
    sign_in(&blog, "ada", new);
}
