//! What a URL opens, and what one says that cannot be opened.

use std::{net::TcpListener, time::Duration};

use auth_runtime::store::{self, StoreError};
use auth_tests::PASSWORD;

use crate::world::{NOW, fresh, put, timed, value};

async fn refused(url: &str) -> String {
    match store::open(url).await {
        Err(StoreError::Unsuitable(why)) => why,
        other => panic!("{url}: {other:?}"),
    }
}

#[tokio::test]
async fn memory_opens_by_its_url() {
    let store = store::open("memory:").await.unwrap();
    let key = fresh();
    put(&store, &key, b"x").await;
    assert_eq!(value(&store, &key).await.as_deref(), Some(&b"x"[..]));
    assert_eq!(store.delete(&key, NOW).await, Ok(true));
}

#[tokio::test]
async fn what_is_no_store_is_refused_without_being_repeated() {
    for url in ["", "hunter2-horse", "hunter2-horse:x", "mysql://u:hunter2-horse@h", "memory:x"] {
        let why = refused(url).await;
        assert!(why.contains("`sqlite:`") && !why.contains("hunter2"), "{why}");
    }
}

#[tokio::test]
async fn a_feature_that_is_off_is_named() {
    let schemes = [
        ("sqlite:/nowhere/x.db", "sqlite", cfg!(feature = "sqlite")),
        ("postgres://localhost/x", "postgres", cfg!(feature = "postgres")),
        ("redis://localhost", "redis", cfg!(feature = "redis")),
        ("rediss+cluster://localhost", "redis", cfg!(feature = "redis")),
    ];
    for (url, feature, _) in schemes.iter().filter(|(_, _, is_on)| !is_on) {
        assert!(refused(url).await.contains(&format!("`{feature}`")));
    }
}

#[cfg(feature = "redis")]
#[tokio::test]
async fn redis_urls_are_read_strictly() {
    let urls = ["redis://127.0.0.1/?prefix=a:b", "redis://127.0.0.1/?what=x", "redis:127.0.0.1"];
    for url in urls {
        assert!(refused(url).await.contains("prefix=NAME"), "{url}");
    }
    assert!(refused("redis://127.0.0.1/?ca=/x").await.contains("`ca` is for `rediss://`"));
    assert!(refused("rediss://127.0.0.1/?ca=/nowhere").await.contains("cannot be read"));
    // Not to look at certificates is not on offer.
    assert!(refused("rediss://127.0.0.1/#insecure").await.contains("prefix=NAME"));
}

/// URLs with a password, for a server on that port.
fn urls(port: u16) -> Vec<String> {
    let mut urls = Vec::new();
    if cfg!(feature = "postgres") {
        urls.push(format!("postgres://u:{PASSWORD}@127.0.0.1:{port}/d"));
        urls.push(format!("postgres://u:{PASSWORD}@127.0.0.1:{port}/d?sslmode=require"));
    }
    if cfg!(feature = "redis") {
        urls.push(format!("redis://u:{PASSWORD}@127.0.0.1:{port}"));
        urls.push(format!("rediss://u:{PASSWORD}@127.0.0.1:{port}"));
        urls.push(format!("redis+cluster://u:{PASSWORD}@127.0.0.1:{port},127.0.0.1:{port}"));
    }
    urls
}

async fn fails_in_time(url: &str) {
    let (opened, took) = timed(store::open(url)).await;
    let why = opened.unwrap_err();
    assert!(matches!(why, StoreError::Unavailable(_)), "{why:?}");
    assert!(took < Duration::from_secs(2), "{took:?}: {why}");
    assert!(!format!("{why} {why:?}").contains(PASSWORD), "{why:?}");
}

#[tokio::test]
async fn a_closed_port_is_an_error_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    for url in urls(port) {
        fails_in_time(&url).await;
    }
}

/// It accepts, since the system does that for a listener, and never answers.
#[tokio::test]
async fn a_server_that_never_answers_is_an_error_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    for url in urls(listener.local_addr().unwrap().port()) {
        fails_in_time(&url).await;
    }
}
