//! `Auth::reload` from inside one process: a service under `policies/reload.yaml`, a copy of that
//! file to edit, and a clock that stands still.

mod racing;
mod refused;
mod taken;

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use auth_runtime::{
    Auth, Identity, Protected, ReloadError, Router,
    account::StoredAccounts,
    api_key, authenticate,
    clock::{ManualClock, Timestamp},
    jwt::AccessGrant,
    password::Hasher,
    policy, public,
    routing::get,
    secret::Secret,
    session,
    sign_in::PasswordSignIn,
    store::{MemoryStore, Store},
};

use super::{
    fixture::{Answer, Ask, Recorder, START, ask, send},
    forge,
};
use crate::files::workspace;

const PASSWORD: &str = "correct horse battery";

#[authenticate(jwt | session | api_key, scopes = "read:posts", policy = "policies/reload.yaml")]
async fn guarded(caller: Identity) -> String {
    caller.scopes().collect::<Vec<_>>().join(" ")
}

#[public(reason = "counted", limit = "plenty", policy = "policies/reload.yaml")]
async fn counted() {}

/// A service, and the file that its policy is reloaded from.
struct World {
    auth: Auth,
    app: Protected,
    clock: Arc<ManualClock>,
    audit: Arc<Recorder>,
    accounts: StoredAccounts,
    file: PathBuf,
    text: String,
}

impl World {
    async fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("auth-reload-{}-{number}.yaml", std::process::id());
        let file = std::env::temp_dir().join(name);
        let text = fs::read_to_string(workspace().join("tests/policies/reload.yaml")).unwrap();
        fs::write(&file, &text).unwrap();

        let (clock, audit) = (Arc::new(ManualClock::at(Timestamp(START))), Arc::default());
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let auth = Auth::from_policy(policy!("policies/reload.yaml"))
            .keys("jwt", forge::own_keys())
            .keys("partner", forge::p256_keys())
            .store(Arc::clone(&store))
            .clock(Arc::clone(&clock))
            .audit(Arc::clone(&audit))
            .policy_file(&file)
            .build()
            .await
            .unwrap();
        let hasher = Hasher::new(auth.policy().passwords()).unwrap();
        let sign_in = PasswordSignIn::new(auth.clone(), hasher).unwrap();
        let app = Router::new()
            .route("/guarded", get(guarded))
            .route("/counted", get(counted))
            .merge(session::router(sign_in))
            .merge(api_key::router())
            .protect(auth.clone());
        let accounts = StoredAccounts::new(store);
        Self { auth, app, clock, audit, accounts, file, text }
    }

    /// Reloads the policy with one piece of it replaced, counted from how it was at start.
    fn reload_with(&self, old: &str, new: &str) -> Result<(), ReloadError> {
        fs::write(&self.file, self.edited(old, new)).unwrap();
        self.auth.reload(&self.file)
    }

    fn edited(&self, old: &str, new: &str) -> String {
        assert!(self.text.contains(old), "the policy has `{old}`");
        self.text.replacen(old, new, 1)
    }

    /// The same, where that is a policy.
    fn adopts(&self, old: &str, new: &str) {
        let reloaded = self.reload_with(old, new);
        assert_eq!(reloaded, Ok(()), "{new}");
    }

    async fn send(&self, request: Ask) -> Answer {
        // What a running engine does by itself once a second, by a clock that does not leap.
        self.auth.revocations().unwrap().follow(self.auth.now()).await.unwrap();
        send(self.app.clone(), request).await
    }

    async fn status(&self, request: Ask) -> u16 {
        self.send(request).await.status
    }

    /// An access token for somebody with that role.
    fn token(&self, role: &str) -> String {
        self.token_of("ada", role)
    }

    fn token_of(&self, id: &str, role: &str) -> String {
        let roles = [role];
        let grant = AccessGrant::new(id).roles(&roles);
        let issued = self.auth.issuer().unwrap().access_token(&grant, self.auth.now()).unwrap();
        issued.token.expose().to_owned()
    }

    /// What a token is answered.
    async fn knows(&self, token: &str) -> Answer {
        self.send(ask("GET", "/guarded").bearer(token)).await
    }

    async fn register(&self, name: &str) {
        let hasher = Hasher::new(self.auth.policy().passwords()).unwrap();
        let hash = hasher.hash(Secret::from(PASSWORD.to_owned())).await.unwrap();
        let roles = vec!["author".to_owned()];
        self.accounts.register(name, roles, hash, self.auth.now()).await.unwrap();
    }

    async fn sign_in(&self, name: &str, password: &str, origin: &str) -> Answer {
        let body = format!(r#"{{"username":"{name}","password":"{password}"}}"#);
        let request = ask("POST", "/session").header("host", "blog.example");
        let request = request.header("origin", origin).body("application/json", body);
        self.send(request.from("192.0.2.1")).await
    }

    /// The cookie of somebody who signed in.
    async fn cookie(&self, name: &str) -> String {
        let answer = self.sign_in(name, PASSWORD, "https://blog.example").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let set = answer.headers["set-cookie"].to_str().unwrap();
        set.split(';').next().unwrap().to_owned()
    }

    async fn session(&self, cookie: &str) -> Answer {
        self.send(ask("GET", "/session").header("cookie", cookie)).await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // A test may have removed it already.
        let _ = fs::remove_file(&self.file);
    }
}
