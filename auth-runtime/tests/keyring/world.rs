//! A service under `keys.yaml`: guarded routes, an engine with a stopped clock, and a record of
//! what it reported.

use std::{
    mem,
    sync::{Arc, Mutex},
};

use auth_runtime::{
    Auth, Identity, Protected, Router,
    audit::{AuditSink, Event, Kind},
    authenticate,
    clock::{ManualClock, Timestamp},
    discovery::{Discovery, Fetch},
    extract::Json,
    jwt::{AccessGrant, KeySet},
    policy,
    policy_types::Algorithm,
    routing::get,
    wellknown,
};
use axum::{
    body::Body,
    http::{HeaderMap, Request},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::issuer::FakeNet;

/// When every test begins, in seconds since 1970.
pub(crate) const START: i64 = 1_800_000_000;
/// The cool-down and the longest stale time of every test, in seconds.
pub(crate) const COOL_DOWN: i64 = 60;
pub(crate) const MAX_STALE: i64 = 24 * 60 * 60;

#[authenticate(
    jwt | partner | rival | auth0 | entra | keycloak,
    scopes = "read:posts",
    policy = "tests/policies/keys.yaml"
)]
async fn read(caller: Identity) -> Json<Value> {
    let (scopes, roles): (Vec<_>, Vec<_>) = (caller.scopes().collect(), caller.roles().collect());
    Json(
        json!({ "sub": &*caller.subject().id, "scheme": caller.scheme(), "scopes": scopes, "roles": roles }),
    )
}

#[authenticate(
    auth0 | entra | keycloak,
    role = "author",
    policy = "tests/policies/keys.yaml"
)]
async fn author() {}

/// The service.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) app: Protected,
    pub(crate) auth: Auth,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) audit: Arc<Recorder>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl World {
    /// A service that fetches from this net.
    pub(crate) async fn on(net: &Arc<FakeNet>) -> Self {
        Self::with(keys(&[&generate()]), Arc::clone(net)).await
    }

    pub(crate) async fn with(own: KeySet, fetch: impl Fetch) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp(START)));
        let audit = Arc::new(Recorder::default());
        let auth = Auth::from_policy(policy!("tests/policies/keys.yaml"))
            .keys("jwt", own)
            .discovery(Discovery::new(fetch))
            .clock(Arc::clone(&clock))
            .audit(Arc::clone(&audit))
            .build()
            .await
            .unwrap();
        let router = Router::new()
            .route("/read", get(read))
            .route("/author", get(author))
            .route("/.well-known/jwks.json", wellknown::jwks());
        Self { app: router.protect(auth.clone()), auth, clock, audit }
    }

    /// The answer to `GET /read` with this token.
    pub(crate) async fn read(&self, token: &str) -> Answer {
        self.get("/read", &[("authorization", &format!("Bearer {token}"))]).await
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = Request::get(path);
        let request = headers.iter().fold(request, |all, (name, value)| all.header(*name, *value));
        let response =
            self.app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let body = String::from_utf8(body).unwrap();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// A token of our own for a reader.
    pub(crate) fn own_token(&self) -> String {
        let grant = AccessGrant::new("alice").roles(&["reader"]);
        let issued = self.auth.issuer().unwrap().access_token(&grant, self.auth.now()).unwrap();
        issued.token.expose().to_owned()
    }

    /// Lets tasks run until none of them has anything to do.
    pub(crate) async fn settle(&self) {
        for _ in 0..64 {
            tokio::task::yield_now().await;
        }
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// That it is the 503 of keys nobody could get, which is to be asked again.
    pub(crate) fn is_unavailable(&self) -> bool {
        let seconds: i64 = self.header("retry-after").parse().unwrap_or(0);
        let said = self.json();
        (1..=COOL_DOWN).contains(&seconds)
            && said["retry_after"] == seconds
            && (self.status, said["code"].as_str()) == (503, Some("unavailable"))
    }
}

/// A new private key for our own tokens, as a JWK.
pub(crate) fn generate() -> Value {
    let text = KeySet::generate(Algorithm::EdDSA).unwrap();
    serde_json::from_str::<Value>(text.expose()).unwrap()["keys"][0].clone()
}

/// A set of these keys.
pub(crate) fn keys(keys: &[&Value]) -> KeySet {
    KeySet::from_jwk_set(&json!({ "keys": keys }).to_string()).unwrap()
}

/// Remembers events about keys: decision, scheme, cause.
#[derive(Default)]
pub(crate) struct Recorder(Mutex<Vec<String>>);

impl Recorder {
    pub(crate) fn take(&self) -> Vec<String> {
        mem::take(&mut self.0.lock().unwrap())
    }
}

impl AuditSink for Recorder {
    fn record(&self, event: &Event<'_>) {
        if event.kind == Kind::Keys {
            let words = [event.decision.as_str(), event.scheme.unwrap(), event.cause.unwrap()];
            self.0.lock().unwrap().push(words.join(" "));
        }
    }
}
