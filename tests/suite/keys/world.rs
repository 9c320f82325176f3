//! A service with accounts and API keys. In: nothing. Out: its answers, a clock to move, every audit
//! event, and a store that can be pulled.

use std::{
    mem,
    sync::{Arc, Mutex},
};

use auth_runtime::{
    Auth, Identity, Protected, Router,
    account::{Account, StoredAccounts},
    api_key::{self, ApiKeys, NewApiKey},
    audit::{AuditSink, Event},
    authenticate,
    clock::{ManualClock, Timestamp},
    jwt::AccessGrant,
    policy,
    policy_types::KeyEnvironment,
    public,
    routing::{get, post},
    store::{Collection, Store},
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, Request},
};
use serde_json::{Value, json};

use crate::{
    answer::Answer,
    failing::{Failing, When},
    password::password_hash,
    signing::own_keys,
};

pub(super) const START: i64 = 1_800_000_000;
pub(super) const DAY: i64 = 86_400;

/// One process of the service; several may share a store.
pub(super) struct World {
    pub(super) store: Arc<Failing>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) accounts: StoredAccounts,
    pub(super) auth: Auth,
    pub(super) keys: ApiKeys,
    pub(super) events: Events,
    app: Protected,
    caller: Caller,
}

/// Whom a guard let in last, as a handler has it.
type Caller = Arc<Mutex<Option<Identity>>>;

#[authenticate(api_key, scopes = "read:posts", policy = "policies/keys.yaml")]
async fn read() {}

#[authenticate(jwt | api_key, scopes = "write:posts", policy = "policies/keys.yaml")]
async fn write() {}

#[authenticate(jwt | session, policy = "policies/keys.yaml")]
async fn people(caller: Identity, State(kept): State<Caller>) {
    *kept.lock().unwrap() = Some(caller);
}

#[authenticate(jwt | api_key | session, policy = "policies/keys.yaml")]
async fn any(caller: Identity, State(kept): State<Caller>) -> String {
    *kept.lock().unwrap() = Some(caller.clone());
    let scopes: Vec<_> = caller.scopes().collect();
    let roles: Vec<_> = caller.roles().collect();
    format!("{} {scopes:?} {roles:?} {}", caller.scheme(), caller.expires_at().0)
}

#[public(reason = "knows some", identity = api_key, policy = "policies/keys.yaml")]
async fn known(caller: Option<Identity>) -> String {
    caller.map_or("nobody".to_owned(), |caller| caller.subject().id.to_string())
}

impl World {
    pub(super) async fn new() -> Self {
        Self::on(Arc::default(), Arc::new(ManualClock::at(Timestamp(START))), None).await
    }

    /// Another process on the same store.
    pub(super) async fn beside(&self) -> Self {
        Self::on(Arc::clone(&self.store), Arc::clone(&self.clock), None).await
    }

    /// Another process on the same store, of another environment.
    pub(super) async fn elsewhere(&self, environment: KeyEnvironment) -> Self {
        Self::on(Arc::clone(&self.store), Arc::clone(&self.clock), Some(environment)).await
    }

    async fn on(
        store: Arc<Failing>,
        clock: Arc<ManualClock>,
        environment: Option<KeyEnvironment>,
    ) -> Self {
        let events = Events::default();
        let builder = Auth::from_policy(policy!("policies/keys.yaml"))
            .keys("jwt", own_keys())
            .store(Arc::clone(&store) as Arc<dyn Store>)
            .clock(Arc::clone(&clock))
            .audit(events.clone());
        let builder = match environment {
            Some(environment) => builder.key_environment(environment),
            None => builder,
        };
        let auth = builder.build().await.unwrap();
        let caller = Caller::default();
        let app = Router::new()
            .route("/read", get(read))
            .route("/write", post(write))
            .route("/people", get(people))
            .route("/any", get(any))
            .route("/known", get(known))
            .merge(api_key::router())
            .with_state(Arc::clone(&caller))
            .protect(auth.clone());
        let accounts = StoredAccounts::new(Arc::clone(&store) as Arc<dyn Store>);
        let keys = auth.api_keys().unwrap();
        Self { store, clock, accounts, auth, keys, events, app, caller }
    }

    pub(super) async fn register(&self, name: &str, role: &str) -> Account {
        let (hash, roles) = (password_hash().await, vec![role.to_owned()]);
        self.accounts.register(name, roles, hash, self.auth.now()).await.unwrap()
    }

    /// An access token of that account, with all that its roles grant.
    pub(super) fn token(&self, account: &Account) -> String {
        let roles: Vec<_> = account.roles.iter().map(String::as_str).collect();
        self.token_for(&AccessGrant::new(&account.id).roles(&roles))
    }

    pub(super) fn token_for(&self, grant: &AccessGrant<'_>) -> String {
        let issued = self.auth.issuer().unwrap().access_token(grant, self.auth.now());
        issued.unwrap().token.expose().to_owned()
    }

    /// The account as a handler knows it that signed in.
    pub(super) async fn caller(&self, account: &Account) -> Identity {
        self.caller_with(&self.token(account)).await
    }

    pub(super) async fn caller_with(&self, token: &str) -> Identity {
        let status = self.send(bearer("GET", "/people", token)).await.status;
        assert_eq!(status, 200);
        self.caller.lock().unwrap().take().unwrap()
    }

    /// The identity a key leads to.
    pub(super) async fn holder(&self, key: &str) -> Identity {
        assert_eq!(self.send(with_key("GET", "/any", key)).await.status, 200);
        self.caller.lock().unwrap().take().unwrap()
    }

    /// A key of that account for these scopes, by the service: its text and its id.
    pub(super) async fn key(&self, account: &Account, scopes: &[&str]) -> (String, String) {
        let issued = self.keys.create(&self.caller(account).await, wanted(scopes)).await.unwrap();
        self.events.take();
        (issued.key.expose().to_owned(), issued.info.id)
    }

    /// How often the store was asked for keys and accounts since this was asked last.
    pub(super) fn calls(&self) -> usize {
        self.store.calls(&["api-key", "account"])
    }

    /// Every record there is of an owner's keys, as text.
    pub(super) async fn kept(&self, owner: &Account) -> Vec<String> {
        let owner = owner.owner().unwrap();
        let records =
            self.store.list(Collection("api-key"), &owner, self.auth.now()).await.unwrap();
        records.into_iter().map(|record| String::from_utf8(record.value).unwrap()).collect()
    }

    /// Closes an account as soon as the next key is made.
    pub(super) fn close_meanwhile(&self, account: &Account) {
        let (accounts, id, now) = (self.accounts.clone(), account.id.clone(), self.auth.now());
        self.store.meanwhile(When::AfterInsert("api-key"), async move {
            accounts.change(&id, |account| account.disabled = true, now).await.unwrap();
        });
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        // What a running engine does by itself once a second, whether the store answers or not, by a
        // clock that does not leap.
        let _ = self.auth.revocations().unwrap().follow(self.auth.now()).await;
        Answer::of(&self.app, request).await
    }

    /// The status of a request with that key.
    pub(super) async fn reads(&self, key: &str) -> u16 {
        self.send(with_key("GET", "/read", key)).await.status
    }

    /// The audit cause of a key that is refused like every other.
    pub(super) async fn refuses(&self, key: impl AsRef<[u8]>) -> String {
        self.events.take();
        let answer = self.send(with_key("GET", "/read", key)).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_token"));
        let mut events = self.events.take();
        assert_eq!(events.len(), 1, "{events:?}");
        events.remove(0).cause.unwrap()
    }
}

pub(super) fn wanted(scopes: &[&str]) -> NewApiKey {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    NewApiKey { name: "ci".to_owned(), scopes, lifetime: None }
}

pub(super) fn ask(method: &str, path: &str) -> Request<Body> {
    Request::builder().method(method).uri(path).body(Body::empty()).unwrap()
}

pub(super) fn bearer(method: &str, path: &str, token: &str) -> Request<Body> {
    let mut request = ask(method, path);
    let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
    request.headers_mut().insert("authorization", value);
    request
}

pub(super) fn with_key(method: &str, path: &str, key: impl AsRef<[u8]>) -> Request<Body> {
    let mut request = ask(method, path);
    let value = HeaderValue::from_bytes(key.as_ref()).unwrap();
    request.headers_mut().insert("x-api-key", value);
    request
}

/// The request with a JSON body.
pub(super) fn json_body(mut request: Request<Body>, body: &Value) -> Request<Body> {
    request.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    *request.body_mut() = Body::from(body.to_string());
    request
}

/// What is asked for to have a key.
pub(super) fn asked(scopes: &[&str]) -> Value {
    json!({ "name": "ci", "scopes": scopes })
}

/// The events so far.
#[derive(Clone, Default)]
pub(super) struct Events(Arc<Mutex<Vec<Seen>>>);

/// What the tests look at of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) kind: &'static str,
    pub(super) decision: &'static str,
    pub(super) subject: Option<String>,
    pub(super) scheme: Option<String>,
    pub(super) credential: Option<String>,
    pub(super) cause: Option<String>,
}

impl AuditSink for Events {
    fn record(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(Seen {
            kind: event.kind.as_str(),
            decision: event.decision.as_str(),
            subject: event.subject.map(|subject| subject.id.to_string()),
            scheme: event.scheme.map(str::to_owned),
            credential: event.credential.map(str::to_owned),
            cause: event.cause.map(str::to_owned),
        });
    }
}

impl Events {
    /// The events since the last call.
    pub(super) fn take(&self) -> Vec<Seen> {
        mem::take(&mut self.0.lock().unwrap())
    }

    /// The kinds of the last events about what happened to keys.
    pub(super) fn about_keys(&self) -> Vec<&'static str> {
        let kinds = self.take().into_iter().map(|event| event.kind);
        kinds.filter(|kind| kind.starts_with("key.")).collect()
    }
}
