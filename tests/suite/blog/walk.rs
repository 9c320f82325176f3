//! Who may do what, walked through as three users and nobody.

use serde_json::json;

use super::process::{Blog, bearer};

#[test]
fn h3_z6_what_each_of_them_may_do() {
    let blog = Blog::seeded();
    let [reader, author, admin] = ["reader", "author", "admin"].map(|user| blog.login(user));
    let post = json!({ "title": "A title", "body": "A body" });

    assert_eq!(blog.get("/posts/1", Some(&reader)).status, 200);

    let refused = blog.write("POST", "/posts", Some(&reader), &post);
    assert_eq!((refused.status, refused.code().as_str()), (403, "insufficient_scope"));
    assert_eq!(refused.json()["missing_scopes"], json!(["write:posts"]));
    let challenge = refused.headers("www-authenticate")[0];
    assert!(challenge.starts_with("Bearer ") && challenge.contains(r#"scope="write:posts""#));

    let nobody = blog.get("/posts/1", None);
    assert_eq!(nobody.status, 401);
    assert!(nobody.headers("www-authenticate").iter().all(|header| !header.contains("error")));

    let bad_body = blog.post("/posts", &[], "no JSON");
    assert_eq!(bad_body.status, 401);
    assert_eq!(blog.post("/posts", &bearer(Some(&author)), "no JSON").status, 400);

    assert_eq!(blog.delete("/posts/1", Some(&author)).status, 403);
    assert_eq!(blog.delete("/posts/1", Some(&admin)).status, 204);
    assert_eq!(blog.get("/posts/1", Some(&reader)).status, 404);
}

#[test]
fn z7_somebody_elses_post_is_not_there() {
    let blog = Blog::seeded();
    let [author, admin] = ["author", "admin"].map(|user| blog.login(user));
    let post = json!({ "title": "Mine", "body": "now" });
    let others = blog.write("PUT", "/posts/1", Some(&admin), &post);
    let missing = blog.write("PUT", "/posts/999", Some(&admin), &post);
    assert_eq!((others.status, others.body), (404, missing.body));
    assert_eq!(blog.write("PUT", "/posts/1", Some(&author), &post).status, 200);
    assert_eq!(blog.get("/posts/1", Some(&author)).json()["title"], "Mine");
}

#[test]
fn everybody_reads_titles_and_the_landing_page() {
    let blog = Blog::seeded();
    assert_eq!(blog.get("/posts", None).json().as_array().map(Vec::len), Some(2));
    let page = blog.get("/", None);
    assert_eq!(page.status, 200);
    assert!(page.headers("content-type")[0].starts_with("text/html"));
    assert_eq!(blog.get("/healthz", None).body, "ok");
    assert_eq!(blog.get("/nowhere", None).code(), "not_found");
    assert_eq!(blog.delete("/posts", None).code(), "method_not_allowed");
}

#[test]
fn a_profile_is_ones_own() {
    let blog = Blog::seeded();
    let reader = blog.login("reader");
    let change = json!({ "display_name": "Ada" });
    assert_eq!(blog.write("PUT", "/profile", Some(&reader), &change).status, 200);
    let profile = blog.get("/profile", Some(&reader)).json();
    assert_eq!((&profile["username"], &profile["display_name"]), (&json!("reader"), &json!("Ada")));
    let author = blog.get("/profile", Some(&blog.login("author"))).json();
    assert_eq!(author["display_name"], "author");
    let unknown = json!({ "display_name": "Ada", "roles": ["admin"] });
    assert_eq!(blog.write("PUT", "/profile", Some(&reader), &unknown).status, 422);
}

#[test]
fn m07_s6_an_admin_closes_an_account() {
    let blog = Blog::seeded();
    let admin = blog.login("admin");
    assert_eq!(blog.get("/admin/users", Some(&blog.login("author"))).status, 403);
    let users = blog.get("/admin/users", Some(&admin)).json();
    let reader = users
        .as_array()
        .and_then(|users| users.iter().find(|user| user["username"] == "reader")?["id"].as_str());
    let path = format!("/admin/users/{}/disable", reader.expect("the reader"));
    let token = blog.login("reader");
    assert_eq!(blog.write("POST", &path, Some(&admin), &json!({})).status, 204);

    let credentials = json!({ "username": "reader", "password": blog.password("reader") });
    let refused = blog.write("POST", "/auth/login", None, &credentials);
    let wrong = json!({ "username": "reader", "password": "no password of anybody" });
    assert_eq!(refused.status, 401);
    assert_eq!(refused.told(), blog.write("POST", "/auth/login", None, &wrong).told());
    assert_eq!(blog.get("/posts/1", Some(&token)).status, 401, "what the account had has ended");
    let missing = blog.write("POST", "/admin/users/nobody/disable", Some(&admin), &json!({}));
    assert_eq!(missing.status, 404);
}

/// What is no key and no session admits nobody, on every endpoint that names them.
#[test]
fn k6_made_up_credentials_admit_nobody() {
    let blog = Blog::seeded();
    let reader = blog.login("reader");
    let key = "X-API-Key: blog_live_1_2_3".to_owned();
    let cookie = "Cookie: __Host-session=abc".to_owned();
    for header in [&key, &cookie] {
        let answer = blog.send("GET", "/posts/1", std::slice::from_ref(header), None);
        assert_eq!(answer.status, 401);
    }
    assert_eq!(blog.get("/api/data", Some(&reader)).status, 401, "a token is no API key");
    let mut both = bearer(Some(&reader));
    both.push(key);
    assert_eq!(blog.send("GET", "/posts/1", &both, None).code(), "invalid_request");
}
