//! Z4, methods: whatever the method, a guarded handler runs only for a caller who was let in, and
//! a method without a handler reaches none.

use auth_runtime::{
    Router, authenticate,
    routing::{any, get, head, options, post, trace},
};
use axum::extract::State;

use super::fixture::{Door, Reached, ask, guarded, open, write};

#[authenticate(jwt, role = "admin")]
async fn admins(State(reached): State<Reached>) -> &'static str {
    reached.note("admins")
}

const METHODS: [&str; 12] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND",
    "get", "X",
];

#[tokio::test]
async fn z4_no_method_gets_past_the_guard_of_get() {
    let door = Door::of(Router::new().route("/x", get(guarded))).await;
    for method in METHODS {
        let answer = door.send(ask(method, "/x")).await;
        let expected = if matches!(method, "GET" | "HEAD") { 401 } else { 405 };
        assert_eq!(answer.status, expected, "{method}");
    }
    assert_eq!(door.reached.take(), [""; 0]);
}

#[tokio::test]
async fn z4_head_is_guarded_as_get_is() {
    let door = Door::of(Router::new().route("/x", get(guarded))).await;
    let answer = door.send(ask("HEAD", "/x").bearer(door.token(&["reader"]))).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(door.reached.take(), ["guarded"]);
    let answer = door.send(ask("HEAD", "/x").bearer(door.token(&[]))).await;
    assert_eq!((answer.status, answer.body.len()), (403, 0));
    assert_eq!(door.reached.take(), [""; 0]);
}

#[tokio::test]
async fn z4_a_405_says_what_is_allowed_and_reaches_nothing() {
    let door = Door::of(Router::new().route("/x", get(guarded).post(write))).await;
    for token in [None, Some(door.token(&["admin"]))] {
        let request = ask("OPTIONS", "/x");
        let request = token.iter().fold(request, |request, token| request.bearer(token));
        let answer = door.send(request).await;
        assert_eq!((answer.status, answer.code().as_str()), (405, "method_not_allowed"));
        let mut allowed: Vec<_> = answer.headers["allow"].to_str().unwrap().split(',').collect();
        allowed.sort_unstable();
        assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    }
    assert_eq!(door.reached.take(), [""; 0]);
}

#[tokio::test]
async fn z4_each_method_of_a_path_has_the_guard_of_its_own_handler() {
    let path = get(guarded).head(admins).options(open).trace(admins).any(admins);
    let door = Door::of(Router::new().route("/x", path)).await;
    for method in METHODS {
        let answer = door.send(ask(method, "/x")).await;
        let expected = if method == "OPTIONS" { 200 } else { 401 };
        assert_eq!(answer.status, expected, "{method}");
    }
    assert_eq!(door.reached.take(), ["open"]);
    let reader = door.token(&["reader"]);
    for method in METHODS {
        let answer = door.send(ask(method, "/x").bearer(&reader)).await;
        let expected = if matches!(method, "GET" | "OPTIONS") { 200 } else { 403 };
        assert_eq!(answer.status, expected, "{method}");
    }
    assert_eq!(door.reached.take(), ["guarded", "open"]);
}

#[tokio::test]
async fn z4_any_head_options_and_trace_are_guarded_alone() {
    let routes = Router::new()
        .route("/any", any(guarded))
        .route("/head", head(guarded))
        .route("/options", options(guarded))
        .route("/trace", trace(guarded));
    let door = Door::of(routes).await;
    let reader = door.token(&["reader"]);
    for (method, path) in
        [("PURGE", "/any"), ("HEAD", "/head"), ("OPTIONS", "/options"), ("TRACE", "/trace")]
    {
        assert_eq!(door.send(ask(method, path)).await.status, 401, "{method}");
        assert_eq!(door.reached.take(), [""; 0]);
        assert_eq!(door.send(ask(method, path).bearer(&reader)).await.status, 200, "{method}");
        assert_eq!(door.reached.take(), ["guarded"]);
    }
}

#[tokio::test]
async fn z4_c5_a_method_in_a_header_or_the_query_is_not_the_method() {
    let path = get(open).post(write).delete(admins);
    let door = Door::of(Router::new().route("/x", path)).await;
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let answer = door.send(ask("GET", "/x?_method=DELETE").header(name, "DELETE")).await;
        assert_eq!(answer.status, 200);
        let answer = door.send(ask("POST", "/x?_method=GET").header(name, "GET")).await;
        assert_eq!(answer.status, 401);
    }
    assert_eq!(door.reached.take(), ["open"; 3]);
}

#[tokio::test]
async fn z4_requests_without_a_path_reach_no_handler() {
    let routes = Router::new().route("/", get(guarded)).route("/{*rest}", post(write));
    let door = Door::of(routes).await;
    assert_eq!(door.send(ask("OPTIONS", "*")).await.status, 404);
    assert_eq!(door.send(ask("CONNECT", "example.com:443")).await.status, 404);
    let door = Door::of(Router::new().fallback(guarded)).await;
    assert_eq!(door.send(ask("OPTIONS", "*")).await.status, 401);
    assert_eq!(door.send(ask("CONNECT", "example.com:443")).await.status, 401);
    assert_eq!(door.reached.take(), [""; 0]);
}
