//! M13: plain HTTP where it is not wanted.

use auth_runtime::audit::{Decision, Kind};

use super::{
    super::fixture::{Ask, Door, ask, send},
    bare, door, full, production,
};

async fn is_refused(door: &Door, request: Ask) {
    let answer = door.send(request).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "https_required"));
    assert!(!answer.headers.contains_key("location"), "nobody is sent on");
    assert_eq!(door.reached.take(), [""; 0]);
    let event = door.audit.only();
    assert_eq!((event.kind, event.decision), (Kind::Access, Decision::Deny));
    assert_eq!((event.cause.as_deref(), event.credential), (Some("plain-http"), None));
    let id = event.json["auth.denial.id"].as_str().unwrap().to_owned();
    assert_eq!(answer.instance, Some(format!("urn:auth-engine:denial:{id}")));
}

#[tokio::test]
async fn m13_production_refuses_plain_http_before_anything_else_is_looked_at() {
    let door = production(full()).await;
    let token = door.token(&["reader"]);
    for request in [
        ask("GET", "/open"),
        ask("GET", "/open").from("127.0.0.1"),
        ask("GET", "/guarded").from("10.0.0.1").bearer(&token),
        ask("GET", "/guarded").from("198.51.100.1").bearer("bad"),
        ask("GET", "/nowhere").from("198.51.100.1"),
        ask("POST", "/takes").from("198.51.100.1").body("application/json", "7"),
        ask("GET", "/breaks").from("198.51.100.1"),
        // What a request says of itself is said by whoever sent it.
        ask("GET", "https://blog.example/open").from("198.51.100.1"),
        ask("OPTIONS", "/open")
            .header("origin", "https://app.example")
            .header("access-control-request-method", "PUT"),
    ] {
        is_refused(&door, request).await;
    }
}

#[tokio::test]
async fn m13_a_listed_proxy_says_that_it_came_by_tls_and_nobody_else_does() {
    let door = production(full()).await;
    let by = |peer: &str, name: &'static str, value: &str| {
        ask("GET", "/open").from(peer).header("x-forwarded-for", "198.51.100.1").header(name, value)
    };
    let good = by("10.0.0.1", "x-forwarded-proto", "https");
    assert_eq!(door.send(good).await.status, 200);
    assert_eq!(door.reached.take(), ["open"]);
    for (peer, name, value) in [
        ("198.51.100.1", "x-forwarded-proto", "https"),
        ("127.0.0.1", "x-forwarded-proto", "https"),
        ("10.0.0.1", "x-forwarded-proto", "http"),
        ("10.0.0.1", "x-forwarded-proto", "https, http"),
        ("10.0.0.1", "x-forwarded-proto", "http, https"),
        ("10.0.0.1", "forwarded", "for=198.51.100.1;proto=https"),
        ("10.0.0.1", "x-forwarded-ssl", "on"),
        ("10.0.0.1", "x-forwarded-scheme", "https"),
        ("10.0.0.1", "front-end-https", "on"),
    ] {
        is_refused(&door, by(peer, name, value)).await;
    }
    let unknown = ask("GET", "/open").header("x-forwarded-proto", "https");
    is_refused(&door, unknown).await;
}

#[tokio::test]
async fn m13_the_other_family_of_headers_is_read_where_the_policy_names_that() {
    let door = production(bare()).await;
    let said = |peer: &str, value: &str| ask("GET", "/open").from(peer).header("forwarded", value);
    let good = said("10.0.0.1", "for=198.51.100.1;proto=https");
    assert_eq!(door.send(good).await.status, 200);
    door.reached.take();
    is_refused(&door, said("198.51.100.1", "for=198.51.100.1;proto=https")).await;
    is_refused(&door, said("10.0.0.1", "for=10.0.0.9;proto=https, for=198.51.100.1;proto=http"))
        .await;
    let other = ask("GET", "/open").from("10.0.0.1").header("x-forwarded-proto", "https");
    is_refused(&door, other).await;
}

#[tokio::test]
async fn m13_an_application_behind_its_own_tls_answers() {
    let door = production(full()).await;
    let app = door.app.clone().over_tls();
    let answer = send(app, ask("GET", "/open").from("198.51.100.1")).await;
    assert_eq!(answer.status, 200);
    assert!(answer.headers.contains_key("strict-transport-security"));
    door.reached.take();
    // The other clone is for the plain listener.
    is_refused(&door, ask("GET", "/open").from("198.51.100.1")).await;
}

#[tokio::test]
async fn m13_development_answers_plain_http() {
    let door = door(full()).await;
    let answer = door.send(ask("GET", "/open").from("127.0.0.1")).await;
    assert_eq!(answer.status, 200);
    assert!(answer.headers.contains_key("strict-transport-security"), "browsers ignore it here");
}
