//! The blog with `BLOG_OIDC_*`, before a provider on loopback: as somebody finds it who starts it.

use std::{
    collections::HashMap,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use super::{
    fake::{Fake, TOKEN, USER, USERINFO},
    world::{SECRET, pairs, public_keys, sign},
};
use crate::{
    blog::process::{Answer, Blog, Folder},
    files::workspace,
};

struct Site {
    blog: Blog,
    fake: Fake,
    /// The provider `hub` of the policy, without OpenID Connect.
    hub: Fake,
}

impl Site {
    async fn start() -> Self {
        let (fake, hub) = (Fake::start(&public_keys()).await, Fake::plain().await);
        let (issuer, folder) = (fake.issuer(), Folder::new());
        let policy = policy_with(&hub, &folder);
        let settings = [
            ("BLOG_POLICY", policy.as_str()),
            ("BLOG_OIDC_ISSUER", issuer.as_str()),
            ("BLOG_OIDC_CLIENT_ID", "blog"),
            ("BLOG_OIDC_CLIENT_SECRET", SECRET),
        ];
        Self { blog: Blog::start_in(folder, &settings), fake, hub }
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

    /// Sends a form of the account page, and comes back from `hub` if it leads there.
    fn post(&self, path: &str, session: &str) -> Answer {
        let shown = self.blog.send("GET", "/session", &[session.to_owned()], None).json();
        let csrf = shown["csrf_token"].as_str().expect("a token").to_owned();
        let headers = [
            session.to_owned(),
            format!("Origin: http://{}", self.blog.address),
            "Content-Type: application/x-www-form-urlencoded".to_owned(),
        ];
        self.blog.send("POST", path, &headers, Some(&format!("csrf_token={csrf}")))
    }

    fn account(&self, session: &str) -> String {
        self.blog.send("GET", "/account", &[session.to_owned()], None).body
    }

    fn profile(&self, session: &str) -> Value {
        self.blog.send("GET", "/profile", &[session.to_owned()], None).json()
    }
}

/// The policy of the blog, with the provider `hub`.
fn policy_with(hub: &Fake, folder: &Folder) -> String {
    let (path, secret) = (folder.0.join("policy.yaml"), folder.0.join("secret"));
    let text = std::fs::read_to_string(workspace().join("policies/blog.yaml")).expect("a policy");
    let (hub, secret_file) = (hub.issuer(), secret.display());
    let providers = format!(
        "
providers:
  hub:
    identity: https://hub.example
    authorization_endpoint: {hub}/authorize
    token_endpoint: {hub}{TOKEN}
    userinfo_endpoint: {hub}{USER}
    profile: {{ subject: id, username: login }}
    client_id: blog
    client_secret: file:{secret_file}
    after: [/account]
    on_failure: /login
"
    );
    std::fs::write(&secret, SECRET).expect("written");
    std::fs::write(&path, text + &providers).expect("written");
    path.display().to_string()
}

/// `name=value` of a cookie that is set.
fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let pairs = answer.headers("set-cookie").into_iter().filter_map(|set| set.split(';').next());
    let mut of_name = pairs.filter(|pair| pair.split('=').next() == Some(name));
    of_name.find(|pair| !pair.ends_with('=')).map(str::to_owned)
}

/// With BLOG_TLS=1 browsers speak HTTP/2, which has no `Host`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn oc4_m13_over_tls_the_provider_sends_browsers_back_over_tls() {
    let fake = Fake::start(&public_keys()).await;
    let issuer = fake.issuer();
    let blog = Blog::start(&[
        ("BLOG_TLS", "1"),
        ("BLOG_OIDC_ISSUER", issuer.as_str()),
        ("BLOG_OIDC_CLIENT_ID", "blog"),
        ("BLOG_OIDC_CLIENT_SECRET", SECRET),
    ]);
    let answer = blog.get("/login/local", None);
    assert_eq!(answer.status, 302, "{answer:?}");
    let (_, query) = answer.headers("location")[0].split_once('?').expect("a query");
    let back = format!("https://{}/login/local/callback", blog.address);
    assert_eq!(pairs(query)["redirect_uri"], back);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn oc8_the_account_page_lists_links_and_removes_providers() {
    let site = Site::start().await;
    let session = site.sign_in(&json!({ "sub": "7", "preferred_username": "ada" }));
    let page = site.account(&session);
    assert!(page.contains("Sign-in providers") && page.contains("Link hub"), "{page}");
    assert_eq!(page.matches("data-identity=").count(), 1);

    let answer = site.post("/account/providers/hub/link", &session);
    assert_eq!(answer.status, 200, "{answer:?}");
    let (_, rest) = answer.body.split_once("content=\"0;url=").expect("a page that leads on");
    let address = rest.split('"').next().expect("its end").replace("&amp;", "&");
    assert!(address.starts_with(&format!("{}/authorize?", site.hub.issuer())), "{address}");
    let asked = pairs(address.split_once('?').expect("a query").1);
    let browser = cookie(&answer, "__Host-oidc").expect("a cookie");
    site.hub.reply(TOKEN, 200, &json!({ "access_token": "at", "token_type": "bearer" }));
    site.hub.reply(USER, 200, &json!({ "id": 42, "login": "<ada>" }));
    let path = format!("/login/hub/callback?state={}&code=c", asked["state"]);
    let back = site.blog.send("GET", &path, &[format!("Cookie: {browser}")], None);
    assert_eq!((back.status, back.headers("location")[0]), (302, "/account"), "{back:?}");

    let page = site.account(&session);
    assert_eq!(page.matches("data-identity=").count(), 2);
    assert!(
        page.contains("&lt;ada&gt;") && !page.contains("<ada>"),
        "what a provider says is text"
    );
    let hub =
        page.split("data-identity=\"").nth(1).expect("one").split('"').next().expect("its end");
    let removed = site.post(&format!("/account/identities/{hub}/unlink"), &session);
    assert_eq!(removed.headers("location")[0], "/account?done=unlinked", "{removed:?}");
    let page = site.account(&session);
    let last =
        page.split("data-identity=\"").nth(1).expect("one").split('"').next().expect("its end");
    let kept = site.post(&format!("/account/identities/{last}/unlink"), &session);
    assert_eq!(kept.headers("location")[0], "/account?done=only-way", "{kept:?}");
    assert_eq!(site.account(&session).matches("data-identity=").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn oc8_a_blog_without_providers_shows_none() {
    let blog = Blog::seeded();
    let body = json!({ "username": "reader", "password": blog.password("reader") });
    let answer = blog.post("/session", &[], &body.to_string());
    let session = format!("Cookie: {}", cookie(&answer, "__Host-session").expect("a session"));
    let page = blog.send("GET", "/account", &[session], None);
    assert!(page.status == 200 && !page.body.contains("Sign-in providers"), "{page:?}");
}
