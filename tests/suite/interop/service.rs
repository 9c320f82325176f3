//! A service on loopback under `policies/interop.yaml`. In: an algorithm and keys. Out: its
//! tokens, the address of its JWK set, and what it makes of tokens.

use std::net::SocketAddr;

use auth_policy::settings::Algorithm;
use auth_runtime::{
    Auth, EmbeddedPolicy, Identity, Protected, Router, authenticate,
    jwt::{AccessGrant, KeySet},
    routing::get,
    wellknown,
};
use axum::{body::Body, http::Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt;

use super::clients::{BOTH, rules};
use crate::{blog::process::Folder, files::workspace, policies::embedded};

#[authenticate(jwt | partner, scopes = "read:posts", policy = "policies/interop.yaml")]
async fn read(caller: Identity) -> String {
    let (scopes, roles): (Vec<_>, Vec<_>) = (caller.scopes().collect(), caller.roles().collect());
    format!("{} {scopes:?} {roles:?}", caller.subject())
}

pub(super) struct Service {
    pub(super) auth: Auth,
    app: Protected,
    address: SocketAddr,
    algorithm: Algorithm,
}

impl Service {
    /// One that signs with these keys.
    pub(super) async fn signing(algorithm: Algorithm, keys: &str) -> Self {
        let nobody = KeySet::generate(Algorithm::EdDSA).expect("a key");
        let nobody = KeySet::from_jwk_set(nobody.expose()).expect("a set").public_jwk_set();
        Self::start(algorithm, keys, &nobody.to_string()).await
    }

    /// One whose partner publishes these keys.
    pub(super) async fn trusting(partner: &str) -> Self {
        let own = KeySet::generate(Algorithm::EdDSA).expect("a key");
        // The keys are inside the text: parsing them is what it is for.
        Self::start(Algorithm::EdDSA, own.expose(), partner).await
    }

    async fn start(algorithm: Algorithm, keys: &str, partner: &str) -> Self {
        let folder = Folder::new();
        let path = folder.0.join("partner.json");
        std::fs::write(&path, partner).expect("written");
        let keys = KeySet::parse(keys, &[algorithm]).expect("keys that can be used");
        let policy = policy(algorithm, &format!("file:{}", path.display()));
        let auth = Auth::from_policy(policy).keys("jwt", keys).build().await.expect("an engine");
        let routes: Router = Router::new()
            .route("/read", get(read))
            .route("/.well-known/jwks.json", wellknown::jwks());
        let app = routes.protect(auth.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(app.clone().serve(listener));
        Self { auth, app, address, algorithm }
    }

    /// An access token for `user-1`, a reader.
    pub(super) fn token(&self) -> String {
        let grant = AccessGrant::new("user-1").roles(&["reader"]);
        let issued = self.auth.issuer().expect("it issues").access_token(&grant, self.auth.now());
        issued.expect("a token").token.expose().to_owned()
    }

    /// What those ask of a token who read our JWK set.
    pub(super) fn rules(&self) -> Value {
        rules(self.address, "https://issuer.example", "interop-api", self.algorithm)
    }

    /// That both clients and the service itself accept the token.
    pub(super) async fn is_understood(&self, token: &str) {
        for client in BOTH {
            let claims = client.reads(token, &self.rules());
            let claims = claims.unwrap_or_else(|why| panic!("{client:?}: {why}"));
            assert_eq!(
                (&claims["sub"], &claims["scope"]),
                (&json!("user-1"), &json!("read:posts"))
            );
        }
        assert_eq!(self.read(token).await.0, 200);
    }

    /// The keys it publishes.
    pub(super) async fn published(&self) -> Value {
        let (_, set) = self.get("/.well-known/jwks.json", None).await;
        serde_json::from_str(&set).expect("a JWK set")
    }

    /// What comes of a request with this token.
    pub(super) async fn read(&self, token: &str) -> (u16, String) {
        self.get("/read", Some(token)).await
    }

    async fn get(&self, path: &str, token: Option<&str>) -> (u16, String) {
        let request = Request::get(path);
        let request = match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        let request = request.body(Body::empty()).expect("a request");
        let response = self.app.clone().oneshot(request).await.expect("infallible");
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        (status, String::from_utf8(body.to_vec()).expect("UTF-8"))
    }
}

/// The policy with its values put in: the names the guard was compiled with are the same.
fn policy(algorithm: Algorithm, partner: &str) -> EmbeddedPolicy {
    let path = workspace().join("tests/policies/interop.yaml");
    let text = std::fs::read_to_string(path).expect("the policy");
    let text = text.replace("algorithms: [EdDSA]", &format!("algorithms: [{}]", algorithm.name()));
    let text = text.replace("${INTEROP_PARTNER_KEYS}", partner);
    embedded(text)
}
