//! The whole way: a token, a guard, an issuer on a socket.

use std::sync::{Arc, Mutex};

use auth_policy::settings::Algorithm;
use auth_runtime::{
    Auth, EmbeddedPolicy, Protected, Router,
    audit::{AuditSink, Event, Kind},
    authenticate,
    clock::{ManualClock, Timestamp},
    discovery::{Discovery, Fetch, Fetched, Fetching, HttpFetch},
    jwt::KeySet,
    routing::get,
    store::MemoryStore,
};
use axum::{body::Body, http::Request};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::server::{Reply, Server, http};
use crate::{blog::process::Folder, files::workspace, policies::embedded};

/// When every test begins, in seconds since 1970.
const START: i64 = 1_800_000_000;
const METADATA: &str = "/.well-known/openid-configuration";

#[authenticate(partner, scopes = "read:posts", policy = "../policies/test.yaml")]
async fn read() {}

struct Service {
    app: Protected,
    auth: Auth,
    events: Revisions,
    clock: Arc<ManualClock>,
}

/// The revision of the policy that each event about keys names.
#[derive(Clone, Debug, Default)]
struct Revisions(Arc<Mutex<Vec<String>>>);

impl AuditSink for Revisions {
    fn record(&self, event: &Event<'_>) {
        if event.kind == Kind::Keys {
            let revision = event.policy.as_str().to_owned();
            self.0.lock().expect("not poisoned").push(revision);
        }
    }
}

impl Service {
    /// A service whose partner is at that URL, and that fetches in this way.
    async fn trusting(issuer: &str, fetch: impl Fetch) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp(START)));
        let events = Revisions::default();
        let own = KeySet::generate(Algorithm::EdDSA).expect("a key");
        let own = KeySet::from_jwk_set(own.expose()).expect("a set");
        let auth = Auth::from_policy(policy_with(issuer))
            .keys("jwt", own)
            .discovery(Discovery::new(fetch))
            .store(Arc::new(MemoryStore::new()))
            .clock(Arc::clone(&clock))
            .audit(events.clone())
            .build()
            .await
            .expect("an engine");
        let app = Router::new().route("/read", get(read)).protect(auth.clone());
        Self { app, auth, events, clock }
    }

    async fn developing(server: &Server) -> Self {
        Self::trusting(&server.base(), HttpFetch::development().expect("certificates")).await
    }

    async fn read(&self, token: &str) -> u16 {
        let request = Request::get("/read").header("authorization", format!("Bearer {token}"));
        let request = request.body(Body::empty()).expect("a request");
        let response = self.app.clone().oneshot(request).await.expect("infallible");
        response.status().as_u16()
    }
}

/// The text of the policy of the tests, with its partner elsewhere: the port is known at run time
/// only.
fn text_with(issuer: &str) -> String {
    let path = workspace().join("policies/test.yaml");
    let text = std::fs::read_to_string(path).expect("the policy");
    text.replace("https://partner.example", issuer)
}

fn policy_with(issuer: &str) -> EmbeddedPolicy {
    embedded(text_with(issuer))
}

/// The partner's set: one key under this name.
fn set(kid: &str) -> Value {
    let pem = include_str!("../../../auth-runtime/tests/keys/es256.public.pem");
    let set = KeySet::from_pem(pem, Algorithm::ES256).expect("a key");
    let mut set = set.public_jwk_set();
    set["keys"][0]["kid"] = kid.into();
    set
}

/// A token of the partner's under that key.
fn token(issuer: &str, kid: &str) -> String {
    let header = json!({ "typ": "at+jwt", "alg": "ES256", "kid": kid });
    let claims = json!({
        "iss": issuer, "sub": "u", "aud": "test-api", "scp": "read:posts",
        "exp": START + 1_000_000, "iat": START,
    });
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(&header), encode(&claims));
    let pem = include_bytes!("../../../auth-runtime/tests/keys/es256.private.pem");
    let key = EncodingKey::from_ec_pem(pem).expect("a key");
    let algorithm = jsonwebtoken::Algorithm::ES256;
    let signature =
        jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).expect("signed");
    format!("{message}.{signature}")
}

#[tokio::test]
async fn m04_e4_keys_are_found_rotated_kept_and_given_up() {
    let server = Server::start().await;
    server.publish(&set("k1"));
    let service = Service::developing(&server).await;
    let token = |kid| token(&server.base(), kid);
    assert_eq!(service.read(&token("k1")).await, 200);
    assert_eq!(service.read(&token("k2")).await, 401);
    assert_eq!(server.connections(), 2, "metadata and keys");

    server.json("/jwks", &set("k2"));
    service.clock.advance(60);
    assert_eq!(service.read(&token("k2")).await, 200);
    assert_eq!(service.read(&token("k1")).await, 401);

    server.reply(METADATA, Reply::Whole(http("503 Down", "Retry-After: 5", "")));
    service.clock.advance(24 * 60 * 60 - 1);
    assert_eq!(service.read(&token("k2")).await, 200);
    service.clock.advance(60);
    assert_eq!(service.read(&token("k2")).await, 503);
    assert_eq!(service.read("nonsense").await, 401, "one scheme is asked for: it needs no keys");
}

#[tokio::test]
async fn oc6_an_issuer_that_says_it_is_another_is_not_believed() {
    let server = Server::start().await;
    server.publish(&set("k1"));
    let metadata = json!({ "issuer": "https://partner.example", "jwks_uri": server.url("/jwks") });
    server.json(METADATA, &metadata);
    let service = Service::developing(&server).await;
    assert_eq!(service.read(&token(&server.base(), "k1")).await, 503);
    assert_eq!(server.connections(), 1, "its keys are not asked for");
}

/// Production's way of fetching, after metadata that a hostile issuer wrote.
struct Misled {
    metadata: String,
    production: HttpFetch,
}

impl Fetch for Misled {
    fn get<'f>(&'f self, url: &'f str) -> Fetching<'f> {
        if url.ends_with(METADATA) {
            let fetched = Fetched { body: self.metadata.clone(), max_age: None };
            return Box::pin(async { Ok(fetched) });
        }
        self.production.get(url)
    }
}

#[tokio::test]
async fn oc6_metadata_sends_production_nowhere_inside() {
    let inside = Server::start().await;
    inside.json("/jwks", &set("k1"));
    let issuer = "https://partner.example";
    let port = inside.address.port();
    for keys in [
        inside.url("/jwks"),
        format!("https://{}/jwks", inside.address),
        format!("https://localhost:{port}/jwks"),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let metadata = json!({ "issuer": issuer, "jwks_uri": keys }).to_string();
        let production = HttpFetch::production().expect("certificates");
        let service = Service::trusting(issuer, Misled { metadata, production }).await;
        assert_eq!(service.read(&token(issuer, "k1")).await, 503, "{keys}");
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn j04_hostile_sets_are_503_and_nobody_is_let_in() {
    let server = Server::start().await;
    server.publish(&set("k1"));
    let private: Value =
        serde_json::from_str(KeySet::generate(Algorithm::ES256).expect("a key").expose())
            .expect("JSON");
    let good = &set("k1")["keys"][0];
    let other = &set("k2")["keys"][0];
    let secret = json!({ "kty": "oct", "kid": "k1", "alg": "HS256", "k": "A".repeat(43) });
    for keys in [
        json!([good, private["keys"][0]]),
        json!([good, secret]),
        json!([good, other]),
        json!([good, good]),
        Value::from(vec![good.clone(); 1_000]),
        json!({}),
    ] {
        server.json("/jwks", &json!({ "keys": keys }));
        let service = Service::developing(&server).await;
        assert_eq!(service.read(&token(&server.base(), "k1")).await, 503, "{keys}");
    }
}

#[tokio::test]
async fn a1_keys_that_are_fetched_after_a_reload_are_told_of_under_the_policy_that_came() {
    let server = Server::start().await;
    server.publish(&set("k1"));
    let service = Service::developing(&server).await;
    let token = token(&server.base(), "k1");
    assert_eq!(service.read(&token).await, 200);
    let before = service.auth.policy().revision().as_str().to_owned();
    let folder = Folder::new();
    let (text, file) = (text_with(&server.base()), folder.0.join("policy.yaml"));
    assert!(text.contains("access_ttl: 15m"), "{text}");
    std::fs::write(&file, text.replace("access_ttl: 15m", "access_ttl: 14m")).expect("written");
    service.auth.reload(&file).expect("taken");
    service.clock.advance(3600);
    assert_eq!(service.read(&token).await, 200);
    let after = service.auth.policy().revision().as_str().to_owned();
    assert_ne!(before, after);
    assert_eq!(*service.events.0.lock().expect("not poisoned"), [before, after]);
}
