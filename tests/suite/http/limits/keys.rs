//! M12, RL3, RL4: what is counted, and that nothing a client chooses makes it another client.

use super::{door, owner, stranger};
use crate::http::fixture::{Door, ask};

/// How many of ten requests are served.
async fn served(door: &Door, path: &str, from: impl Fn(usize) -> String) -> usize {
    let mut served = 0;
    for number in 0..10 {
        let status = stranger(door, path, &from(number)).await.status;
        assert!(status == 200 || status == 429, "{status}");
        served += usize::from(status == 200);
    }
    served
}

#[tokio::test]
async fn m12_a_limit_by_address_counts_each_address_wherever_it_goes() {
    let door = door().await;
    assert_eq!(served(&door, "/address", |_| "192.0.2.1".to_owned()).await, 3);
    assert_eq!(stranger(&door, "/again", "192.0.2.1").await.status, 429);
    assert_eq!(served(&door, "/address", |number| format!("192.0.3.{number}")).await, 10);
}

#[tokio::test]
async fn m12_those_whose_peer_is_not_known_are_one() {
    let door = door().await;
    for status in [200, 200, 200, 429] {
        assert_eq!(door.send(ask("GET", "/address")).await.status, status);
    }
}

#[tokio::test]
async fn m12_a_limit_by_account_counts_the_account_from_everywhere_with_every_token() {
    let door = door().await;
    for number in 0..5 {
        let token = door.token(&["reader"]);
        let ask = ask("GET", "/account").bearer(&token).from(&format!("192.0.2.{number}"));
        assert_eq!(door.send(ask).await.status, if number < 3 { 200 } else { 429 });
    }
    door.audit.take();
    let token = door.token(&["reader"]);
    assert_eq!(owner(&door, "/account", &token).await.status, 429);
    let event = door.audit.only();
    assert_eq!(event.subject.unwrap().1, "alice");
    assert_eq!(event.cause.unwrap(), "rate-limited");
    assert_eq!(owner(&door, "/credential", &token).await.status, 200, "another limit");
}

#[tokio::test]
async fn m12_a_limit_by_credential_counts_each_token() {
    let door = door().await;
    let (one, other) = (door.token(&["reader"]), door.token(&["reader"]));
    for status in [200, 200, 200, 429] {
        assert_eq!(owner(&door, "/credential", &one).await.status, status);
    }
    assert_eq!(owner(&door, "/credential", &other).await.status, 200);
}

#[tokio::test]
async fn m12_a_limit_by_route_counts_the_endpoint_and_not_the_path() {
    let door = door().await;
    assert_eq!(served(&door, "/route/1", |number| format!("192.0.2.{number}")).await, 3);
    assert_eq!(stranger(&door, "/route/2", "192.0.2.1").await.status, 429);
    let head = door.send(ask("HEAD", "/route/3").from("192.0.2.1")).await;
    assert_eq!(head.status, 429, "HEAD is answered where GET is");
    assert_eq!(stranger(&door, "/other/1", "192.0.2.1").await.status, 200);
    assert_eq!(door.send(ask("POST", "/route/1").from("192.0.2.1")).await.status, 200);
}

#[tokio::test]
async fn m12_a_limit_by_a_pair_counts_each_pair() {
    let door = door().await;
    assert_eq!(served(&door, "/pair", |_| "192.0.2.1".to_owned()).await, 3);
    assert_eq!(served(&door, "/pair", |_| "192.0.2.2".to_owned()).await, 3);
}

#[tokio::test]
async fn m12_a_named_rule_brings_its_limit() {
    let door = door().await;
    let token = door.token(&["reader"]);
    for status in [200, 200, 200, 429] {
        assert_eq!(owner(&door, "/ruled", &token).await.status, status);
    }
    door.audit.take();
    owner(&door, "/ruled", &token).await;
    assert_eq!(door.audit.only().rule.as_deref(), Some("ruled"));
}

#[tokio::test]
async fn m12_strangers_are_counted_by_address_where_an_account_was_to_be() {
    let door = door().await;
    for path in ["/strangers", "/perhaps"] {
        let from = |_| "192.0.2.1".to_owned();
        // Both have the same limit, and so the same bucket.
        assert_eq!(served(&door, path, from).await, if path == "/strangers" { 3 } else { 0 });
    }
    assert_eq!(stranger(&door, "/perhaps", "192.0.2.2").await.status, 200);
    let token = door.token(&["reader"]);
    assert_eq!(owner(&door, "/perhaps", &token).await.status, 200, "an account of its own");
}

#[tokio::test]
async fn rl4_no_address_of_a_network_is_another_client() {
    let door = door().await;
    let suffix = |number: usize| format!("2001:db8:1:2::{number:x}");
    assert_eq!(served(&door, "/address", suffix).await, 3);
    let high = |number: usize| format!("2001:db8:1:2:{number:x}::1");
    assert_eq!(served(&door, "/address", high).await, 0);
    let network = |number: usize| format!("2001:db8:1:1{number:x}::1");
    assert_eq!(served(&door, "/address", network).await, 10);
    assert_eq!(served(&door, "/address", |_| "::ffff:192.0.2.1".to_owned()).await, 3);
    assert_eq!(stranger(&door, "/address", "192.0.2.1").await.status, 429, "it is the same one");
}

#[tokio::test]
async fn rl3_no_header_makes_another_client() {
    let door = door().await;
    let names = [
        "x-forwarded-for",
        "forwarded",
        "x-real-ip",
        "cf-connecting-ip",
        "true-client-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "fastly-client-ip",
        "client-ip",
        "via",
    ];
    let mut served = 0;
    for (number, name) in names.iter().enumerate() {
        for value in [format!("198.51.100.{number}"), format!("for=198.51.100.{number}")] {
            let ask = ask("GET", "/address").from("192.0.2.1").header(name, value);
            served += usize::from(door.send(ask).await.status == 200);
        }
    }
    assert_eq!(served, 3);
}

#[tokio::test]
async fn rl3_behind_a_listed_proxy_the_client_is_whom_it_names() {
    let door = door().await;
    let through = async |proxy: &str, header: &'static str, value: &str| {
        let ask = ask("GET", "/address").from(proxy).header(header, value);
        door.send(ask).await.status
    };
    for number in 0..10 {
        let forged = format!("198.51.100.{number}, 192.0.2.1");
        let expected = if number < 3 { 200 } else { 429 };
        let proxy = format!("10.0.0.{number}");
        assert_eq!(through(&proxy, "x-forwarded-for", &forged).await, expected);
    }
    assert_eq!(through("10.0.0.1", "x-forwarded-for", "192.0.2.1, 10.0.0.2").await, 429);
    assert_eq!(through("10.0.0.1", "x-forwarded-for", "192.0.2.1:80").await, 429);
    assert_eq!(stranger(&door, "/address", "192.0.2.1").await.status, 429, "it is the same one");
    assert_eq!(through("10.0.0.1", "x-forwarded-for", "192.0.2.2").await, 200);
    // The header that the policy does not name is not read: those are the proxy itself.
    for expected in [200, 200, 200, 429] {
        assert_eq!(through("10.0.0.1", "forwarded", "for=192.0.2.3").await, expected);
    }
}
