//! A service with sessions. In: nothing. Out: its endpoints, browsers that sign in, and a clock.

use std::sync::{Arc, Mutex};

use auth_runtime::{
    Auth, EmbeddedPolicy, Identity, Protected, Router,
    account::{Account, StoredAccounts},
    audit::{AuditSink, Event},
    authenticate,
    clock::{ManualClock, Timestamp},
    policy, public,
    routing::{get, post},
    session::{self, Sessions},
    sign_in::PasswordSignIn,
    store::{MemoryStore, Store},
};
use axum::{
    body::Body,
    http::{HeaderMap, Request},
};
use serde_json::{Value, json};

use crate::{
    answer::Answer,
    password::{PASSWORD, hasher, password_hash},
    signing::{own_keys, partner_keys},
};

pub(super) const START: Timestamp = Timestamp(1_800_000_000);

/// One process of the service; several may share a store.
pub(super) struct World {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) accounts: StoredAccounts,
    pub(super) auth: Auth,
    pub(super) sessions: Sessions,
    pub(super) causes: Causes,
    policy: EmbeddedPolicy,
    app: Protected,
}

/// The causes of what was refused so far.
#[derive(Clone, Default)]
pub(super) struct Causes(Arc<Mutex<Vec<String>>>);

impl AuditSink for Causes {
    fn record(&self, event: &Event<'_>) {
        if let Some(cause) = event.cause {
            self.0.lock().unwrap().push(cause.to_owned());
        }
    }
}

impl Causes {
    /// The causes since the last call.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A browser that has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Browser {
    /// The cookie's value.
    pub(super) value: String,
    pub(super) csrf: String,
}

#[authenticate(jwt | session, policy = "../policies/test.yaml")]
async fn who(caller: Identity) -> String {
    caller.subject().id.to_string()
}

#[authenticate(session, scopes = "write:posts", policy = "../policies/test.yaml")]
async fn write() {}

#[authenticate(session, role = "admin", policy = "../policies/test.yaml")]
async fn administer() {}

#[public(reason = "a page for all", identity = session, policy = "../policies/test.yaml")]
async fn page(caller: Option<Identity>) -> &'static str {
    if caller.is_some() { "hello again" } else { "hello" }
}

impl World {
    pub(super) async fn new() -> Self {
        Self::under(policy!("../policies/test.yaml")).await
    }

    pub(super) async fn under(policy: EmbeddedPolicy) -> Self {
        let clock = Arc::new(ManualClock::at(START));
        Self::on(policy, Arc::new(MemoryStore::new()), clock).await
    }

    /// Another process on the same store.
    pub(super) async fn beside(&self) -> Self {
        Self::on(self.policy, Arc::clone(&self.store), Arc::clone(&self.clock)).await
    }

    pub(super) async fn on(
        policy: EmbeddedPolicy,
        store: Arc<dyn Store>,
        clock: Arc<ManualClock>,
    ) -> Self {
        let causes = Causes::default();
        let auth = Auth::from_policy(policy)
            .keys("jwt", own_keys())
            .keys("partner", partner_keys())
            .store(Arc::clone(&store))
            .clock(Arc::clone(&clock))
            .audit(causes.clone())
            .build()
            .await
            .unwrap();
        let sign_in = PasswordSignIn::new(auth.clone(), hasher()).unwrap();
        let app = Router::new()
            .route("/who", get(who))
            .route("/write", post(write))
            .route("/admin", get(administer))
            .route("/page", get(page))
            .merge(session::router(sign_in))
            .protect(auth.clone());
        let accounts = StoredAccounts::new(Arc::clone(&store));
        let sessions = auth.sessions().unwrap();
        Self { store, clock, accounts, auth, sessions, causes, policy, app }
    }

    pub(super) async fn register(&self, name: &str) -> Account {
        let roles = vec!["author".to_owned()];
        let hash = password_hash().await;
        self.accounts.register(name, roles, hash, self.auth.now()).await.unwrap()
    }

    /// A browser of that account, which has been signed in without a password.
    pub(super) async fn browser(&self, account: &Account) -> Browser {
        let begun = self.sessions.begin(account, &HeaderMap::new()).await.unwrap();
        let set_cookie = begun.set_cookie.to_str().unwrap();
        Browser { value: value(set_cookie), csrf: begun.csrf_token.expose().to_owned() }
    }

    /// What a sign-in answers.
    pub(super) async fn sign_in(&self, name: &str, before: Option<&Browser>) -> Answer {
        let body = json!({ "username": name, "password": PASSWORD });
        self.ask("POST", "/session", before, Some(&body)).await
    }

    /// One request from a page of the service.
    pub(super) async fn ask(
        &self,
        method: &str,
        path: &str,
        browser: Option<&Browser>,
        body: Option<&Value>,
    ) -> Answer {
        let mut headers = vec![("sec-fetch-site", "same-origin".to_owned())];
        if let Some(browser) = browser {
            headers.push(("cookie", format!("__Host-session={}", browser.value)));
            headers.push(("x-csrf-token", browser.csrf.clone()));
        }
        if body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        self.send(method, path, &headers, body).await
    }

    pub(super) async fn get(&self, path: &str, browser: &Browser) -> Answer {
        self.ask("GET", path, Some(browser), None).await
    }

    /// The status of a guarded endpoint.
    pub(super) async fn knows(&self, browser: &Browser) -> u16 {
        self.get("/who", browser).await.status
    }

    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
        body: impl Into<Body>,
    ) -> Answer {
        let request = Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |all, (name, value)| all.header(*name, value));
        self.send_raw(request.body(body.into()).unwrap()).await
    }

    pub(super) async fn send_raw(&self, request: Request<Body>) -> Answer {
        Answer::of(&self.app, request).await
    }
}

impl Answer {
    /// The one `Set-Cookie` header.
    pub(super) fn set_cookie(&self) -> String {
        let all: Vec<_> = self.headers.get_all("set-cookie").iter().collect();
        assert_eq!(all.len(), 1, "{self:?}");
        all[0].to_str().unwrap().to_owned()
    }

    /// The browser that the answer makes.
    pub(super) fn browser(&self) -> Browser {
        assert_eq!(self.status, 200, "{self:?}");
        let csrf = self.json()["csrf_token"].as_str().unwrap().to_owned();
        Browser { value: value(&self.set_cookie()), csrf }
    }
}

fn value(set_cookie: &str) -> String {
    let (name, rest) = set_cookie.split_once('=').unwrap();
    assert_eq!(name, "__Host-session");
    rest.split(';').next().unwrap().to_owned()
}
