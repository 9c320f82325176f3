//! A blog and a browser before it. In: a user of the seed. Out: what that user does on the pages,
//! and what the pages then show.

use serde_json::json;

use super::window::Window;
use crate::blog::process::{Answer, Blog};

pub(super) struct Site {
    pub(super) blog: Blog,
    pub(super) window: Window,
}

/// What the account page shows of what could be changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) user: String,
    /// The id of the session that sees this.
    pub(super) here: Option<String>,
    /// The ids of all of them.
    pub(super) sessions: Vec<String>,
    /// Their ids and states.
    pub(super) keys: Vec<(String, String)>,
}

impl Site {
    pub(super) fn open() -> Self {
        Self { blog: Blog::seeded(), window: Window::open() }
    }

    pub(super) fn signed_in(user: &str) -> Self {
        let site = Self::open();
        site.sign_in(user);
        site
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.blog.address)
    }

    pub(super) fn visit(&self, path: &str) -> &Window {
        self.window.visit(&self.url(path));
        &self.window
    }

    pub(super) fn sign_in(&self, user: &str) {
        let window = self.visit("/login");
        window.named("User name").write(user);
        window.named("Password").write(&self.blog.password(user));
        window.find("main button").click();
        window.until("the account page", || window.path() == "/account");
    }

    /// Makes a key on the account page and returns it.
    pub(super) fn create_key(&self, name: &str) -> String {
        let window = self.visit("/account");
        window.named("Name").write(name);
        window.find("input[value='read:posts']").click();
        window.click("Create key");
        window.find("#key").text()
    }

    pub(super) fn state(&self) -> State {
        let window = self.visit("/account");
        assert_eq!(window.path(), "/account", "nobody is signed in: {}", window.text());
        let ids = |name: &str| {
            let rows = window.all(&format!("[{name}]")).into_iter();
            rows.map(|row| (row.attribute(name).expect("it has one"), row)).collect::<Vec<_>>()
        };
        let keys =
            ids("data-key").into_iter().map(|(id, row)| (id, row.all(".title .chip")[0].text()));
        State {
            user: window.find("main strong").text(),
            here: window.find("li[aria-current]").attribute("data-session"),
            sessions: ids("data-session").into_iter().map(|(id, _)| id).collect(),
            keys: keys.collect(),
        }
    }

    /// What a program gets that shows a key.
    pub(super) fn ask_with_key(&self, key: &str) -> Answer {
        self.blog.send("GET", "/api/data", &[format!("X-API-Key: {key}")], None)
    }

    /// Signs in without the browser, as another device would, and returns the cookie.
    pub(super) fn elsewhere(&self, user: &str) -> String {
        let body = json!({ "username": user, "password": self.blog.password(user) });
        let device =
            "User-Agent: Mozilla/5.0 (Android 16; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0";
        let answer = self.blog.post("/session", &[device.to_owned()], &body.to_string());
        assert_eq!(answer.status, 200, "{answer:?}");
        let cookie = answer.headers("set-cookie")[0].split(';').next().expect("a pair");
        format!("Cookie: {cookie}")
    }
}
