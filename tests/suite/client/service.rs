//! A service that calls another one, with a token that the other one accepts.

use std::{future::ready, sync::Arc};

use auth_runtime::{
    Auth, Identity, Router, authenticate,
    client::{ClientAuthentication, HttpTransport, TokenSource},
    jwt::{AccessGrant, KeySet},
    policy,
    policy_types::Algorithm,
    routing::get,
};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use futures_util::future::join_all;
use tower::ServiceExt;

use super::endpoint::{Endpoint, granted, json};

#[authenticate(jwt, scopes = "read:staff", policy = "../policies/own-accounts.yaml")]
async fn who(caller: Identity) -> String {
    caller.subject().id.to_string()
}

async fn engine() -> Auth {
    let key = KeySet::generate(Algorithm::EdDSA).expect("a key");
    let keys = KeySet::from_jwk_set(key.expose()).expect("keys");
    Auth::from_policy(policy!("../policies/own-accounts.yaml"))
        .keys("jwt", keys)
        .store(Arc::new(auth_runtime::store::MemoryStore::new()))
        .build()
        .await
        .expect("an engine")
}

#[tokio::test]
async fn m06_a_service_calls_another_with_a_token_it_fetched() {
    let auth = engine().await;
    let issuing = auth.clone();
    let endpoint = Endpoint::start(move |_| {
        let issuer = issuing.issuer().expect("an issuer");
        let grant = AccessGrant::new("svc-app").roles(&["staff"]);
        let access = issuer.access_token(&grant, issuing.now()).expect("a token");
        ready(granted(access.token.expose()))
    })
    .await;
    let transport = HttpTransport::development().expect("certificates");
    let source = TokenSource::new(endpoint.credentials(), transport);
    let tokens = join_all((0..64).map(|_| source.token())).await;
    assert_eq!(endpoint.sent().len(), 1);

    let token = tokens[0].as_ref().expect("a token");
    let app = Router::new().route("/who", get(who)).protect(auth);
    let request = Request::get("/who")
        .header(header::AUTHORIZATION, format!("Bearer {}", token.expose()))
        .body(Body::empty())
        .expect("a request");
    assert_eq!(app.oneshot(request).await.expect("an answer").status(), StatusCode::OK);
}

#[tokio::test]
async fn m06_the_request_is_that_of_the_standard() {
    let endpoint = Endpoint::start(|_| ready(granted("t"))).await;
    endpoint.source().0.token().await.expect("a token");
    let (headers, body) = endpoint.sent().remove(0);
    // base64 of `svc-app:s+e%3Acret`.
    assert_eq!(headers[header::AUTHORIZATION], "Basic c3ZjLWFwcDpzK2UlM0FjcmV0");
    assert_eq!(headers[header::CONTENT_TYPE], "application/x-www-form-urlencoded");
    assert_eq!(headers[header::ACCEPT], "application/json");
    assert_eq!(body, "grant_type=client_credentials&scope=read%3Aposts");

    let in_the_form = endpoint.credentials().authentication(ClientAuthentication::Body);
    let transport = HttpTransport::development().expect("certificates");
    TokenSource::new(in_the_form, transport).token().await.expect("a token");
    let (headers, body) = endpoint.sent().remove(1);
    assert!(!headers.contains_key(header::AUTHORIZATION));
    let fields = "grant_type=client_credentials&scope=read%3Aposts&client_id=svc-app";
    assert_eq!(body, format!("{fields}&client_secret=s+e%3Acret"));
}

#[tokio::test]
async fn m06_fewer_scopes_than_were_asked_for_are_reported() {
    let answer = r#"{"access_token":"t","token_type":"Bearer","scope":"read:nothing"}"#;
    let endpoint = Endpoint::start(move |_| ready(json(200, answer))).await;
    let token = endpoint.source().0.token().await.expect("a token");
    assert_eq!(token.missing_scopes(), ["read:posts"]);
    assert_eq!(token.scopes(), ["read:nothing"]);
}
