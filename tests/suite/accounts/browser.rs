//! A browser on the pages of the service. In: what answers set. Out: requests with the cookies that
//! belong to their paths, and what a browser says of the page that caused them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::world::{HOST, World, credentials};
use crate::answer::Answer;

#[derive(Clone, Default)]
pub(super) struct Browser {
    /// Name, and value and path.
    jar: BTreeMap<String, (String, String)>,
    /// What the page keeps of the body.
    pub(super) csrf: String,
}

impl Browser {
    /// A browser somebody has signed in with.
    pub(super) async fn of(world: &World, name: &str) -> Self {
        let mut browser = Self::default();
        assert_eq!(browser.sign_in(world, name).await.status, 200);
        browser
    }

    /// A browser with a session instead of tokens.
    pub(super) async fn with_session(world: &World, name: &str) -> Self {
        let mut browser = Self::default();
        let answer = browser.post(world, "/session", Some(&credentials(name))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        browser
    }

    pub(super) async fn sign_in(&mut self, world: &World, name: &str) -> Answer {
        let mut body = credentials(name);
        body["cookie"] = json!(true);
        self.post(world, "/auth/login", Some(&body)).await
    }

    /// A request of the page, by script.
    pub(super) async fn post(&mut self, world: &World, path: &str, body: Option<&Value>) -> Answer {
        let csrf = self.csrf.clone();
        let from = [("sec-fetch-site", "same-origin"), ("x-csrf-token", csrf.as_str())];
        self.post_from(world, path, body, &from).await
    }

    /// The same with other headers than a page of the service would have.
    pub(super) async fn post_from(
        &mut self,
        world: &World,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let cookies = self.cookies_for(path);
        let mut all = headers.to_vec();
        if !cookies.is_empty() {
            all.push(("cookie", &cookies));
        }
        if body.is_some() {
            all.push(("content-type", "application/json"));
        }
        let body = body.map(Value::to_string);
        let answer = world.ask("POST", path, &all, body.as_deref()).await;
        self.take(&answer);
        answer
    }

    pub(super) async fn get(&self, world: &World, path: &str) -> Answer {
        world.ask("GET", path, &[("cookie", &self.cookies_for(path))], None).await
    }

    /// The value of a cookie it has.
    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        self.jar.get(name).map(|(value, _)| value.as_str())
    }

    pub(super) fn cookies_for(&self, path: &str) -> String {
        let sent = self.jar.iter().filter(|(_, (_, below))| {
            below == "/" || path == below || path.starts_with(&format!("{below}/"))
        });
        let pairs: Vec<_> = sent.map(|(name, (value, _))| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    fn take(&mut self, answer: &Answer) {
        for cookie in answer.cookies() {
            let (pair, attributes) = cookie.split_once("; ").expect("attributes");
            let (name, value) = pair.split_once('=').expect("a value");
            let path = attributes.split("; ").find_map(|attribute| attribute.strip_prefix("Path="));
            let path = path.expect("a path").to_owned();
            if attributes.contains("Max-Age=0") {
                assert_eq!(self.jar.remove(name).map(|(_, at)| at), Some(path), "where it was set");
            } else {
                self.jar.insert(name.to_owned(), (value.to_owned(), path));
            }
        }
        let body = serde_json::from_str::<Value>(&answer.body).unwrap_or_default();
        if let Some(token) = body["csrf_token"].as_str() {
            self.csrf = token.to_owned();
        }
    }
}

/// The origin of the service's own pages.
pub(super) fn origin() -> String {
    format!("https://{HOST}")
}
