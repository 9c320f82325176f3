//! RL1, RL2, H2: what clients are told.

use super::{door, header, owner, stranger};
use crate::http::fixture::ask;

/// The items of a list of strings with integer parameters (RFC 9651), parsed strictly.
fn items(field: &str) -> Vec<(String, Vec<(String, u64)>)> {
    let item = |text: &str| {
        let mut pieces = text.split(';');
        let name = pieces.next().unwrap();
        let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap();
        assert!(name.bytes().all(|byte| (0x20..0x7f).contains(&byte) && !b"\"\\".contains(&byte)));
        let parameters = pieces.map(|pair| {
            let (key, value) = pair.split_once('=').unwrap();
            assert!(key.bytes().all(|byte| byte.is_ascii_lowercase()));
            assert!(value == "0" || !value.starts_with('0'));
            (key.to_owned(), value.parse().unwrap())
        });
        (name.to_owned(), parameters.collect())
    };
    field.split(", ").map(item).collect()
}

fn item(name: &str, parameters: [(&str, u64); 2]) -> (String, Vec<(String, u64)>) {
    (name.to_owned(), parameters.map(|(key, value)| (key.to_owned(), value)).to_vec())
}

#[tokio::test]
async fn rl1_over_quota_is_429_with_retry_after_and_the_names_of_the_limits() {
    let door = door().await;
    for _ in 0..3 {
        assert_eq!(stranger(&door, "/address", "192.0.2.1").await.status, 200);
    }
    assert_eq!(door.reached.take().len(), 3);
    door.audit.take();
    let answer = stranger(&door, "/address", "192.0.2.1").await;
    assert_eq!((answer.status, answer.code().as_str()), (429, "quota_exceeded"));
    assert_eq!(header(&answer, "retry-after"), Some("20"));
    assert_eq!(answer.json()["violated-policies"], serde_json::json!(["by_address"]));
    assert_eq!(answer.json()["retry_after"], 20);
    assert_eq!(door.reached.take(), [""; 0]);
    assert_eq!(door.audit.cause(), "rate-limited");
}

#[tokio::test]
async fn rl1_who_waits_as_long_as_told_is_served() {
    let door = door().await;
    for _ in 0..3 {
        stranger(&door, "/address", "192.0.2.1").await;
    }
    door.clock.advance_milliseconds(5_400);
    let told = stranger(&door, "/address", "192.0.2.1").await;
    assert_eq!(header(&told, "retry-after"), Some("15"), "14.6 s, rounded up");
    door.clock.advance_milliseconds(14_599);
    let early = stranger(&door, "/address", "192.0.2.1").await;
    assert_eq!((early.status, header(&early, "retry-after")), (429, Some("1")));
    door.clock.advance_milliseconds(1);
    assert_eq!(stranger(&door, "/address", "192.0.2.1").await.status, 200);
    assert_eq!(stranger(&door, "/address", "192.0.2.1").await.status, 429);
}

#[tokio::test]
async fn rl2_both_fields_are_structured_and_equal_the_policy() {
    let door = door().await;
    for (left, wait) in [(2, 20), (1, 20), (0, 20), (0, 20)] {
        let answer = stranger(&door, "/address", "192.0.2.1").await;
        let policy = items(header(&answer, "ratelimit-policy").unwrap());
        assert_eq!(policy, [item("by_address", [("q", 3), ("w", 60)])]);
        let state = items(header(&answer, "ratelimit").unwrap());
        assert_eq!(state, [item("by_address", [("r", left), ("t", wait)])]);
    }
    let burst = stranger(&door, "/sudden", "192.0.2.1").await;
    assert_eq!(header(&burst, "ratelimit-policy"), Some("\"sudden\";q=1000;w=60"));
    assert_eq!(header(&burst, "ratelimit"), Some("\"sudden\";r=1;t=1"));
    assert_eq!(stranger(&door, "/sudden", "192.0.2.1").await.status, 200);
    assert_eq!(stranger(&door, "/sudden", "192.0.2.1").await.status, 429);
    door.clock.advance_milliseconds(60);
    assert_eq!(stranger(&door, "/sudden", "192.0.2.1").await.status, 200);
}

#[tokio::test]
async fn rl2_five_a_minute_come_back_one_by_one() {
    let door = door().await;
    for _ in 0..3 {
        stranger(&door, "/address", "192.0.2.1").await;
    }
    for _ in 0..4 {
        door.clock.advance(19);
        assert_eq!(stranger(&door, "/address", "192.0.2.1").await.status, 429);
        door.clock.advance(1);
        assert_eq!(stranger(&door, "/address", "192.0.2.1").await.status, 200);
    }
    door.clock.advance(1_000_000);
    let statuses = [200, 200, 200, 429];
    for status in statuses {
        assert_eq!(stranger(&door, "/address", "192.0.2.1").await.status, status);
    }
}

#[tokio::test]
async fn rl2_the_fields_are_on_refusals_of_other_kinds_and_only_where_there_is_a_limit() {
    let door = door().await;
    let unknown = door.send(ask("POST", "/write").from("192.0.2.1")).await;
    assert_eq!(unknown.status, 401);
    assert_eq!(header(&unknown, "ratelimit"), Some("\"by_address\";r=2;t=20"));
    let reader = door.token(&["reader"]);
    let lacking = door.send(ask("POST", "/write").bearer(&reader).from("192.0.2.1")).await;
    assert_eq!(
        (lacking.status, header(&lacking, "ratelimit")),
        (403, Some("\"by_address\";r=1;t=20"))
    );
    let free = stranger(&door, "/free", "192.0.2.1").await;
    assert_eq!((header(&free, "ratelimit"), header(&free, "ratelimit-policy")), (None, None));
    let nothing = stranger(&door, "/nothing", "192.0.2.1").await;
    assert_eq!((nothing.status, header(&nothing, "ratelimit")), (404, None));
}

#[tokio::test]
async fn rl2_a_limit_is_as_empty_as_the_emptiest_of_its_buckets() {
    let door = door().await;
    let reader = door.token(&["reader"]);
    assert_eq!(
        header(&owner(&door, "/both", &reader).await, "ratelimit"),
        Some("\"both\";r=2;t=20")
    );
    door.clock.advance(5);
    let elsewhere = door.send(ask("GET", "/both").bearer(&reader).from("192.0.2.9")).await;
    assert_eq!(header(&elsewhere, "ratelimit"), Some("\"both\";r=1;t=15"));
}

#[tokio::test]
async fn h2_what_is_answered_to_somebody_is_not_stored() {
    let door = door().await;
    let reader = door.token(&["reader"]);
    let somebody = owner(&door, "/account", &reader).await;
    assert_eq!((somebody.status, header(&somebody, "cache-control")), (200, Some("no-store")));
    let known = owner(&door, "/perhaps", &reader).await;
    assert_eq!((known.status, header(&known, "cache-control")), (200, Some("no-store")));
    let nobody = stranger(&door, "/perhaps", "192.0.2.1").await;
    assert_eq!((nobody.status, header(&nobody, "cache-control")), (200, None));
}
