//! A service that mounts the endpoints of accounts. In: nothing. Out: the service with two accounts,
//! a clock to move, and whatever it would have sent.

use std::{
    future::{Future, ready},
    pin::Pin,
    sync::{Arc, Mutex},
};

use auth_runtime::{
    Auth, EmbeddedPolicy, Identity, Protected, Router,
    account::{Account, StoredAccounts},
    audit::{AuditSink, Event},
    authenticate,
    clock::{ManualClock, Timestamp},
    endpoints::AccountEndpoints,
    password::Hasher,
    policy,
    reset::{Notifier, NotifyError},
    routing::post,
    secret::Secret,
    session,
    sign_in::PasswordSignIn,
    store::MemoryStore,
    tokens::Tokens,
};
use axum::{body::Body, http::Request};
use serde_json::{Value, json};

pub(super) use crate::password::PASSWORD;
use crate::{
    answer::Answer,
    password::password_hash,
    signing::{own_keys, partner_keys},
};

pub(super) const HOST: &str = "service.example";

pub(super) struct World {
    pub(super) auth: Auth,
    pub(super) clock: Arc<ManualClock>,
    pub(super) accounts: StoredAccounts,
    pub(super) endpoints: AccountEndpoints,
    pub(super) sent: Outbox,
    pub(super) causes: Causes,
    app: Protected,
}

/// The causes of refusals so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Causes(Arc<Mutex<Vec<String>>>);

/// Tokens that would have been sent to somebody.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox(Arc<Mutex<Vec<String>>>);

#[authenticate(jwt | session, scopes = "write:posts", policy = "policies/cookies.yaml")]
async fn write(author: Identity) -> String {
    author.subject().id.to_string()
}

impl World {
    /// With tokens in cookies.
    pub(super) async fn new() -> Self {
        let routes = Router::new().route("/posts", post(write));
        Self::under(policy!("policies/cookies.yaml"), routes).await
    }

    /// Under a policy that has no such cookies.
    pub(super) async fn without_cookies() -> Self {
        Self::under(policy!("policies/every_request.yaml"), Router::new()).await
    }

    async fn under(policy: EmbeddedPolicy, routes: Router) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp(1_800_000_000)));
        let (sent, causes) = (Outbox::default(), Causes::default());
        let store = Arc::new(MemoryStore::new());
        let auth = Auth::from_policy(policy)
            .keys("jwt", own_keys())
            .keys("partner", partner_keys())
            .store(store.clone())
            .clock(Arc::clone(&clock))
            .audit(causes.clone())
            .build()
            .await
            .expect("an engine");
        let hasher = Hasher::new(auth.policy().passwords()).expect("a hasher");
        let accounts = StoredAccounts::new(store);
        for name in ["ada", "bob"] {
            let (hash, roles) = (password_hash().await, vec!["author".to_owned()]);
            accounts.register(name, roles, hash, auth.now()).await.expect("an account");
        }
        let tokens = Tokens::new(auth.clone()).await.expect("tokens");
        let endpoints = AccountEndpoints::new(tokens, hasher.clone()).expect("a store");
        let endpoints = endpoints.resets(Arc::new(sent.clone())).expect("a store");
        let sign_in = PasswordSignIn::new(auth.clone(), hasher).expect("a store");
        let routes = routes.nest("/auth", endpoints.clone().router());
        let app = routes.merge(session::router(sign_in)).protect(auth.clone());
        Self { auth, clock, accounts, endpoints, sent, causes, app }
    }

    pub(super) fn inventory(&self) -> String {
        self.app.inventory().to_string()
    }

    pub(super) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Answer {
        // What a running engine does by itself once a second, by a clock that does not leap.
        if let Some(revocations) = self.auth.revocations() {
            revocations.follow(self.auth.now()).await.expect("the store answers");
        }
        let mut request = Request::builder().method(method).uri(path).header("host", HOST);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |text| Body::from(text.to_owned()));
        Answer::of(&self.app, request.body(body).expect("a request")).await
    }

    /// What a program that sends JSON is answered.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Answer {
        let json = [("content-type", "application/json")];
        self.ask("POST", path, &json, Some(&body.to_string())).await
    }

    pub(super) async fn post_as(&self, token: &Value, path: &str, body: &Value) -> Answer {
        let token = bearer(token);
        let headers = [("content-type", "application/json"), ("authorization", token.as_str())];
        self.ask("POST", path, &headers, Some(&body.to_string())).await
    }

    /// Somebody's tokens.
    pub(super) async fn sign_in(&self, name: &str) -> Value {
        let answer = self.post("/auth/login", &credentials(name)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// What `GET /auth/me` answers to that access token.
    pub(super) async fn me(&self, token: &Value) -> u16 {
        self.ask("GET", "/auth/me", &[("authorization", &bearer(token))], None).await.status
    }

    pub(super) async fn refresh(&self, token: &Value) -> Answer {
        self.post("/auth/refresh", &json!({ "refresh_token": token })).await
    }

    pub(super) async fn account(&self, name: &str) -> Account {
        use auth_runtime::account::Accounts;
        let found = self.accounts.by_name(name, self.auth.now()).await.expect("answered");
        found.expect("registered")
    }
}

pub(super) fn credentials(name: &str) -> Value {
    json!({ "username": name, "password": PASSWORD })
}

fn bearer(token: &Value) -> String {
    format!("Bearer {}", token.as_str().expect("a token"))
}

impl Answer {
    /// The cookies it sets, as they are written.
    pub(super) fn cookies(&self) -> Vec<&str> {
        let set = self.headers.get_all("set-cookie").iter();
        set.map(|value| value.to_str().expect("ASCII")).collect()
    }
}

impl AuditSink for Causes {
    fn record(&self, event: &Event<'_>) {
        let cause = event.cause.unwrap_or_default().to_owned();
        self.0.lock().expect("no test panics here").push(cause);
    }
}

impl Causes {
    /// The last one.
    pub(super) fn last(&self) -> String {
        self.0.lock().expect("no test panics here").last().cloned().unwrap_or_default()
    }
}

impl Notifier for Outbox {
    fn password_reset<'a>(
        &'a self,
        _account: &'a Account,
        token: &'a Secret,
    ) -> Pin<Box<dyn Future<Output = Result<(), NotifyError>> + Send + 'a>> {
        self.0.lock().expect("no test panics here").push(token.expose().to_owned());
        Box::pin(ready(Ok(())))
    }
}

impl Outbox {
    /// The last token, once there is one.
    pub(super) async fn wait(&self) -> String {
        for _ in 0..10_000 {
            if let Some(token) = self.0.lock().expect("no test panics here").pop() {
                return token;
            }
            tokio::task::yield_now().await;
        }
        panic!("nothing was sent");
    }
}
