//! RL6: what is counted before anything is verified or read, and what after.

use super::{door, header, owner, stranger};
use crate::http::fixture::ask;

#[tokio::test]
async fn rl6_addresses_are_counted_before_a_credential_is_looked_at() {
    let door = door().await;
    for _ in 0..3 {
        let answer = door.send(ask("POST", "/write").bearer("a.b.c").from("192.0.2.1")).await;
        assert_eq!(answer.status, 401);
    }
    door.audit.take();
    let answer = door.send(ask("POST", "/write").bearer("a.b.c").from("192.0.2.1")).await;
    assert_eq!(answer.status, 429);
    let event = door.audit.only();
    assert_eq!((event.cause.as_deref(), event.subject), (Some("rate-limited"), None));
}

#[tokio::test]
async fn rl6_a_body_is_not_read_for_who_is_over_the_limit() {
    let door = door().await;
    for _ in 0..3 {
        stranger(&door, "/address", "192.0.2.1").await;
    }
    let unread = axum::body::Body::from_stream(futures_util::stream::poll_fn(
        |_| -> std::task::Poll<Option<Result<Vec<u8>, std::io::Error>>> {
            panic!("the body was read")
        },
    ));
    let ask = ask("POST", "/write").from("192.0.2.1").body("text/plain", unread);
    assert_eq!(door.send(ask).await.status, 429);
}

#[tokio::test]
async fn m12_a_bad_credential_takes_nothing_from_the_account() {
    let door = door().await;
    for _ in 0..9 {
        assert_eq!(owner(&door, "/account", "a.b.c").await.status, 401);
    }
    let token = door.token(&["reader"]);
    assert_eq!(
        header(&owner(&door, "/account", &token).await, "ratelimit"),
        Some("\"by_account\";r=2;t=20")
    );
}

#[tokio::test]
async fn m12_what_the_first_step_took_stays_taken() {
    let door = door().await;
    let token = door.token(&["reader"]);
    for number in 0..3 {
        let ask = ask("GET", "/both").bearer(&token).from(&format!("192.0.2.{number}"));
        assert_eq!(door.send(ask).await.status, 200);
    }
    for _ in 0..3 {
        let ask = ask("GET", "/both").bearer(&token).from("192.0.2.9");
        assert_eq!(door.send(ask).await.status, 429, "the account is over its limit");
    }
    door.audit.take();
    let ask = ask("GET", "/both").bearer("a.b.c").from("192.0.2.9");
    assert_eq!(door.send(ask).await.status, 429, "and by now the address is");
    assert_eq!(door.audit.only().subject, None);
}
