//! A service with one account. In: nothing. Out: its engine, its tokens, and a clock to move.

use std::sync::{Arc, Mutex};

use auth_runtime::{
    Auth, EmbeddedPolicy, Identity, Protected, Router,
    account::{Account, StoredAccounts},
    audit::{AuditSink, Event},
    authenticate,
    clock::{ManualClock, Timestamp},
    policy,
    routing::get,
    secret::Secret,
    store::{MemoryStore, Store},
    tokens::{SignedIn, Tokens, TokensError},
};
use axum::{
    body::Body,
    extract::State,
    http::{Request, StatusCode, header},
};
use tower::ServiceExt;

use crate::{
    password::password_hash,
    signing::{own_keys, partner_keys},
};

pub(super) const START: Timestamp = Timestamp(1_800_000_000);

/// One process of the service; several may share a store.
pub(super) struct World {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) accounts: StoredAccounts,
    pub(super) auth: Auth,
    pub(super) tokens: Tokens,
    pub(super) events: Events,
    app: Protected,
}

/// The kinds and causes of the events so far.
#[derive(Clone, Default)]
pub(super) struct Events(Arc<Mutex<Vec<Seen>>>);

type Seen = (&'static str, Option<String>);

impl AuditSink for Events {
    fn record(&self, event: &Event<'_>) {
        let seen = (event.kind.as_str(), event.cause.map(str::to_owned));
        self.0.lock().expect("no test panics here").push(seen);
    }
}

impl Events {
    pub(super) fn of(&self, kind: &str) -> Vec<Option<String>> {
        let events = self.0.lock().expect("no test panics here");
        events.iter().filter(|(seen, _)| *seen == kind).map(|(_, cause)| cause.clone()).collect()
    }
}

#[authenticate(jwt, policy = "../policies/test.yaml")]
async fn who(caller: Identity) -> String {
    caller.subject().id.to_string()
}

impl World {
    pub(super) async fn new() -> Self {
        Self::on(Arc::new(MemoryStore::new()), Arc::new(ManualClock::at(START))).await
    }

    /// Another process on the same store.
    pub(super) async fn beside(&self) -> Self {
        Self::on(Arc::clone(&self.store), Arc::clone(&self.clock)).await
    }

    pub(super) async fn on(store: Arc<dyn Store>, clock: Arc<ManualClock>) -> Self {
        Self::under(policy!("../policies/test.yaml"), store, clock).await
    }

    /// The same under a policy with other values.
    pub(super) async fn under(
        policy: EmbeddedPolicy,
        store: Arc<dyn Store>,
        clock: Arc<ManualClock>,
    ) -> Self {
        let events = Events::default();
        let auth = Auth::from_policy(policy)
            .keys("jwt", own_keys())
            .keys("partner", partner_keys())
            .store(Arc::clone(&store))
            .clock(Arc::clone(&clock))
            .audit(events.clone())
            .build()
            .await
            .expect("an engine");
        let accounts = StoredAccounts::new(Arc::clone(&store));
        let tokens = Tokens::new(auth.clone()).await.expect("tokens");
        let app = Router::new().route("/who", get(who)).protect(auth.clone());
        Self { store, clock, accounts, auth, tokens, events, app }
    }

    pub(super) async fn register(&self, name: &str) -> Account {
        let roles = vec!["author".to_owned()];
        let hash = password_hash().await;
        self.accounts.register(name, roles, hash, self.auth.now()).await.expect("an account")
    }

    pub(super) async fn sign_in(&self, account: &Account) -> SignedIn {
        self.tokens.sign_in(account).await.expect("signed in")
    }

    pub(super) async fn refresh(&self, token: &Secret) -> Result<SignedIn, TokensError> {
        self.tokens.refresh(token).await
    }

    /// What a guarded endpoint answers to a token.
    pub(super) async fn answers(&self, token: &Secret) -> StatusCode {
        let request = Request::get("/who")
            .header(header::AUTHORIZATION, format!("Bearer {}", token.expose()))
            .body(Body::empty())
            .expect("a request");
        self.app.clone().oneshot(request).await.expect("an answer").status()
    }

    /// The identity behind a token, as a handler has it.
    pub(super) async fn identity(&self, token: &Secret) -> Identity {
        type Caller = Arc<Mutex<Option<Identity>>>;
        #[authenticate(jwt, policy = "../policies/test.yaml")]
        async fn keep(caller: Identity, State(kept): State<Caller>) {
            *kept.lock().expect("no test panics here") = Some(caller);
        }
        let kept = Caller::default();
        let router = Router::new().route("/", get(keep)).with_state(Arc::clone(&kept));
        let app = router.protect(self.auth.clone());
        let request = Request::get("/")
            .header(header::AUTHORIZATION, format!("Bearer {}", token.expose()))
            .body(Body::empty())
            .expect("a request");
        let status = app.oneshot(request).await.expect("an answer").status();
        assert_eq!(status, StatusCode::OK);
        kept.lock().expect("no test panics here").take().expect("a caller")
    }
}
