//! Production, and what an operator changes: plain HTTP, proxies, headers and CORS of the blog as it
//! runs.

use std::{fs, thread, time::Duration};

use super::process::{Answer, Blog, Folder};
use crate::files::workspace;

const PROXY: &str = "127.0.0.2";

fn policy(more: &str) -> String {
    let policy = fs::read_to_string(workspace().join("policies/blog.yaml")).expect("the policy");
    format!("{policy}\n{more}")
}

/// A blog with keys of its own, under its policy and more.
fn under(more: &str, settings: &[(&str, &str)]) -> Blog {
    let keys = Blog::start(&[]);
    let keys = fs::read_to_string(keys.folder.0.join(".blog-keys.json")).expect("kept");
    let folder = Folder::new();
    let file = folder.0.join("policy.yaml");
    fs::write(&file, policy(more)).expect("written");
    let file = file.to_str().expect("UTF-8").to_owned();
    let own = [("BLOG_SEED", "1"), ("AUTH_JWT_KEYS", keys.as_str()), ("BLOG_POLICY", &file)];
    Blog::start_in(folder, &[&own, settings].concat())
}

fn is_refused(answer: &Answer) {
    assert_eq!((answer.status, answer.code().as_str()), (403, "https_required"));
    assert!(answer.headers("strict-transport-security").is_empty());
    assert_eq!(answer.headers("x-content-type-options"), ["nosniff"]);
}

#[test]
fn m13_production_answers_plain_http_to_nobody_but_a_trusted_proxy() {
    let network = "network: { trusted_proxies: [127.0.0.2], header: x_forwarded_for }\n";
    let blog = under(network, &[("AUTH_ENV", "production")]);
    let from = |source: &str, headers: &[&str]| {
        let headers: Vec<_> = headers.iter().map(|&header| header.to_owned()).collect();
        blog.send_from(source, "GET", "/healthz", &headers, None)
    };
    let (client, https) = ("X-Forwarded-For: 198.51.100.1", "X-Forwarded-Proto: https");
    assert_eq!(from(PROXY, &[client, https]).status, 200);
    is_refused(&from("127.0.0.1", &[]));
    is_refused(&from("127.0.0.1", &[client, https]));
    is_refused(&from("127.0.0.3", &[client, https, "Forwarded: for=127.0.0.2;proto=https"]));
    is_refused(&from(PROXY, &[client]));
    is_refused(&from(PROXY, &[client, "X-Forwarded-Proto: http"]));
    is_refused(&from(PROXY, &[client, https, "X-Forwarded-Proto: http"]));
    is_refused(&from(PROXY, &[client, "Forwarded: for=198.51.100.1;proto=https"]));

    // What is refused is refused before anybody's credentials are looked at.
    let body = format!(r#"{{"username":"reader","password":"{}"}}"#, blog.password("reader"));
    is_refused(&blog.post("/auth/login", &[], &body));
    is_refused(&blog.get("/nowhere", None));
    assert!(blog.folder.log().contains("plain-http"), "an event says so");
}

#[test]
fn m13_production_without_proxies_answers_over_its_own_tls_alone() {
    is_refused(&under("", &[("AUTH_ENV", "production")]).get("/healthz", None));
    let blog = under("", &[("AUTH_ENV", "production"), ("BLOG_TLS", "1")]);
    assert_eq!(blog.get("/healthz", None).status, 200);
    assert_eq!(blog.get("/auth/me", Some(&blog.login("reader"))).status, 200);
}

#[test]
fn m13_h1_every_path_of_the_blog_has_the_headers() {
    let blog = Blog::start(&[]);
    for (path, status) in
        [("/", 200), ("/posts", 200), ("/auth/me", 401), ("/nowhere", 404), ("/healthz", 200)]
    {
        let answer = blog.get(path, None);
        assert_eq!(answer.status, status, "{path}");
        for (name, value) in [
            ("strict-transport-security", "max-age=63072000; includeSubDomains"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("x-xss-protection", "0"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.headers(name), [value], "{path}");
        }
        let [content] = answer.headers("content-security-policy")[..] else {
            panic!("{path}: {answer:?}");
        };
        assert!(content.contains("frame-ancestors 'none'"), "{content}");
        assert!(answer.headers("access-control-allow-origin").is_empty());
    }
}

#[test]
fn c6_m13_an_operator_lets_an_origin_in_and_out_while_the_blog_runs() {
    let cors =
        "cors: { origins: [https://app.example] }\nheaders: { referrer_policy: same-origin }\n";
    let blog = under(cors, &[]);
    let asked = || blog.send("GET", "/posts", &["Origin: https://app.example".to_owned()], None);
    let answer = asked();
    assert_eq!(answer.headers("access-control-allow-origin"), ["https://app.example"]);
    assert_eq!(answer.headers("referrer-policy"), ["same-origin"]);
    let ask = ["Origin: https://app.example", "Access-Control-Request-Method: POST"];
    let preflight = blog.send("OPTIONS", "/posts", &ask.map(str::to_owned), None);
    assert_eq!(preflight.status, 200);
    assert_eq!(preflight.headers("access-control-allow-origin"), ["https://app.example"]);

    fs::write(blog.folder.0.join("policy.yaml"), policy("")).expect("written");
    thread::sleep(Duration::from_secs(1));
    let answer = asked();
    assert!(answer.headers("access-control-allow-origin").is_empty(), "{answer:?}");
    assert_eq!(answer.headers("referrer-policy"), ["no-referrer"]);
    assert_eq!(blog.send("OPTIONS", "/posts", &ask.map(str::to_owned), None).status, 405);
}
