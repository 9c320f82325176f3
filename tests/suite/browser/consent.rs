//! A program of somebody else's, on another site, and the one whom it sends to the blog. In: a link.
//! Out: back where the program wants them, with a code or without.

use std::collections::{BTreeMap, HashMap};

use serde_json::json;

use super::{
    contrast::too_faint,
    keyboard::tab_to,
    keys::{ENTER, TAB},
    origin::Origin,
    site::Site,
    window::{Looks, Window},
};
use crate::{
    blog::letting_in::token,
    oauth::browser::{Asking, VERIFIER, asking},
};

const PHONE: Looks = Looks { width: 360, height: 740, dark: false };

/// The blog is at 127.0.0.1: `localhost` is another site.
const HOST: &str = "localhost";

/// A blog, a browser, and a program with pages of its own that is registered.
struct Visit {
    site: Site,
    app: Origin,
    secret: String,
}

impl Visit {
    fn new() -> Self {
        let site = Site::open();
        let page = "<!doctype html><title>App</title><h1>Welcome back</h1>";
        let app = Origin::serving(HashMap::from([("/callback".to_owned(), page.to_owned())]));
        let wanted = json!({
            "id": "reading-app",
            "name": "Reading app",
            "redirect_uris": [app.url(HOST, "/callback")],
            "scopes": ["read:posts", "write:posts", "read:profile"],
        });
        let admin = site.blog.login("admin");
        let made = site.blog.write("POST", "/admin/clients", Some(&admin), &wanted);
        assert_eq!(made.status, 201, "{made:?}");
        let secret = made.json()["client_secret"].as_str().expect("a secret").to_owned();
        Self { site, app, secret }
    }

    fn asking(&self) -> Asking {
        let asking = asking("reading-app").with("redirect_uri", &self.app.url(HOST, "/callback"));
        asking.with("scope", "read:posts write:posts read:profile")
    }

    /// Follows a link on a page of the program's.
    fn sets_out(&self, asking: &Asking) -> &Window {
        let address = self.site.url(&asking.path()).replace('&', "&amp;");
        let page =
            format!("<!doctype html><title>App</title><a href=\"{address}\">Open the blog</a>");
        let start = Origin::serving(HashMap::from([("/".to_owned(), page)]));
        self.site.window.visit(&start.url(HOST, "/"));
        self.site.window.click("Open the blog");
        &self.site.window
    }

    /// What the program is told, once the browser is back.
    fn told(&self) -> BTreeMap<String, String> {
        let window = &self.site.window;
        let callback = self.app.url(HOST, "/callback?");
        window.until("the way back", || window.url().starts_with(&callback));
        assert_eq!(window.text(), "Welcome back");
        let url = window.url();
        serde_urlencoded::from_str(url.strip_prefix(&callback).expect("the callback"))
            .expect("pairs")
    }
}

fn signs_in_by_keyboard(visit: &Visit, window: &Window) {
    window.until("the page to sign in with", || window.path().starts_with("/login?next="));
    assert_eq!(window.focused(), "User name");
    window.press(&format!("author{TAB}{}{ENTER}", visit.site.blog.password("author")));
}

fn violations(window: &Window) -> Vec<String> {
    let console = window.console().into_iter();
    console.filter(|line| line.contains("Content Security Policy")).collect()
}

#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn m06_somebody_on_a_phone_lets_a_program_in_by_keyboard() {
    let visit = Visit::new();
    visit.site.window.look(PHONE);
    let window = visit.sets_out(&visit.asking());
    signs_in_by_keyboard(&visit, window);
    window.until("the question", || window.text().contains("Let “Reading app” in?"));
    for said in ["Read posts", "Create and edit posts", "Read your own profile", "author"] {
        assert!(window.text().contains(said), "{said}: {}", window.text());
    }
    assert!(window.text().contains(visit.app.url(HOST, "").trim_end_matches('/')));
    let widths = window.script("return [document.documentElement.scrollWidth, innerWidth]");
    assert!(widths[0].as_u64() <= widths[1].as_u64(), "it scrolls sideways: {widths}");
    assert!(too_faint(window).is_empty());
    tab_to(window, "Allow");
    window.press(ENTER);
    let told = visit.told();
    assert_eq!(violations(window), [""; 0]);
    assert_eq!((&*told["iss"], &*told["state"]), ("https://blog.example", "st&te=1"));
    let given = token(
        &visit.site.blog,
        "reading-app",
        &visit.secret,
        &[
            ("grant_type", "authorization_code"),
            ("code", &told["code"]),
            ("redirect_uri", &visit.app.url(HOST, "/callback")),
            ("code_verifier", VERIFIER),
        ],
    );
    assert_eq!(given.json()["scope"], "read:posts read:profile write:posts", "{given:?}");
}

#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn m06_somebody_who_is_signed_in_says_no() {
    let visit = Visit::new();
    visit.site.sign_in("author");
    let window = visit.sets_out(&visit.asking());
    window.until("the question", || window.text().contains("Let “Reading app” in?"));
    window.click("Deny");
    let told = visit.told();
    assert_eq!(told["error"], "access_denied");
    assert!(!told.contains_key("code"));
    assert_eq!(violations(window), [""; 0]);
}

/// The page to sign in with lets its form lead to ourselves alone, and Chromium holds what follows
/// to that.
#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn m06_a_program_that_asks_wrongly_is_told_so_after_a_sign_in() {
    let visit = Visit::new();
    let window = visit.sets_out(&visit.asking().with("scope", "read:mail"));
    signs_in_by_keyboard(&visit, window);
    assert_eq!(visit.told()["error"], "invalid_scope");
    assert_eq!(violations(window), [""; 0]);
}

#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn h1_the_question_is_in_nobodys_frame() {
    let visit = Visit::new();
    visit.site.sign_in("author");
    let address = visit.site.url(&visit.asking().path()).replace('&', "&amp;");
    let page = format!("<!doctype html><title>Trap</title><iframe src=\"{address}\"></iframe>");
    let trap = Origin::serving(HashMap::from([("/".to_owned(), page)]));
    // On the same site, so that the session's cookie is sent along.
    let window = &visit.site.window;
    window.visit(&trap.url("127.0.0.1", "/"));
    let refused =
        |line: &String| line.contains("frame-ancestors") || line.contains("X-Frame-Options");
    let mut console = Vec::new();
    window.until("the refusal", || {
        console.extend(window.console());
        console.iter().any(refused)
    });
}
