//! H1, H2: what every answer says to browsers. `Door::send` holds each answer of each suite to it as
//! well.

use auth_runtime::{Router, policy, routing::get};
use axum::http::HeaderMap;

use super::{
    super::fixture::{self, Answer, Door, ask},
    bare, door, forge, full,
};

const FULL: [(&str, &str); 7] = [
    ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
    ("x-content-type-options", "nosniff"),
    ("x-xss-protection", "0"),
    ("referrer-policy", "strict-origin"),
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; frame-ancestors https://app.example",
    ),
    ("permissions-policy", "camera=(), geolocation=(self)"),
    ("cross-origin-resource-policy", "same-site"),
];

const DEFAULT: [(&str, &str); 7] = [
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("x-xss-protection", "0"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    (
        "content-security-policy",
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("cross-origin-resource-policy", "same-origin"),
];

fn assert_says(headers: &HeaderMap, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        let said: Vec<_> = headers.get_all(*name).iter().collect();
        assert_eq!(said, [value], "{name}");
    }
}

/// An answer of every kind.
async fn answers(door: &Door) -> Vec<(u16, Answer)> {
    let token = door.token(&["reader"]);
    let mut answers = Vec::new();
    for (status, request) in [
        (200, ask("GET", "/open")),
        (200, ask("HEAD", "/open")),
        (200, ask("GET", "/guarded").bearer(&token)),
        (401, ask("GET", "/guarded")),
        (401, ask("GET", "/guarded").bearer("bad")),
        (400, ask("GET", "/guarded").bearer(&token).bearer(&token)),
        (403, ask("GET", "/guarded").bearer(door.token(&[]))),
        (404, ask("GET", "/nowhere")),
        (405, ask("POST", "/open")),
        (413, ask("POST", "/takes").body("application/json", " ".repeat(3 << 20))),
        (415, ask("POST", "/takes").body("text/plain", "7")),
        (500, ask("GET", "/breaks")),
    ] {
        let answer = door.send(request).await;
        assert_eq!(answer.status, status);
        answers.push((status, answer));
    }
    answers
}

#[tokio::test]
async fn h1_every_answer_has_the_headers_of_the_policy() {
    for (status, answer) in answers(&door(full()).await).await {
        assert_says(&answer.headers, &FULL);
        assert!(!answer.headers.contains_key("x-frame-options"), "{status}: it names nobody");
    }
}

#[tokio::test]
async fn h1_without_the_section_they_are_strict() {
    for (status, answer) in answers(&door(bare()).await).await {
        assert_says(&answer.headers, &DEFAULT);
        assert!(!answer.headers.contains_key("permissions-policy"), "{status}");
    }
}

#[tokio::test]
async fn h1_a_page_that_says_what_it_loads_is_not_overruled() {
    let answer = door(full()).await.send(ask("GET", "/page")).await;
    let said: Vec<_> = answer.headers.get_all("content-security-policy").iter().collect();
    assert_eq!(said, ["script-src 'self'; frame-ancestors 'none'"]);
    assert_says(&answer.headers, &[("referrer-policy", "strict-origin")]);
}

#[tokio::test]
async fn h1_a_router_that_was_given_up_sends_them_still() {
    let app = door(full()).await.app.into_axum("a test");
    assert_says(&fixture::send(app, ask("GET", "/nowhere")).await.headers, &FULL);
}

/// A handler that panics is a fault of the application: it costs one answer, and no other.
#[tokio::test]
async fn h1_e3_a_handler_that_panics_is_a_500_without_a_word_of_why() {
    let door = door(full()).await;
    for _ in 0..2 {
        let answer = door.send(ask("GET", "/breaks")).await;
        assert_eq!((answer.status, answer.code().as_str()), (500, "internal"));
        assert_eq!(door.send(ask("GET", "/open")).await.status, 200);
    }
}

#[tokio::test]
async fn h2_what_a_credential_opened_is_not_stored_and_what_is_for_all_may_be() {
    let door = door(full()).await;
    let token = door.token(&["reader"]);
    let answer = door.send(ask("GET", "/guarded").bearer(token)).await;
    assert_says(&answer.headers, &[("cache-control", "no-store")]);
    assert!(!door.send(ask("GET", "/open")).await.headers.contains_key("cache-control"));
}

#[tokio::test]
async fn h1_a_policy_that_says_nothing_has_them_too_and_no_cors() {
    let routes = Router::new().route("/guarded", get(fixture::guarded));
    let keys = [("jwt", forge::own_keys()), ("partner", forge::p256_keys())];
    let door = Door::under(policy!("../policies/test.yaml"), keys, routes).await;
    for request in [ask("GET", "/guarded"), ask("OPTIONS", "/guarded")] {
        let request = request
            .header("origin", "https://app.example")
            .header("access-control-request-method", "GET");
        let answer = door.send(request).await;
        assert!(answer.status >= 400, "a preflight is a method like others");
        assert_says(&answer.headers, &DEFAULT);
        let cors = |name: &str| name.starts_with("access-control-") || name == "vary";
        assert!(answer.headers.keys().all(|name| !cors(name.as_str())), "{:?}", answer.headers);
    }
}
