//! A program that somebody lets in, on the running blog: to sign in, to be asked, and what the
//! program can do then.

use auth_tests::{postgresql, redis};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::process::{Answer, Blog};
use crate::oauth::browser::{Asking, VERIFIER, asking};

const CALLBACK: &str = "http://127.0.0.1/callback";

/// A browser of the tests: it has a cookie once it has signed in.
struct Browser<'b> {
    blog: &'b Blog,
    cookie: String,
}

/// The request of the client that is planted.
fn asked(client: &str) -> Asking {
    asking(client).with("redirect_uri", CALLBACK)
}

impl<'b> Browser<'b> {
    /// One that signs in on its way to a page, and is led on to it.
    fn signed_in(blog: &'b Blog, user: &str, next: &str) -> Self {
        let browser = Self { blog, cookie: String::new() };
        let password = blog.password(user);
        let form = [("username", user), ("password", &password), ("next", next)];
        let answer = browser.post("/login", &form);
        assert_eq!((answer.status, answer.headers("location")), (303, vec![next]));
        let cookie = answer.headers("set-cookie")[0].split(';').next().unwrap_or_default();
        Self { blog, cookie: cookie.to_owned() }
    }

    fn headers(&self) -> Vec<String> {
        vec![
            "Accept: text/html".to_owned(),
            format!("Cookie: {}", self.cookie),
            "Sec-Fetch-Site: same-origin".to_owned(),
            "Content-Type: application/x-www-form-urlencoded".to_owned(),
        ]
    }

    fn get(&self, path: &str) -> Answer {
        self.blog.send("GET", path, &self.headers(), None)
    }

    fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(form).expect("pairs");
        self.blog.send("POST", path, &self.headers(), Some(&body))
    }

    /// Sends the form of a page, with that decision: what the program is told.
    fn decides(&self, page: &Answer, decision: &str) -> Value {
        let mut fields = fields(&page.body);
        fields.push(("decision".to_owned(), decision.to_owned()));
        let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        let answer = self.post("/oauth/authorize", &fields);
        assert_eq!(answer.status, 303, "{answer:?}");
        told(answer.headers("location")[0])
    }
}

/// The hidden fields of the form that asks.
fn fields(page: &str) -> Vec<(String, String)> {
    let form = page.split("action=\"/oauth/authorize\"").nth(1).expect("a form");
    let form = form.split("</form>").next().expect("its end");
    let inputs = form.split("<input type=\"hidden\" name=\"").skip(1);
    inputs
        .map(|input| {
            let (name, rest) = input.split_once("\" value=\"").expect("a value");
            let value = rest.split('"').next().expect("its end");
            (name.to_owned(), value.replace("&amp;", "&"))
        })
        .collect()
}

fn told(location: &str) -> Value {
    let query = location.strip_prefix(CALLBACK).and_then(|rest| rest.strip_prefix('?'));
    let query = query.unwrap_or_else(|| panic!("sent to {location}"));
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).expect("pairs");
    pairs.into_iter().map(|(name, value)| (name, json!(value))).collect()
}

fn exchange(blog: &Blog, client: &str, secret: &str, code: &Value) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str().expect("a code")),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    token(blog, client, secret, &form)
}

pub(crate) fn token(blog: &Blog, client: &str, secret: &str, form: &[(&str, &str)]) -> Answer {
    let basic = STANDARD.encode(format!("{client}:{secret}"));
    let headers = [
        format!("Authorization: Basic {basic}"),
        "Content-Type: application/x-www-form-urlencoded".to_owned(),
    ];
    let body = serde_urlencoded::to_string(form).expect("pairs");
    blog.send("POST", "/oauth/token", &headers, Some(&body))
}

fn text(answer: &Answer, member: &str) -> String {
    answer.json()[member].as_str().unwrap_or_else(|| panic!("no {member}: {answer:?}")).to_owned()
}

#[test]
fn m06_ot2_a_program_is_let_in_and_does_what_it_was_let_in_for() {
    let blog = Blog::seeded();
    let secret = blog.seed()["clients"]["svc-app"].as_str().expect("a secret").to_owned();
    let asked = asked("svc-app").path();

    // Whoever is not signed in is sent to sign in, and comes back.
    let nobody = Browser { blog: &blog, cookie: String::new() };
    let answer = nobody.get(&asked);
    assert_eq!(answer.status, 303);
    let login = answer.headers("location")[0].to_owned();
    assert!(login.starts_with("/login?next=/oauth/authorize%3Fresponse_type%3Dcode"), "{login}");
    let next = fields_of_login(&nobody.get(&login));
    let browser = Browser::signed_in(&blog, "author", &next);

    let page = browser.get(&next);
    assert_eq!(page.status, 200);
    for shown in ["Let “The nightly report” in?", "author", "Read posts", "http://127.0.0.1"] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    let policies = page.headers("content-security-policy");
    assert!(policies[0].contains("form-action 'self' http://127.0.0.1; frame-ancestors 'none'"));
    assert_eq!(browser.decides(&page, "deny")["error"], "access_denied");
    let told = browser.decides(&page, "allow");
    assert_eq!((&told["iss"], &told["state"]), (&json!("https://blog.example"), &json!("st&te=1")));

    let given = exchange(&blog, "svc-app", &secret, &told["code"]);
    assert_eq!((given.status, text(&given, "scope")), (200, "read:posts".to_owned()));
    let access = text(&given, "access_token");
    let renew =
        [("grant_type", "refresh_token"), ("refresh_token", &text(&given, "refresh_token"))];
    let next = token(&blog, "svc-app", &secret, &renew);
    assert_eq!(next.status, 200);
    let body = json!({});
    for (method, path, status) in [
        ("GET", "/posts/1", 200),
        ("GET", "/auth/me", 200),
        ("POST", "/posts", 403),
        ("GET", "/profile", 403),
        // What people do with their account, and what admins do, no program does for them.
        ("POST", "/auth/password", 403),
        ("POST", "/auth/logout", 403),
        ("POST", "/auth/logout/all", 403),
        ("GET", "/api-keys", 403),
        ("POST", "/api-keys", 403),
        ("GET", "/admin/users", 403),
        ("POST", "/admin/clients", 403),
        ("GET", "/session", 401),
        ("GET", "/sessions", 401),
        ("GET", "/account", 401),
        ("POST", "/oauth/authorize", 401),
    ] {
        let answer = blog.write(method, path, Some(&access), &body);
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
    }

    let again = exchange(&blog, "svc-app", &secret, &told["code"]);
    assert_eq!((again.status, text(&again, "error")), (400, "invalid_grant".to_owned()));
    for ended in [access, text(&next, "access_token")] {
        assert_eq!(blog.get("/posts/1", Some(&ended)).status, 401);
    }
}

/// Where the page to sign in with leads.
fn fields_of_login(page: &Answer) -> String {
    let next = page.body.split("name=\"next\" value=\"").nth(1).expect("a field");
    next.split('"').next().expect("its end").replace("&amp;", "&")
}

#[test]
fn ot1_an_address_that_is_not_the_programs_is_a_page_of_our_own() {
    let blog = Blog::seeded();
    let browser = Browser { blog: &blog, cookie: String::new() };
    let evil = asked("svc-app").with("redirect_uri", "http://127.0.0.1/callback/");
    let page = browser.get(&evil.path());
    assert_eq!((page.status, page.headers("location").len()), (400, 0));
    assert!(page.headers("content-type")[0].starts_with("text/html"));
    assert!(page.body.contains("go back to it and begin anew"), "{}", page.body);
    assert!(page.headers("content-security-policy")[0].contains("style-src 'self'"));
    let program = blog.get(&evil.path(), None);
    assert_eq!((program.status, program.code().as_str()), (400, "invalid_authorization"));
}

#[test]
fn m06_admins_register_programs_and_remove_them() {
    let blog = Blog::seeded();
    let (admin, author) = (blog.login("admin"), blog.login("author"));
    let wanted = json!({
        "id": "reading-app",
        "name": "Reading <b>app</b>",
        "redirect_uris": [CALLBACK],
        "scopes": ["read:posts", "write:posts"],
    });
    let make =
        |token: Option<&str>, wanted: &Value| blog.write("POST", "/admin/clients", token, wanted);
    assert_eq!(make(None, &wanted).status, 401);
    assert_eq!(make(Some(&author), &wanted).status, 403);
    let made = make(Some(&admin), &wanted);
    assert_eq!((made.status, text(&made, "client_id")), (201, "reading-app".to_owned()));
    assert_eq!(made.headers("cache-control"), ["no-store"]);
    let taken = make(Some(&admin), &wanted);
    assert_eq!((taken.status, taken.code()), (409, "client_taken".to_owned()));
    for (member, value) in [
        ("redirect_uris", json!(["http://app.example/"])),
        ("scopes", json!(["read:mail"])),
        ("id", json!("a b")),
        ("grants", json!(["password"])),
        ("surprise", json!(1)),
    ] {
        let mut bad = wanted.clone();
        bad[member] = value;
        assert_eq!(make(Some(&admin), &bad).status, 422, "{member}");
    }

    let asked = asked("reading-app").with("scope", "read:posts write:posts").path();
    let browser = Browser::signed_in(&blog, "author", &asked);
    let page = browser.get(&asked);
    assert!(page.body.contains("Reading &lt;b&gt;app&lt;/b&gt;"), "{}", page.body);
    let code = browser.decides(&page, "allow")["code"].clone();
    let path = "/admin/clients/reading-app/secret";
    let other = blog.write("POST", path, Some(&admin), &json!({}));
    let given = exchange(&blog, "reading-app", &text(&other, "client_secret"), &code);
    assert_eq!(text(&given, "scope"), "read:posts write:posts");
    let access = text(&given, "access_token");
    let post = json!({ "title": "For me", "body": "by a program" });
    assert_eq!(blog.write("POST", "/posts", Some(&access), &post).status, 201);

    let remove = |token: &str| blog.delete("/admin/clients/reading-app", Some(token)).status;
    assert_eq!((remove(&author), remove(&admin), remove(&admin)), (403, 204, 404));
    assert_eq!(blog.get("/posts/1", Some(&access)).status, 401);
}

/// Of many at once one gets tokens, and they are worth nothing: more than one has seen the code.
fn one_of_many_wins(blog: &Blog) {
    let secret = blog.seed()["clients"]["svc-app"].as_str().expect("a secret").to_owned();
    let asked = asked("svc-app").path();
    let browser = Browser::signed_in(blog, "author", &asked);
    for _ in 0..5 {
        let code = browser.decides(&browser.get(&asked), "allow")["code"].clone();
        let answers: Vec<_> = std::thread::scope(|scope| {
            let attempt = || scope.spawn(|| exchange(blog, "svc-app", &secret, &code));
            let attempts: Vec<_> = (0..8).map(|_| attempt()).collect();
            attempts.into_iter().map(|attempt| attempt.join().expect("it ends")).collect()
        });
        let (given, refused): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.status == 200);
        assert_eq!(given.len(), 1, "{answers:?}");
        assert!(
            refused.iter().all(|answer| text(answer, "error") == "invalid_grant"),
            "{refused:?}"
        );
        assert_eq!(blog.get("/posts/1", Some(&text(given[0], "access_token"))).status, 401);
    }
}

#[test]
fn ot2_of_many_at_once_on_sqlite_one_wins() {
    one_of_many_wins(&Blog::seeded());
}

#[test]
#[ignore = "needs a Redis: ./test stores"]
fn ot2_of_many_at_once_on_redis_one_wins() {
    let server = redis::start(&[]);
    one_of_many_wins(&Blog::start(&[("BLOG_SEED", "1"), ("BLOG_STORE", &server.url)]));
}

#[test]
#[ignore = "needs a PostgreSQL: ./test stores"]
fn ot2_of_many_at_once_on_postgresql_one_wins() {
    let server = postgresql::start(&[]);
    one_of_many_wins(&Blog::start(&[("BLOG_SEED", "1"), ("BLOG_STORE", &server.url)]));
}
