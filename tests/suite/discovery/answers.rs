//! What is taken for a document, and what is not.

use auth_runtime::{
    discovery::{Fetch, FetchError, Fetched, HttpFetch},
    policy_types::Seconds,
};
use serde_json::json;

use super::server::{Reply, Server, http};

/// What is fetched from a server that gives this answer.
async fn answer(reply: Reply) -> (Result<Fetched, FetchError>, Server) {
    let server = Server::start().await;
    server.reply("/doc", reply);
    let fetch = HttpFetch::development().expect("certificates");
    let fetched = fetch.get(&server.url("/doc")).await;
    (fetched, server)
}

async fn whole(status: &str, headers: &str, body: &str) -> Result<Fetched, FetchError> {
    answer(Reply::Whole(http(status, headers, body))).await.0
}

#[tokio::test]
async fn json_of_any_kind_is_a_document() {
    for media_type in
        ["application/json", "application/json; charset=utf-8", "application/jwk-set+json"]
    {
        let fetched = whole("200 OK", &format!("Content-Type: {media_type}"), "{}").await;
        assert_eq!(fetched, Ok(Fetched { body: "{}".to_owned(), max_age: None }), "{media_type}");
    }
}

#[tokio::test]
async fn the_lifetime_is_that_of_cache_control() {
    for (value, seconds) in [
        ("max-age=600", Some(600)),
        ("public, max-age=600, must-revalidate", Some(600)),
        ("Max-Age=\"7\"", Some(7)),
        ("no-store, max-age=600", Some(0)),
        ("no-cache", Some(0)),
        ("max-age=-1", None),
        ("s-maxage=9", None),
        ("private", None),
    ] {
        let headers = format!("Content-Type: application/json\r\nCache-Control: {value}");
        let fetched = whole("200 OK", &headers, "{}").await.expect("a document");
        assert_eq!(fetched.max_age, seconds.map(Seconds), "{value}");
    }
}

#[tokio::test]
async fn oc6_redirects_are_not_followed() {
    let target = Server::start().await;
    target.json("/jwks", &json!({}));
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let location = format!("Location: {}", target.url("/jwks"));
        let code = status[..3].parse().expect("a status");
        assert_eq!(whole(status, &location, "").await, Err(FetchError::Status(code)));
    }
    assert_eq!(target.connections(), 0);
}

#[tokio::test]
async fn other_statuses_are_no_documents() {
    let json = "Content-Type: application/json";
    for (status, code) in [("204 No Content", 204), ("206 Partial", 206), ("500 Oh", 500)] {
        assert_eq!(whole(status, json, "{}").await, Err(FetchError::Status(code)));
    }
}

#[tokio::test]
async fn what_does_not_say_that_it_is_json_is_none() {
    for header in ["Content-Type: text/html", "Content-Type: application/jsonp", "X-Type: json"] {
        assert_eq!(whole("200 OK", header, "{}").await, Err(FetchError::NotJson), "{header}");
    }
    let mut latin = http("200 OK", "Content-Type: application/json", "\"?\"");
    latin.pop();
    latin.pop();
    latin.extend(b"\xe9\"");
    assert_eq!(answer(Reply::Whole(latin)).await.0, Err(FetchError::NotJson));
}

#[tokio::test]
async fn a_document_longer_than_a_key_set_is_not_read_to_its_end() {
    let json = "Content-Type: application/json";
    let fits = format!("\"{}\"", "a".repeat(512 * 1024 - 2));
    assert!(whole("200 OK", json, &fits).await.is_ok());
    let huge = format!("{fits} ");
    assert_eq!(whole("200 OK", json, &huge).await, Err(FetchError::TooLarge));

    let mut endless = format!("HTTP/1.1 200 OK\r\n{json}\r\n\r\n").into_bytes();
    endless.resize(64 * 1024, b' ');
    let (fetched, server) = answer(Reply::Endless(endless)).await;
    assert_eq!(fetched, Err(FetchError::TooLarge));
    // What the sockets buffer comes on top of what was read.
    assert!(server.sent() < 32 * 1024 * 1024, "{}", server.sent());
}

#[tokio::test]
async fn e4_an_answer_that_stalls_is_given_up() {
    let begun = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
    for stalls in [begun.to_vec(), b"HTTP/1.1 200".to_vec(), Vec::new()] {
        let server = Server::start().await;
        server.reply("/doc", Reply::Stalls(stalls));
        let fetch = HttpFetch::development().expect("certificates");
        let url = server.url("/doc");
        let hanging = async {
            server.stalled().await;
            // From here on the clock jumps to whatever is waited for: nobody waits five seconds.
            tokio::time::pause();
        };
        let (fetched, ()) = tokio::join!(fetch.get(&url), hanging);
        assert_eq!(fetched, Err(FetchError::Timeout));
        tokio::time::resume();
    }
}

#[tokio::test]
async fn an_answer_that_is_no_http_is_unreachable() {
    for reply in [&b"SSH-2.0-OpenSSH\r\n"[..], b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n"] {
        let fetched = answer(Reply::Whole(reply.to_vec())).await.0;
        assert!(matches!(fetched, Err(FetchError::Unreachable(_))), "{fetched:?}");
    }
    let short = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{}";
    let fetched = answer(Reply::Whole(short.to_vec())).await.0;
    assert!(matches!(fetched, Err(FetchError::Unreachable(_))), "{fetched:?}");
}
