//! Sessions of the running blog: on each of the four stores, in one process and in four.

use auth_tests::{postgresql, redis};
use serde_json::json;

use super::process::{Answer, Blog, Folder};

const BLOGS: usize = 4;
const PASSWORD: &str = "a long walk along the river";

/// A browser's cookie and the token of its pages.
struct Browser {
    cookie: String,
    csrf: String,
}

impl Browser {
    fn sign_in(blog: &Blog, name: &str, password: &str) -> Self {
        let body = json!({ "username": name, "password": password }).to_string();
        let answer = blog.post("/session", &[], &body);
        assert_eq!(answer.status, 200, "{answer:?}");
        let set_cookie = answer.headers("set-cookie")[0];
        let (pair, attributes) = set_cookie.split_once("; ").expect("attributes");
        assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Lax");
        assert!(pair.starts_with("__Host-session="));
        assert_eq!(answer.headers("cache-control"), ["no-store"]);
        let csrf = answer.json()["csrf_token"].as_str().expect("a token").to_owned();
        Self { cookie: format!("Cookie: {pair}"), csrf }
    }

    fn ask(&self, blog: &Blog, method: &str, path: &str) -> Answer {
        let csrf = format!("X-CSRF-Token: {}", self.csrf);
        let origin = format!("Origin: http://{}", blog.address);
        blog.send(method, path, &[self.cookie.clone(), csrf, origin], None)
    }

    fn status(&self, blog: &Blog) -> u16 {
        self.ask(blog, "GET", "/session").status
    }
}

fn register(blog: &Blog, name: &str) {
    let body = json!({ "username": name, "password": PASSWORD });
    assert_eq!(blog.write("POST", "/auth/register", None, &body).status, 201);
}

/// Blogs on one store that sign with the same keys; the first one is seeded.
fn fleet(store: &str) -> Vec<Blog> {
    let first = Blog::start(&[("BLOG_STORE", store), ("BLOG_SEED", "1")]);
    let keys = first.folder.0.join(".blog-keys.json");
    let keys = std::fs::read_to_string(keys).expect("keys");
    let mut blogs = vec![first];
    let settings = [("BLOG_STORE", store), ("AUTH_JWT_KEYS", keys.as_str())];
    blogs.extend((1..BLOGS).map(|_| Blog::start(&settings)));
    blogs
}

/// What ends in one process has ended in the others with their next request.
fn what_ends_in_one_has_ended_in_all(store: &str) {
    let blogs = fleet(store);
    register(&blogs[0], "ada");
    let sign_in = |blog| Browser::sign_in(blog, "ada", PASSWORD);
    let browsers: Vec<_> = blogs.iter().map(sign_in).collect();
    let all = |expected: u16| {
        for (browser, blog) in browsers.iter().flat_map(|it| blogs.iter().map(move |b| (it, b))) {
            assert_eq!(browser.status(blog), expected);
        }
    };
    all(200);
    let list = browsers[0].ask(&blogs[1], "GET", "/sessions").json();
    assert_eq!(list.as_array().map(Vec::len), Some(BLOGS));
    let everywhere = browsers[0].ask(&blogs[0], "DELETE", "/sessions");
    assert_eq!(everywhere.status, 204, "{everywhere:?}");
    all(401);
}

/// The same when an admin closes the account, or ends what it has.
fn what_an_admin_ends_has_ended_in_all(store: &str) {
    let blogs = fleet(store);
    let admin = blogs[0].login("admin");
    let password = blogs[0].password("reader");
    let id = blogs[0].get("/admin/users", Some(&admin)).json();
    let id = id.as_array().and_then(|users| {
        let reader = users.iter().find(|user| user["username"] == "reader")?;
        Some(reader["id"].as_str()?.to_owned())
    });
    let path = format!("/admin/users/{}", id.expect("the reader"));
    for (method, what) in [("DELETE", "sessions"), ("POST", "disable")] {
        let browser = Browser::sign_in(&blogs[1], "reader", &password);
        for blog in &blogs {
            assert_eq!(browser.status(blog), 200);
        }
        let ended = blogs[2].write(method, &format!("{path}/{what}"), Some(&admin), &json!({}));
        assert_eq!(ended.status, 204);
        for blog in &blogs {
            assert_eq!(browser.status(blog), 401, "after {what}");
        }
    }
}

/// One session from its beginning to its end.
fn one_life(settings: &[(&str, &str)]) {
    let blog = Blog::start(settings);
    register(&blog, "ada");
    let browser = Browser::sign_in(&blog, "ada", PASSWORD);
    let session = browser.ask(&blog, "GET", "/session").json();
    assert_eq!(session["roles"], json!(["reader"]));
    assert_eq!(session["csrf_token"], json!(browser.csrf));
    assert_eq!(browser.ask(&blog, "GET", "/posts").status, 200);
    let logout = browser.ask(&blog, "DELETE", "/session");
    assert_eq!(logout.status, 204, "{logout:?}");
    assert!(logout.headers("set-cookie")[0].starts_with("__Host-session=; Path=/; Max-Age=0; "));
    assert_eq!(browser.status(&blog), 401);
}

#[test]
fn m09_a_session_in_memory() {
    one_life(&[("BLOG_STORE", "memory:")]);
}

#[test]
fn m09_a_session_on_sqlite() {
    one_life(&[]);
}

#[test]
#[ignore = "needs a Redis: ./test stores"]
fn m09_a_session_on_redis() {
    let server = redis::start(&[]);
    one_life(&[("BLOG_STORE", &server.url)]);
}

#[test]
#[ignore = "needs a PostgreSQL: ./test stores"]
fn m09_a_session_on_postgresql() {
    let server = postgresql::start(&[]);
    one_life(&[("BLOG_STORE", &server.url)]);
}

#[test]
fn s5_s6_on_one_sqlite_an_end_is_everywhere_at_once() {
    let folder = Folder::new();
    let store = |name| format!("sqlite:{}", folder.0.join(name).display());
    what_ends_in_one_has_ended_in_all(&store("one.db"));
    what_an_admin_ends_has_ended_in_all(&store("other.db"));
}

#[test]
#[ignore = "needs a Redis: ./test stores"]
fn s5_s6_on_one_redis_an_end_is_everywhere_at_once() {
    let (one, other) = (redis::start(&[]), redis::start(&[]));
    what_ends_in_one_has_ended_in_all(&one.url);
    what_an_admin_ends_has_ended_in_all(&other.url);
}

#[test]
#[ignore = "needs a PostgreSQL: ./test stores"]
fn s5_s6_on_one_postgresql_an_end_is_everywhere_at_once() {
    let (one, other) = (postgresql::start(&[]), postgresql::start(&[]));
    what_ends_in_one_has_ended_in_all(&one.url);
    what_an_admin_ends_has_ended_in_all(&other.url);
}

/// A restart forgets no session, and a stop loses no last use.
#[test]
fn m10_s4_a_session_outlives_a_restart_and_an_orderly_stop_writes_its_last_use() {
    let blog = Blog::start(&[]);
    register(&blog, "ada");
    let browser = Browser::sign_in(&blog, "ada", PASSWORD);
    let blog = blog.restart();
    assert_eq!(browser.status(&blog), 200);

    let folder = Folder::new();
    let store = format!("sqlite:{}", folder.0.join("shared.db").display());
    let one = Blog::start(&[("BLOG_STORE", &store)]);
    let other = Blog::start(&[("BLOG_STORE", &store)]);
    register(&one, "ada");
    let browser = Browser::sign_in(&one, "ada", PASSWORD);
    let watching = Browser::sign_in(&one, "ada", PASSWORD);
    let handle = browser.cookie.split('.').nth(1).expect("a handle").to_owned();
    let last_seen = || {
        let list = watching.ask(&other, "GET", "/sessions").json();
        let row = list.as_array().and_then(|rows| rows.iter().find(|row| row["id"] == *handle));
        row.and_then(|row| row["last_seen_at"].as_i64()).expect("a moment")
    };
    let before = last_seen();
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    assert_eq!(browser.status(&one), 200);
    assert_eq!(one.stop(), 0);
    assert!(last_seen() >= before + 2, "written at the stop");
}
