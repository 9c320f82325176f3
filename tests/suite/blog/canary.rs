//! A2: secrets are sent through every door of the running blog, which logs all that it can; none of
//! them is in its log.

use std::{cell::Cell, fs};

use serde_json::json;

use super::process::{Answer, Blog, bearer};

/// Values that are nowhere but in a request, each another.
#[derive(Default)]
struct Canaries {
    sent: std::cell::RefCell<Vec<String>>,
    count: Cell<usize>,
}

impl Canaries {
    /// Another one, of letters that any form of a credential may have.
    fn next(&self) -> String {
        self.count.set(self.count.get() + 1);
        let canary = format!("CaNaRy{:04}xQ7zW2kV9pL4mT8r", self.count.get());
        self.sent.borrow_mut().push(canary.clone());
        canary
    }

    /// A secret that the blog gave us.
    fn given(&self, secret: &str) -> String {
        assert!(secret.len() >= 16, "{secret}");
        // Of one with several parts, the short ones are ids, which events have; 256 bits are 43
        // letters of base64url.
        let parts = secret.split('.').filter(|part| part.len() >= 43);
        self.sent.borrow_mut().extend(parts.chain([secret]).map(str::to_owned));
        secret.to_owned()
    }
}

/// The endpoints that the blog prints when it starts: method and path.
fn table(blog: &Blog) -> Vec<(String, String)> {
    let lines = blog.printed.lines().filter(|line| !line.starts_with("seed "));
    let rows = lines.map(|line| line.split_whitespace().take(2).collect::<Vec<_>>());
    let rows: Vec<_> = rows
        .filter(|row| row.len() == 2 && row[1].starts_with('/'))
        .map(|row| (row[0].to_owned(), row[1].to_owned()))
        .collect();
    assert!(rows.len() >= 22, "{rows:?}");
    rows
}

/// Every way in which a secret can come with a request: headers, what is added to the path, a body.
fn doors(canaries: &Canaries) -> Vec<(Vec<String>, String, Option<String>)> {
    let header = |name: &str, value: String| vec![format!("{name}: {value}")];
    let c = || canaries.next();
    let json = |body: serde_json::Value| {
        (vec!["Content-Type: application/json".to_owned()], String::new(), Some(body.to_string()))
    };
    let typed = |media_type: &str, body: String| {
        (vec![format!("Content-Type: {media_type}")], String::new(), Some(body))
    };
    let only = |headers: Vec<String>| (headers, String::new(), None);
    let mut twice = header("Authorization", format!("Bearer {}", c()));
    twice.extend(header("X-API-Key", c()));
    vec![
        only(header("Authorization", format!("Bearer {}", c()))),
        only(header("Authorization", format!("Bearer eyJhbGciOiJFZERTQSJ9.{}.{}", c(), c()))),
        only(header("Authorization", format!("Basic {}", c()))),
        only(header("Authorization", c())),
        only(header("X-API-Key", format!("blog_live_{}", c()))),
        only(header("Cookie", format!("__Host-session={}; other={}; {}", c(), c(), c()))),
        only(header("X-CSRF-Token", c())),
        only(twice),
        (Vec::new(), format!("?access_token={}&api_key={}&token={}", c(), c(), c()), None),
        json(json!({ "username": c(), "password": c() })),
        json(json!({ "username": c(), "password": c(), "cookie": true })),
        json(json!({ "username": c(), "password": c(), "email": format!("{}@example.org", c()) })),
        json(json!({ "refresh_token": c() })),
        json(json!({ "current": c(), "new": c() })),
        json(json!({ "token": c(), "new": c() })),
        json(json!({ "password": c() })),
        // Of the wrong form: the secret is a name, a type that is not asked for, or cut off.
        json(json!({ c(): c() })),
        json(json!({ "username": { c(): c() }, "password": [c()], "token": 1, "new": c() })),
        typed("application/json", format!("{{\"username\":\"reader\",\"password\":\"{}", c())),
        typed("application/json", format!("\"{}\"", c())),
        typed(
            "application/x-www-form-urlencoded",
            format!("username=reader&password={}&csrf_token={}", c(), c()),
        ),
        typed("text/plain", c()),
        typed(&format!("x/{}", c()), c()),
    ]
}

/// Signs in in each way there is, and uses what that gave.
fn use_real_ones(blog: &Blog, canaries: &Canaries) {
    let text = |answer: &Answer, member: &str| {
        canaries.given(answer.json()[member].as_str().unwrap_or_else(|| panic!("{answer:?}")))
    };
    let password = canaries.given(&blog.password("reader"));
    let credentials = json!({ "username": "reader", "password": password }).to_string();
    let signed_in = blog.post("/auth/login", &[], &credentials);
    let access = text(&signed_in, "access_token");
    let refresh = text(&signed_in, "refresh_token");
    assert_eq!(blog.get("/auth/me", Some(&access)).status, 200);
    let renewed = blog.post("/auth/refresh", &[], &json!({ "refresh_token": refresh }).to_string());
    let access = text(&renewed, "access_token");
    let later = text(&renewed, "refresh_token");
    let body = |token: &str| json!({ "refresh_token": token }).to_string();
    let last = blog.post("/auth/refresh", &[], &body(&later));
    text(&last, "access_token");
    text(&last, "refresh_token");
    // Retired two turns ago, and so its family ends.
    assert_eq!(blog.post("/auth/refresh", &[], &body(&refresh)).status, 401);
    assert_eq!(blog.get("/auth/me", Some(&access)).status, 401);

    let session = blog.post("/session", &[], &credentials);
    assert_eq!(session.status, 200, "{session:?}");
    let csrf = text(&session, "csrf_token");
    reset(blog, canaries);
    let cookie = session.headers("set-cookie")[0].split("; ").next().expect("a pair").to_owned();
    canaries.given(cookie.split_once('=').expect("a value").1);
    let mut headers = vec![format!("Cookie: {cookie}"), format!("X-CSRF-Token: {csrf}")];
    headers.push(format!("Origin: http://{}", blog.address));
    for (method, path) in table(blog) {
        let path = path.replace("{id}", "1");
        // Those that end the session come last in nobody's table: each is asked once.
        blog.send(&method, &path, &headers, None);
        blog.send(&method, &path, &headers[..1], None);
    }
}

/// The token of a reset is in the message, and nowhere else.
fn reset(blog: &Blog, canaries: &Canaries) {
    let body = json!({ "username": "author" }).to_string();
    assert_eq!(blog.post("/auth/password/reset", &[], &body).status, 202);
    let outbox = blog.folder.0.join("outbox.jsonl");
    let message = (0..200)
        .find_map(|_| {
            // Any request takes a while, in which the message is written.
            blog.get("/healthz", None);
            fs::read_to_string(&outbox).ok().filter(|text| text.ends_with('\n'))
        })
        .expect("a message");
    let start = message.find("pr_").expect("a token");
    let token: String = message[start..].chars().take_while(|it| *it != '"').collect();
    let new = canaries.next();
    let body = json!({ "token": canaries.given(&token), "new": new }).to_string();
    assert_eq!(blog.post("/auth/password/reset/confirm", &[], &body).status, 204);
    assert_ne!(blog.post("/auth/password/reset/confirm", &[], &body).status, 204);
    let signed_in = blog.post(
        "/auth/login",
        &[],
        &json!({ "username": "author", "password": new }).to_string(),
    );
    let access = canaries.given(signed_in.json()["access_token"].as_str().expect("a token"));
    let changed = json!({ "current": new, "new": canaries.next() });
    assert_eq!(
        blog.post("/auth/password", &bearer(Some(&access)), &changed.to_string()).status,
        204
    );
}

#[test]
fn a2_no_secret_that_was_sent_through_any_door_is_in_the_log() {
    let blog = Blog::start(&[("BLOG_SEED", "1"), ("RUST_LOG", "trace")]);
    let canaries = Canaries::default();
    use_real_ones(&blog, &canaries);
    let mut asked = 0;
    for (method, path) in table(&blog) {
        let path = path.replace("{id}", "1");
        for (headers, added, body) in doors(&canaries) {
            // No limit is to keep a secret from where it might be logged.
            let source = format!("127.1.{}.{}", asked / 250, asked % 250 + 1);
            let path = format!("{path}{added}");
            blog.send_from(&source, &method, &path, &headers, body.as_deref());
            asked += 1;
        }
    }

    let log = blog.folder.log();
    // It did log: each request, and at TRACE what the libraries say.
    assert!(log.contains("TRACE") && log.contains("auth.access") && log.contains("auth.login"));
    let sent = canaries.sent.borrow();
    assert!(sent.len() > 500, "{}", sent.len());
    let leaked: Vec<_> = log
        .lines()
        .filter(|line| sent.iter().any(|secret| line.contains(secret.as_str())))
        .collect();
    let shown = leaked.iter().take(20).map(|line| &line[..line.len().min(400)]);
    assert!(leaked.is_empty(), "{} lines:\n{}", leaked.len(), shown.collect::<Vec<_>>().join("\n"));
}
