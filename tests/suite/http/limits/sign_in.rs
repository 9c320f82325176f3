//! P8, RL6: attempts to sign in.

use auth_runtime::{
    Denial,
    extract::Json,
    limit::{Client, SignInLimit},
    public,
};
use axum::{Extension, extract::State};

use super::{Reached, door, header};
use crate::http::fixture::{Answer, Door, ask};

/// Whether the password was looked at is what is counted here.
#[public(policy = "policies/limits.yaml", reason = "signs in")]
pub(super) async fn login(
    client: Client,
    Extension(limit): Extension<SignInLimit>,
    State(reached): State<Reached>,
    Json((name, password)): Json<(String, String)>,
) -> Result<&'static str, Denial> {
    let permit = limit.before(&name, &client).await?;
    reached.note("hashed");
    if password == "right" {
        permit.succeeded().await;
        return Ok("in");
    }
    Ok("out")
}

async fn attempt(door: &Door, name: &str, password: &str, from: &str) -> Answer {
    let limit = SignInLimit::named(&door.auth, "login").unwrap();
    let mut extensions = axum::http::Extensions::new();
    extensions.insert(limit);
    let body = serde_json::json!([name, password]).to_string();
    let ask = ask("POST", "/login").extensions(extensions);
    door.send(ask.from(from).body("application/json", body)).await
}

#[tokio::test]
async fn p8_failures_are_counted_per_account_from_wherever_they_come() {
    let door = door().await;
    for number in 0..5 {
        let from = format!("192.0.2.{number}");
        assert_eq!(attempt(&door, "alice", "wrong", &from).await.text(), "out");
    }
    assert_eq!(door.reached.take().len(), 5);
    for name in ["alice", "ALICE", " alice", "ａｌｉｃｅ"] {
        let answer = attempt(&door, name, "right", "198.51.100.1").await;
        assert_eq!((answer.status, header(&answer, "retry-after")), (429, Some("12")));
        assert_eq!(answer.json()["violated-policies"], serde_json::json!(["login"]));
    }
    assert_eq!(door.reached.take(), [""; 0], "nothing was hashed");
    assert_eq!(attempt(&door, "bob", "right", "198.51.100.1").await.status, 200);
}

#[tokio::test]
async fn p8_one_address_cannot_try_many_accounts() {
    let door = door().await;
    for number in 0..5 {
        let name = format!("user-{number}");
        assert_eq!(attempt(&door, &name, "wrong", "192.0.2.1").await.status, 200);
    }
    assert_eq!(attempt(&door, "user-6", "wrong", "192.0.2.1").await.status, 429);
    assert_eq!(attempt(&door, "user-6", "wrong", "192.0.2.2").await.status, 200);
}

#[tokio::test]
async fn p8_the_owner_is_not_shut_out_for_good() {
    let door = door().await;
    for number in 0..100 {
        attempt(&door, "alice", "wrong", &format!("192.0.2.{number}")).await;
    }
    assert_eq!(attempt(&door, "alice", "right", "198.51.100.1").await.status, 429);
    door.clock.advance(12);
    assert_eq!(attempt(&door, "alice", "right", "198.51.100.1").await.text(), "in");
}

#[tokio::test]
async fn p8_fewer_than_a_hundred_guesses_an_account_pass_in_a_quarter_of_an_hour() {
    let door = door().await;
    for second in 0..900 {
        attempt(&door, "alice", "wrong", &format!("192.0.2.{}", second % 250)).await;
        door.clock.advance(1);
    }
    assert!(door.reached.take().len() <= 5 + 75);
}

#[tokio::test]
async fn rl6_who_signs_in_has_used_nothing_up() {
    let door = door().await;
    for _ in 0..20 {
        let answer = attempt(&door, "alice", "right", "192.0.2.1").await;
        assert_eq!(
            (answer.text(), header(&answer, "ratelimit")),
            ("in", Some("\"login\";r=5;t=0"))
        );
    }
    let failed = attempt(&door, "alice", "wrong", "192.0.2.1").await;
    assert_eq!(header(&failed, "ratelimit"), Some("\"login\";r=4;t=12"));
    let right = attempt(&door, "alice", "right", "192.0.2.1").await;
    assert_eq!(header(&right, "ratelimit"), Some("\"login\";r=4;t=12"));
}

#[tokio::test]
async fn rl6_a_refused_attempt_takes_nothing() {
    let door = door().await;
    for number in 0..5 {
        attempt(&door, "alice", "wrong", &format!("192.0.2.{number}")).await;
    }
    for _ in 0..20 {
        assert_eq!(attempt(&door, "alice", "wrong", "198.51.100.1").await.status, 429);
    }
    let other = attempt(&door, "bob", "wrong", "198.51.100.1").await;
    assert_eq!(header(&other, "ratelimit"), Some("\"login\";r=4;t=12"));
}

#[tokio::test]
async fn m12_an_attempt_over_the_limit_is_an_event_without_what_was_typed() {
    let door = door().await;
    for _ in 0..5 {
        attempt(&door, "alice", "wrong", "192.0.2.1").await;
    }
    door.audit.take();
    attempt(&door, "alice", "wrong", "192.0.2.1").await;
    let event = door.audit.only();
    assert_eq!((event.kind.as_str(), event.cause.as_deref()), ("login", Some("rate-limited")));
    assert_eq!(event.subject, None);
}
