//! The blog with `BLOG_OIDC_*`, before a provider on loopback: as somebody finds it who starts it.

use std::{
    collections::HashMap,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use super::{
    fake::{Fake, TOKEN, USERINFO},
    world::{SECRET, pairs, public_keys, sign},
};
use crate::blog::process::{Answer, Blog};

struct Site {
    blog: Blog,
    fake: Fake,
}

impl Site {
    async fn start() -> Self {
        let fake = Fake::start(&public_keys()).await;
        let issuer = fake.issuer();
        let settings = [
            ("BLOG_OIDC_ISSUER", issuer.as_str()),
            ("BLOG_OIDC_CLIENT_ID", "blog"),
            ("BLOG_OIDC_CLIENT_SECRET", SECRET),
        ];
        Self { blog: Blog::start(&settings), fake }
    }

    /// Somebody sets out: what the provider is told, and the browser's cookie.
    fn set_out(&self) -> (HashMap<String, String>, String) {
        let answer = self.blog.get("/login/local", None);
        assert_eq!(answer.status, 302, "{answer:?}");
        let location = answer.headers("location")[0].to_owned();
        let (endpoint, query) = location.split_once('?').expect("a query");
        assert!(endpoint.starts_with(&self.fake.issuer()), "{location}");
        (pairs(query), cookie(&answer, "__Host-oidc").expect("a cookie"))
    }

    /// The provider vouches for somebody with this profile, and sends the browser back.
    fn sign_in(&self, profile: &Value) -> String {
        let (asked, browser) = self.set_out();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let claims = json!({
            "iss": self.fake.issuer(), "sub": profile["sub"], "aud": "blog", "iat": now,
            "exp": now + 300, "nonce": asked["nonce"],
        });
        let id_token = sign(&json!({ "alg": "ES256", "kid": "k1" }), &claims);
        let tokens = json!({ "access_token": "at", "token_type": "Bearer", "id_token": id_token });
        self.fake.reply(TOKEN, 200, &tokens);
        self.fake.reply(USERINFO, 200, profile);
        let query = format!("state={}&code=c&iss={}", asked["state"], self.fake.issuer());
        let path = format!("/login/local/callback?{query}");
        let answer = self.blog.send("GET", &path, &[format!("Cookie: {browser}")], None);
        assert_eq!((answer.status, answer.headers("location")[0]), (302, "/account"), "{answer:?}");
        format!("Cookie: {}", cookie(&answer, "__Host-session").expect("a session"))
    }

    fn profile(&self, session: &str) -> Value {
        self.blog.send("GET", "/profile", &[session.to_owned()], None).json()
    }
}

/// `name=value` of a cookie that is set.
fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let pairs = answer.headers("set-cookie").into_iter().filter_map(|set| set.split(';').next());
    let mut of_name = pairs.filter(|pair| pair.split('=').next() == Some(name));
    of_name.find(|pair| !pair.ends_with('=')).map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m05_an_account_is_made_and_brought_up_to_date_from_the_profile() {
    let site = Site::start().await;
    let ada = json!({
        "sub": "7", "preferred_username": "ada", "email": "ada@x.example", "email_verified": true,
        "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace",
    });
    let made = site.profile(&site.sign_in(&ada));
    assert_eq!(made["username"], "ada");
    for (name, value) in [
        ("display_name", json!("Ada Lovelace")),
        ("email", json!("ada@x.example")),
        ("email_verified", json!(true)),
        ("given_name", json!("Ada")),
        ("family_name", json!("Lovelace")),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    let married = json!({
        "sub": "7", "preferred_username": "countess", "email": "ada@king.example",
        "name": "Ada King", "given_name": "Augusta", "family_name": "King",
    });
    let later = site.profile(&site.sign_in(&married));
    assert_eq!((&later["id"], &later["username"]), (&made["id"], &made["username"]));
    for (name, value) in [
        ("display_name", json!("Ada King")),
        ("email", json!("ada@king.example")),
        ("email_verified", json!(false)),
        ("given_name", json!("Augusta")),
        ("family_name", json!("King")),
    ] {
        assert_eq!(later[name], value, "{name}");
    }
    // What is not said stays.
    let silent = site.profile(&site.sign_in(&json!({ "sub": "7" })));
    assert_eq!(silent, later);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m05_a_name_that_somebody_has_chosen_here_stays() {
    let site = Site::start().await;
    let ada = json!({ "sub": "7", "preferred_username": "ada", "name": "Ada Lovelace" });
    let session = site.sign_in(&ada);
    let shown = site.blog.send("GET", "/session", std::slice::from_ref(&session), None).json();
    let csrf = shown["csrf_token"].as_str().expect("a token");
    let headers =
        [session, format!("X-CSRF-Token: {csrf}"), "Content-Type: application/json".to_owned()];
    let change = json!({ "display_name": "The Countess" }).to_string();
    let changed = site.blog.send("PUT", "/profile", &headers, Some(&change));
    assert_eq!(changed.status, 200, "{changed:?}");
    let later = site.profile(&site.sign_in(&ada));
    assert_eq!(later["display_name"], "The Countess");
}
