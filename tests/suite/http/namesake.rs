//! J15: whom another issuer calls by the id of one of our accounts is nobody at the endpoints that
//! this crate mounts. In: every one of their routes that has a guard. Out: 401, and nothing changed.

use std::sync::Arc;

use auth_runtime::{
    Router, account::StoredAccounts, api_key, endpoints::AccountEndpoints, lock::Rule, session,
    sign_in::PasswordSignIn, tokens::Tokens,
};
use axum::http::HeaderMap;
use serde_json::json;

use super::{
    fixture::{Door, ask, send},
    forge::{Edit, partner, partner_claims},
};
use crate::password::{PASSWORD, hasher, password_hash};

#[tokio::test]
async fn j15_k6_a_foreign_namesake_is_nobody_at_the_endpoints_of_accounts() {
    let door = Door::of(Router::new()).await;
    let accounts = StoredAccounts::new(Arc::clone(door.auth.store().unwrap()));
    let roles = vec!["admin".to_owned()];
    let hash = password_hash().await;
    let ada = accounts.register("ada", roles, hash, door.auth.now()).await.unwrap();
    let tokens = Tokens::new(door.auth.clone()).await.unwrap();
    let signed_in = tokens.sign_in(&ada).await.unwrap();
    let sessions = door.auth.sessions().unwrap();
    sessions.begin(&ada, &HeaderMap::new()).await.unwrap();

    let endpoints = AccountEndpoints::new(tokens.clone(), hasher()).unwrap();
    let sign_in = PasswordSignIn::new(door.auth.clone(), hasher()).unwrap();
    let routes = Router::new().nest("/auth", endpoints.router()).merge(session::router(sign_in));
    let app = routes.merge(api_key::router()).protect(door.auth.clone());

    let claims = partner_claims().with("sub", ada.id.as_str());
    let namesake = partner(&claims.with("sid", signed_in.family_id.as_str()));
    let body = json!({ "current": PASSWORD, "new": "another walk, up the hill", "name": "a",
        "scopes": ["read:posts"], "password": PASSWORD });
    let mut asked = 0;
    for entry in app.inventory().endpoints() {
        if !matches!(entry.rule, Rule::Guarded(_)) {
            continue;
        }
        let path = entry.path.replace("{id}", "x");
        let request = ask(&entry.method.to_string(), &path).bearer(&namesake);
        let answer = send(app.clone(), request.body("application/json", body.to_string())).await;
        assert_eq!(answer.status, 401, "{} {path}", entry.method);
        asked += 1;
    }
    assert_eq!(asked, 14, "every endpoint with a guard was asked");
    assert!(tokens.refresh(&signed_in.refresh_token).await.is_ok());
    assert_eq!(sessions.list(&ada.id).await.unwrap().len(), 1);
    assert!(door.auth.api_keys().unwrap().list(&ada.id).await.unwrap().is_empty());
}
