//! Z6: who is asking comes first. A body is read only for a caller who was let in, and what is
//! then wrong with it is a problem document too.

use auth_runtime::{Router, routing::post};
use axum::{body::Body, body::Bytes};
use futures_util::stream;

use super::fixture::{Answer, Ask, Door, ask, write};

/// A body, its media type, and what is wrong with it once somebody was let in.
fn bodies() -> [(&'static str, String, u16, &'static str); 6] {
    let too_large = format!("{}7", " ".repeat(2 * 1024 * 1024));
    [
        ("application/json", "sev".to_owned(), 400, "malformed_body"),
        ("application/json", String::new(), 400, "malformed_body"),
        ("application/json", "\"seven\"".to_owned(), 422, "unprocessable"),
        ("application/json", "256".to_owned(), 422, "unprocessable"),
        ("text/plain", "7".to_owned(), 415, "unsupported_media_type"),
        ("application/json", too_large, 413, "payload_too_large"),
    ]
}

async fn door() -> Door {
    Door::of(Router::new().route("/posts", post(write))).await
}

async fn sends(door: &Door, body: (&str, String), with: impl FnOnce(Ask) -> Ask) -> Answer {
    door.send(with(ask("POST", "/posts").body(body.0, body.1))).await
}

#[tokio::test]
async fn z6_a_bad_body_without_credentials_is_401() {
    let door = door().await;
    for (media_type, body, ..) in bodies() {
        let answer = sends(&door, (media_type, body), |ask| ask).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"));
    }
    assert_eq!(door.reached.take(), [""; 0]);
}

#[tokio::test]
async fn z6_a_bad_body_with_a_bad_credential_is_401() {
    let door = door().await;
    for (media_type, body, ..) in bodies() {
        let answer = sends(&door, (media_type, body), |ask| ask.bearer("a.b.c")).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_token"));
    }
    assert_eq!(door.reached.take(), [""; 0]);
}

#[tokio::test]
async fn z6_a_bad_body_without_the_scope_is_403() {
    let door = door().await;
    let reader = door.token(&["reader"]);
    for (media_type, body, ..) in bodies() {
        let answer = sends(&door, (media_type, body), |ask| ask.bearer(&reader)).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "insufficient_scope"));
    }
    assert_eq!(door.reached.take(), [""; 0]);
}

#[tokio::test]
async fn z6_e1_a_bad_body_of_somebody_let_in_is_a_problem() {
    let door = door().await;
    let author = door.token(&["author"]);
    for (media_type, body, status, code) in bodies() {
        let answer = sends(&door, (media_type, body), |ask| ask.bearer(&author)).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code));
    }
    let untyped = door.send(ask("POST", "/posts").bearer(&author)).await;
    assert_eq!(untyped.status, 415);
    assert_eq!(door.reached.take(), [""; 0]);
    let good = sends(&door, ("application/json", "7".to_owned()), |ask| ask.bearer(&author)).await;
    assert_eq!((good.status, good.text()), (201, "7"));
    assert_eq!(door.reached.take(), ["write"]);
}

/// A body that fails the test when anybody reads it.
#[tokio::test]
async fn z6_the_body_of_somebody_refused_is_never_polled() {
    let door = door().await;
    let unread = || {
        let never = stream::poll_fn(|_| -> std::task::Poll<Option<Result<Bytes, String>>> {
            panic!("the body was read")
        });
        ask("POST", "/posts").body("application/json", Body::from_stream(never))
    };
    assert_eq!(door.send(unread()).await.status, 401);
    assert_eq!(door.send(unread().bearer("x")).await.status, 401);
    assert_eq!(door.send(unread().bearer(door.token(&["reader"]))).await.status, 403);
}
