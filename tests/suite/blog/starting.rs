//! Starting and stopping: settings, keys, the table, and the end.

use std::{
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    thread,
    time::Duration,
};

use auth_runtime::{jwt::KeySet, policy_types::Algorithm};

use super::process::{Blog, Folder};

#[test]
fn it_prints_who_may_call_what() {
    let blog = Blog::start(&[]);
    let table = include_str!("table.txt");
    assert_eq!(blog.printed, table, "the table has changed: review it and edit table.txt");
}

#[test]
fn the_seed_is_one_line_of_json() {
    let blog = Blog::seeded();
    let seed = blog.seed();
    for user in ["reader", "author", "admin"] {
        assert!(seed["users"][user].as_str().is_some_and(|password| password.len() >= 20));
    }
    assert!(seed["clients"].is_object());
    assert_eq!(blog.printed.matches("seed {").count(), 1);
}

#[test]
fn m04_development_keys_are_kept_where_only_the_user_reads_them() {
    let blog = Blog::seeded();
    let token = blog.login("reader");
    let kept = blog.folder.0.join(".blog-keys.json");
    let mode = std::fs::metadata(&kept).expect("kept").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(blog.folder.log().contains("development keys"), "a warning names them");

    // The next start signs with the same keys: the signature of the old token still holds.
    let folder = Folder::new();
    std::fs::copy(&kept, folder.0.join(".blog-keys.json")).expect("a copy");
    let again = Blog::start_in(folder, &[]);
    assert_eq!(again.get("/auth/me", Some(&token)).status, 200);
}

#[test]
fn m04_production_refuses_to_make_keys() {
    let (code, said) = Blog::refused(&[("AUTH_ENV", "production")]);
    assert_eq!(code, 1);
    assert!(said.contains("AUTH_JWT_KEYS") && said.contains("is not set"), "{said}");
}

#[test]
fn m04_keys_come_from_the_environment_or_a_file() {
    let made = Blog::start(&[]);
    let keys = std::fs::read_to_string(made.folder.0.join(".blog-keys.json")).expect("kept");
    let given = Blog::start(&[("AUTH_JWT_KEYS", &keys), ("AUTH_ENV", "production")]);
    assert!(!given.folder.0.join(".blog-keys.json").exists());

    let folder = Folder::new();
    let path = folder.0.join("keys.json");
    std::fs::write(&path, &keys).expect("written");
    let reference = format!("file:{}", path.display());
    let read = Blog::start(&[("AUTH_JWT_KEYS", &reference)]);
    assert_eq!(read.get("/healthz", None).status, 200);
}

#[test]
fn m04_keys_of_the_wrong_kind_are_refused_without_showing_them() {
    let secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldC0x";
    let keys = format!(r#"{{"keys":[{{"kty":"oct","alg":"HS256","k":"{secret}"}}]}}"#);
    let (code, said) = Blog::refused(&[("AUTH_JWT_KEYS", &keys)]);
    assert_eq!(code, 1);
    assert!(said.contains("scheme `jwt` cannot use its keys"), "{said}");
    assert!(!said.contains(secret));
}

#[test]
fn m13_it_does_not_listen_beyond_loopback_without_tls() {
    let (code, said) = Blog::refused(&[("BLOG_ADDR", "0.0.0.0:0")]);
    assert_eq!(code, 1);
    assert!(said.contains("BLOG_ADDR") && said.contains("TLS"), "{said}");
}

#[test]
fn m13_production_refuses_a_provider_over_plain_http() {
    let keys = KeySet::generate(Algorithm::EdDSA).expect("a key");
    let mut settings = vec![
        ("BLOG_OIDC_ISSUER", "http://127.0.0.1:9"),
        ("BLOG_OIDC_CLIENT_ID", "blog"),
        ("BLOG_OIDC_CLIENT_SECRET", "hunter2"),
        ("AUTH_JWT_KEYS", keys.expose()),
        ("AUTH_ENV", "production"),
    ];
    let (code, said) = Blog::refused(&settings);
    assert_eq!(code, 1);
    assert!(said.contains("BLOG_OIDC_ISSUER") && said.contains("https"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    settings.retain(|(name, _)| *name != "AUTH_ENV");
    assert_eq!(Blog::start(&settings).stop(), 0);
}

#[test]
fn it_stops_cleanly_on_both_signals() {
    assert_eq!(Blog::start(&[]).stop(), 0);
    let blog = Blog::start(&[]);
    blog.signal("-INT");
    assert_eq!(blog.stop_after_signal(), 0);
}

#[test]
fn a_request_in_flight_is_finished_first() {
    let blog = Blog::seeded();
    let token = blog.login("author");
    let body = r#"{"title":"late","body":"but whole"}"#;
    let (first, last) = body.split_at(10);
    let head = format!(
        "POST /posts HTTP/1.1\r\nHost: blog\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{first}",
        body.len()
    );
    let mut request = blog.unfinished_request(&head);
    // Long enough for the blog to have read the head: then the request is in flight.
    thread::sleep(Duration::from_millis(300));
    blog.signal("-TERM");
    thread::sleep(Duration::from_millis(300));
    request.write_all(last.as_bytes()).expect("it still reads");
    let mut answer = String::new();
    request.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(blog.stop_after_signal(), 0);
}

#[test]
fn a_store_that_cannot_be_opened_is_named_without_its_password() {
    for url in ["redis://:hunter2@127.0.0.1:1/", "postgres://u:hunter2@127.0.0.1:1/x", "mysql:x"] {
        let (code, said) = Blog::refused(&[("BLOG_STORE", url)]);
        assert_eq!(code, 1);
        assert!(said.contains("BLOG_STORE"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}
