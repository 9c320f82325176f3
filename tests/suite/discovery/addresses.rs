//! Whom a service asks, and whom it does not.

use auth_runtime::discovery::{Fetch, FetchError, HttpFetch};
use serde_json::json;

use super::server::Server;

async fn production(url: &str) -> Option<FetchError> {
    HttpFetch::production().expect("certificates").get(url).await.err()
}

async fn development(url: &str) -> Option<FetchError> {
    HttpFetch::development().expect("certificates").get(url).await.err()
}

#[tokio::test]
async fn oc6_production_asks_nobody_over_plain_http() {
    let server = Server::start().await;
    server.json("/jwks", &json!({}));
    assert_eq!(production(&server.url("/jwks")).await, Some(FetchError::UrlRefused));
    assert_eq!(production("http://id.example/jwks").await, Some(FetchError::UrlRefused));
    assert_eq!(server.connections(), 0);
    assert_eq!(development(&server.url("/jwks")).await, None);
}

#[tokio::test]
async fn oc6_production_connects_to_no_private_address_however_it_is_written() {
    let server = Server::start().await;
    let port = server.address.port();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::]",
        "0.0.0.0",
        "10.0.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "[fe80::1]",
        "[fd00::1]",
        "[64:ff9b::7f00:1]",
    ] {
        let refused = production(&format!("https://{host}:{port}/jwks")).await;
        assert_eq!(refused, Some(FetchError::AddressRefused), "{host}");
    }
    // A name is resolved, and its addresses are what is checked.
    for name in ["localhost", "LOCALHOST"] {
        let refused = production(&format!("https://{name}:{port}/jwks")).await;
        assert_eq!(refused, Some(FetchError::AddressRefused), "{name}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn oc6_ipv6_loopback_is_no_way_in_either() {
    // A machine without IPv6 has nothing to protect there.
    let Some(server) = Server::bind("[::1]:0").await else { return };
    server.json("/jwks", &json!({}));
    let url = format!("https://{}/jwks", server.address);
    assert_eq!(production(&url).await, Some(FetchError::AddressRefused));
    assert_eq!(server.connections(), 0);
    assert_eq!(development(&server.url("/jwks")).await, None);
}

#[tokio::test]
async fn oc6_other_schemes_and_user_names_are_refused_everywhere() {
    for url in [
        "file:///etc/passwd",
        "ftp://id.example/jwks",
        "data:application/json,{}",
        "gopher://127.0.0.1:70/",
        "https://user@id.example/jwks",
        "https://user:secret@id.example/jwks",
        "https://id.example@127.0.0.1/jwks",
        "//id.example/jwks",
        "jwks",
        "https://",
        "",
    ] {
        assert_eq!(production(url).await, Some(FetchError::UrlRefused), "{url}");
        assert_eq!(development(url).await, Some(FetchError::UrlRefused), "{url}");
    }
}

#[tokio::test]
async fn oc6_development_speaks_plain_http_with_this_machine_alone() {
    let server = Server::start().await;
    server.json("/jwks", &json!({}));
    let port = server.address.port();
    assert_eq!(development(&format!("http://localhost:{port}/jwks")).await, None);
    for host in ["192.0.2.1", "10.0.0.1", "id.example", "localhost.example", "0.0.0.0"] {
        let refused = development(&format!("http://{host}:{port}/jwks")).await;
        assert_eq!(refused, Some(FetchError::UrlRefused), "{host}");
    }
}

#[tokio::test]
async fn https_is_never_taken_down_to_plain_http() {
    let server = Server::start().await;
    server.json("/jwks", &json!({}));
    let refused = development(&format!("https://{}/jwks", server.address)).await;
    assert!(matches!(refused, Some(FetchError::Unreachable(_))), "{refused:?}");
}
