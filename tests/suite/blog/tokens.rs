//! Signing in and what comes of it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::process::{Blog, bearer};

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

#[test]
fn m01_a_token_is_an_access_token_of_fifteen_minutes() {
    let blog = Blog::seeded();
    let credentials = json!({ "username": "author", "password": blog.password("author") });
    let answer = blog.write("POST", "/auth/login", None, &credentials);
    assert_eq!(answer.headers("cache-control"), ["no-store"]);
    let body = answer.json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(body["user"]["roles"], json!(["author"]));

    let token = body["access_token"].as_str().expect("a token");
    let (header, claims) = (part(token, 0), part(token, 1));
    assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!("EdDSA")));
    assert_eq!(claims["iss"], "https://blog.example");
    assert_eq!(claims["aud"], "blog-api");
    assert_eq!(claims["sub"], body["user"]["id"], "an id, never the user name");
    assert_eq!(claims["scope"], body["scope"]);
    assert_eq!(claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(e, i)| e - i), Some(900));
}

#[test]
fn j18_a_token_carries_nothing_personal() {
    let blog = Blog::seeded();
    let claims = part(&blog.login("reader"), 1);
    let mut names: Vec<_> = claims.as_object().expect("claims").keys().cloned().collect();
    names.sort();
    assert_eq!(
        names,
        ["aud", "auth_time", "exp", "iat", "iss", "jti", "roles", "scope", "sid", "sub"]
    );
}

#[test]
fn m04_others_verify_our_tokens_with_the_keys_we_publish() {
    let blog = Blog::seeded();
    let answer = blog.get("/.well-known/jwks.json", None);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers("content-type"), ["application/jwk-set+json"]);
    assert_eq!(answer.headers("cache-control"), ["public, max-age=300"]);
    let kept = std::fs::read_to_string(blog.folder.0.join(".blog-keys.json")).expect("kept");
    let kept: Value = serde_json::from_str(&kept).expect("JSON");
    assert!(!answer.body.contains(kept["keys"][0]["d"].as_str().expect("a private key")));

    // Another library, as somebody else's service has it.
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&answer.body).expect("a JWK set");
    let token = blog.login("reader");
    let header = jsonwebtoken::decode_header(&token).expect("a header");
    let key = set.find(header.kid.as_deref().expect("a kid")).expect("it is published");
    let key = jsonwebtoken::DecodingKey::from_jwk(key).expect("a key");
    let mut rules = jsonwebtoken::Validation::new(header.alg);
    rules.set_issuer(&["https://blog.example"]);
    rules.set_audience(&["blog-api"]);
    let claims = jsonwebtoken::decode::<Value>(&token, &key, &rules).expect("it verifies").claims;
    assert_eq!(claims["roles"], json!(["reader"]));

    let tag = format!("If-None-Match: {}", answer.headers("etag")[0]);
    let again = blog.send("GET", "/.well-known/jwks.json", &[tag], None);
    assert_eq!((again.status, again.body.as_str()), (304, ""));
}

#[test]
fn m07_a_token_tells_what_it_is_worth() {
    let blog = Blog::seeded();
    let me = blog.get("/auth/me", Some(&blog.login("admin"))).json();
    assert_eq!(me["scheme"], "jwt");
    assert_eq!(me["roles"], json!(["admin", "author", "reader"]));
    let scopes = ["delete:posts", "read:posts", "read:profile", "write:posts", "write:profile"];
    assert_eq!(me["scopes"], json!(scopes));
}

#[test]
fn p7_an_unknown_user_and_a_wrong_password_get_the_same_answer() {
    let blog = Blog::seeded();
    let try_in = |user: &str, password: &str| {
        blog.write("POST", "/auth/login", None, &json!({ "username": user, "password": password }))
    };
    let (unknown, wrong) = (try_in("nobody", "some password"), try_in("reader", "some password"));
    assert_eq!((unknown.status, wrong.status), (401, 401));
    assert_eq!(unknown.told(), wrong.told());
    assert_eq!(unknown.headers("www-authenticate"), wrong.headers("www-authenticate"));
}

#[test]
fn e1_login_refuses_what_it_does_not_understand() {
    let blog = Blog::seeded();
    let login = |body: &str| blog.post("/auth/login", &[], body);
    assert_eq!(login("{").status, 400);
    assert_eq!(login(r#"{"username":"a"}"#).status, 422);
    assert_eq!(login(r#"{"username":"a","password":"b","admin":true}"#).status, 422);
    let long = json!({ "username": "a".repeat(65), "password": "b" });
    assert_eq!(login(&long.to_string()).status, 422);
    let long = json!({ "username": "a", "password": "b".repeat(1000) });
    assert_eq!(login(&long.to_string()).status, 422);
    let huge = json!({ "username": "a", "password": "b".repeat(70_000) });
    assert_eq!(login(&huge.to_string()).status, 413);
    let form = vec!["Content-Type: application/x-www-form-urlencoded".to_owned()];
    let form = blog.send("POST", "/auth/login", &form, Some("username=a&password=b"));
    assert_eq!((form.status, form.code().as_str()), (415, "unsupported_media_type"));
    assert_eq!(form.headers("content-type"), ["application/problem+json"]);
}

#[test]
fn a2_no_secret_is_in_the_log() {
    let blog = Blog::start(&[("BLOG_SEED", "1"), ("RUST_LOG", "trace")]);
    let token = blog.login("reader");
    let password = blog.password("reader");
    assert_eq!(blog.get("/posts/1", Some(&token)).status, 200);
    let forged = format!("{token}x");
    assert_eq!(blog.send("GET", "/posts/1", &bearer(Some(&forged)), None).status, 401);
    let log = blog.folder.log();
    let signature = token.rsplit('.').next().expect("three parts");
    assert!(log.contains("signature-invalid") || log.contains("not-base64url"), "{log}");
    assert!(!log.contains(signature) && !log.contains(&password));
}
