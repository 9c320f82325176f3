//! M08: keys for scripts, from the first to the last request with one.

use serde_json::{Value, json};

use super::process::{Answer, Blog, bearer};

fn make(blog: &Blog, user: &str, body: &Value) -> Answer {
    blog.write("POST", "/api-keys", Some(&blog.login(user)), body)
}

fn with_key(blog: &Blog, path: &str, key: &str) -> Answer {
    blog.send("GET", path, &[format!("X-API-Key: {key}")], None)
}

fn text(answer: &Answer, member: &str) -> String {
    answer.json()[member].as_str().expect("a text").to_owned()
}

#[test]
fn m08_a_key_reads_until_it_is_revoked() {
    let blog = Blog::seeded();
    let wanted = json!({ "name": "nightly", "scopes": ["read:posts"], "expires_in_days": 30 });
    let made = make(&blog, "reader", &wanted);
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.headers("cache-control"), ["no-store"]);
    let (id, key) = (text(&made, "id"), text(&made, "key"));
    assert!(key.starts_with("blog_test_"), "development makes test keys: {key}");

    assert_eq!(with_key(&blog, "/api/data", &key).status, 200);
    assert_eq!(with_key(&blog, "/posts/1", &key).status, 200);
    let me = with_key(&blog, "/auth/me", &key).json();
    assert_eq!((&me["scheme"], &me["scopes"]), (&json!("api_key"), &json!(["read:posts"])));
    assert_eq!(with_key(&blog, "/profile", &key).code(), "unauthenticated");
    assert_eq!(with_key(&blog, "/api-keys", &key).code(), "unauthenticated");
    assert_eq!(with_key(&blog, &format!("/api/data?q={key}"), &key).code(), "invalid_token");
    assert_eq!(blog.get(&format!("/api/data?api_key={key}"), None).code(), "invalid_token");

    let token = blog.login("reader");
    let list = blog.get("/api-keys", Some(&token)).json();
    assert_eq!(list[0]["id"], id.as_str());
    assert!(list[0]["last_used_at"].is_i64() && list[0]["revoked_at"].is_null(), "{list}");

    let path = format!("/api-keys/{id}");
    assert_eq!(blog.delete(&path, Some(&blog.login("admin"))).status, 404);
    assert_eq!(blog.delete(&path, Some(&token)).status, 204);
    let refused = with_key(&blog, "/api/data", &key);
    assert_eq!((refused.status, refused.code().as_str()), (401, "invalid_token"));
    let said = refused.headers("www-authenticate");
    assert!(said.len() == 1 && said[0].starts_with(r#"ApiKey header="X-API-Key""#), "{said:?}");
    let log = blog.folder.log();
    assert!(!log.contains(key.split('_').nth(3).expect("a secret")), "A2: no key is in the log");
    assert!(log.contains("credential-in-url") && log.contains("revoked"), "{log}");
}

#[test]
fn k4_a_key_is_for_no_more_than_the_policy_lets_keys_do() {
    let blog = Blog::seeded();
    for scope in ["write:posts", "delete:posts", "nothing:here"] {
        let made = make(&blog, "admin", &json!({ "name": "x", "scopes": ["read:posts", scope] }));
        assert_eq!((made.status, made.code().as_str()), (422, "unprocessable"), "{scope}");
    }
    let made = make(&blog, "admin", &json!({ "name": "x", "scopes": ["read:posts"] }));
    let headers = [format!("X-API-Key: {}", text(&made, "key"))];
    let body = json!({ "title": "t", "body": "b" }).to_string();
    let posted = blog.send("POST", "/posts", &headers, Some(&body));
    assert_eq!((posted.status, posted.code().as_str()), (401, "unauthenticated"));
    let days = json!({ "name": "x", "scopes": ["read:posts"], "expires_in_days": 366 });
    assert_eq!(make(&blog, "admin", &days).status, 422);
}

#[test]
fn k5_s6_keys_outlast_a_restart_and_not_their_account() {
    let blog = Blog::seeded();
    let wanted = json!({ "name": "x", "scopes": ["read:posts"] });
    let made = make(&blog, "reader", &wanted);
    let (old, reader) = (text(&made, "key"), blog.login("reader"));
    let rotate = format!("/api-keys/{}/rotate", text(&made, "id"));
    let next = blog.send("POST", &rotate, &bearer(Some(&reader)), None);
    assert_eq!(next.status, 201);
    let new = text(&next, "key");
    assert_eq!(blog.send("POST", &rotate, &bearer(Some(&reader)), None).code(), "key_replaced");
    let (admin, id) = (blog.login("admin"), blog.get("/auth/me", Some(&reader)));

    let blog = blog.restart();
    assert_eq!(with_key(&blog, "/api/data", &old).status, 200, "they overlap");
    assert_eq!(with_key(&blog, "/api/data", &new).status, 200);
    let path = format!("/admin/users/{}/disable", text(&id, "subject"));
    assert_eq!(blog.write("POST", &path, Some(&admin), &json!({})).status, 204);
    for key in [old, new] {
        assert_eq!(with_key(&blog, "/api/data", &key).code(), "invalid_token");
    }
}
