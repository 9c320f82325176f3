//! P9: a password that was changed meanwhile is not changed back by whoever knew the old one. In:
//! accounts that get another password the moment they are read. Out: that one stays.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use auth_runtime::{
    Auth, Protected, Router,
    account::{Account, Accounts, StoredAccounts},
    clock::{ManualClock, Timestamp},
    endpoints::AccountEndpoints,
    password::{Hasher, PasswordHash},
    policy,
    secret::Secret,
    sign_in::{PasswordSignIn, SignInError},
    store::{Answer, MemoryStore, Store},
    tokens::Tokens,
};
use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::world::Outbox;
use crate::signing::{own_keys, partner_keys};

/// The password is `abc`.
const BCRYPT: &str = "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i";
const OLD: &str = "correct horse battery";
const NEW: &str = "another walk, up the hill";
const STOLEN: &str = "what the thief would like";
const NOW: Timestamp = Timestamp(1_800_000_000);

/// Accounts where somebody else is quick: after so many looks the password is another.
#[derive(Clone, Debug)]
struct Racing {
    accounts: StoredAccounts,
    looks_left: Arc<AtomicUsize>,
    then: Arc<Mutex<Option<PasswordHash>>>,
}

impl Racing {
    fn new(store: Arc<dyn Store>) -> Self {
        let accounts = StoredAccounts::new(store);
        Self { accounts, looks_left: Arc::default(), then: Arc::default() }
    }

    fn after(&self, looks: usize, password: PasswordHash) {
        self.looks_left.store(looks, Ordering::SeqCst);
        *self.then.lock().expect("no test panics here") = Some(password);
    }

    async fn seen(&self, account: Option<Account>, now: Timestamp) -> Option<Account> {
        let last = self.looks_left.fetch_sub(1, Ordering::SeqCst) == 1;
        let then = self.then.lock().expect("no test panics here").clone().filter(|_| last);
        if let (Some(account), Some(password)) = (&account, then) {
            let change = |account: &mut Account| account.password = password.clone();
            self.accounts.change(&account.id, change, now).await.expect("changed");
        }
        account
    }
}

impl Accounts for Racing {
    fn by_name<'a>(&'a self, name: &'a str, now: Timestamp) -> Answer<'a, Option<Account>> {
        Box::pin(async move {
            let found = self.accounts.by_name(name, now).await?;
            Ok(self.seen(found, now).await)
        })
    }

    fn by_id<'a>(&'a self, id: &'a str, now: Timestamp) -> Answer<'a, Option<Account>> {
        Box::pin(async move {
            let found = self.accounts.by_id(id, now).await?;
            Ok(self.seen(found, now).await)
        })
    }

    fn set_password<'a>(
        &'a self,
        id: &'a str,
        was: &'a PasswordHash,
        password: &'a PasswordHash,
        now: Timestamp,
    ) -> Answer<'a, bool> {
        self.accounts.set_password(id, was, password, now)
    }
}

/// A service on such accounts, with one of them.
struct World {
    racing: Racing,
    auth: Auth,
    hasher: Hasher,
    tokens: Tokens,
    sent: Outbox,
    app: Protected,
    ada: Account,
}

impl World {
    async fn new(password: impl AsyncFnOnce(&Hasher) -> PasswordHash) -> Self {
        let store = Arc::new(MemoryStore::new());
        let racing = Racing::new(store.clone());
        let auth = Auth::from_policy(policy!("policies/cookies.yaml"))
            .keys("jwt", own_keys())
            .keys("partner", partner_keys())
            .store(store)
            .accounts(Arc::new(racing.clone()))
            .clock(Arc::new(ManualClock::at(NOW)))
            .build()
            .await
            .expect("an engine");
        let hasher = Hasher::new(auth.policy().passwords()).expect("a hasher");
        let hash = password(&hasher).await;
        let ada = racing.accounts.register("ada", vec!["author".to_owned()], hash, NOW).await;
        let (tokens, sent) = (Tokens::new(auth.clone()).await.expect("tokens"), Outbox::default());
        let endpoints = AccountEndpoints::new(tokens.clone(), hasher.clone()).expect("a store");
        let endpoints = endpoints.resets(Arc::new(sent.clone())).expect("a store");
        let app = Router::new().nest("/auth", endpoints.router()).protect(auth.clone());
        Self { racing, auth, hasher, tokens, sent, app, ada: ada.expect("an account") }
    }

    async fn hash(&self, password: &str) -> PasswordHash {
        hash(&self.hasher, password).await
    }

    /// The hash that the account has in the end.
    async fn password(&self) -> PasswordHash {
        let found = self.racing.accounts.by_id(&self.ada.id, NOW).await.expect("answered");
        found.expect("an account").password
    }

    async fn post(&self, path: &str, token: &Secret, body: &Value) -> u16 {
        let request = Request::post(path)
            .header("authorization", format!("Bearer {}", token.expose()))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .expect("a request");
        self.app.clone().oneshot(request).await.expect("an answer").status().as_u16()
    }
}

async fn hash(hasher: &Hasher, password: &str) -> PasswordHash {
    hasher.hash(Secret::from(password.to_owned())).await.expect("a hash")
}

#[tokio::test]
async fn p9_a_hash_made_anew_does_not_undo_a_reset() {
    let world = World::new(async |_: &Hasher| BCRYPT.parse().expect("a hash")).await;
    let reset = world.hash(NEW).await;
    world.racing.after(1, reset.clone());
    let sign_in = PasswordSignIn::new(world.auth.clone(), world.hasher.clone()).expect("a store");
    let account = sign_in.check("ada", Secret::from("abc".to_owned())).await;
    assert!(world.password().await == reset, "the old password is back");
    // What was compared is out of date, so that it leads to nothing.
    let account = account.expect("the password was right then");
    assert!(world.tokens.sign_in(&account).await.is_err());
    let again = sign_in.check("ada", Secret::from("abc".to_owned())).await;
    assert_eq!(again, Err(SignInError::Refused));
}

#[tokio::test]
async fn p9_a_change_by_the_old_password_does_not_undo_a_reset() {
    let world = World::new(async |hasher: &Hasher| hash(hasher, OLD).await).await;
    let token = world.tokens.sign_in(&world.ada).await.expect("signed in").access_token;
    let reset = world.hash(NEW).await;
    // Once for the name that is counted, and once for the password that is compared.
    world.racing.after(2, reset.clone());
    let change = json!({ "current": OLD, "new": STOLEN });
    assert_eq!(world.post("/auth/password", &token, &change).await, 401);
    assert!(world.password().await == reset, "the thief's password stands");
    let again = json!({ "current": NEW, "new": OLD });
    assert_eq!(world.post("/auth/password", &token, &again).await, 204);
}

#[tokio::test]
async fn p9_a_reset_from_before_a_change_sets_nothing() {
    let world = World::new(async |hasher: &Hasher| hash(hasher, OLD).await).await;
    let token = world.tokens.sign_in(&world.ada).await.expect("signed in").access_token;
    let ask = json!({ "username": "ada" });
    let begin = async || world.post("/auth/password/reset", &token, &ask).await;
    let confirm = async |reset: &str| {
        let body = json!({ "token": reset, "new": STOLEN });
        world.post("/auth/password/reset/confirm", &token, &body).await
    };

    // Changed while the reset is under way..
    assert_eq!(begin().await, 202);
    let quick = world.sent.wait().await;
    let changed = world.hash(NEW).await;
    world.racing.after(1, changed.clone());
    assert_eq!(confirm(&quick).await, 400);
    assert!(world.password().await == changed, "the reset has won");

    // ..or before it goes on.
    assert_eq!(begin().await, 202);
    let early = world.sent.wait().await;
    let change = json!({ "current": NEW, "new": OLD });
    assert_eq!(world.post("/auth/password", &token, &change).await, 204);
    assert_eq!(confirm(&early).await, 400);

    // Of an account that was closed nothing is set either.
    assert_eq!(begin().await, 202);
    let closed = world.sent.wait().await;
    let close = |account: &mut Account| account.disabled = true;
    world.racing.accounts.change(&world.ada.id, close, NOW).await.expect("closed");
    assert_eq!(confirm(&closed).await, 400);
}
