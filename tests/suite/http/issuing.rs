//! J18 at the door: what a token that we issue carries, and what its bearer is then known by.

use auth_runtime::{
    Identity, Router, authenticate,
    extract::Json,
    jwt::{AccessGrant, IssueError},
    routing::get,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::{
    fixture::{Door, Reached, START, ask},
    forge::{self, Edit},
};

#[authenticate(jwt)]
async fn me(caller: Identity) -> Json<Value> {
    Json(json!({
        "subject": *caller.subject().id,
        "issuer": *caller.subject().issuer,
        "scheme": caller.scheme(),
        "scopes": caller.scopes().collect::<Vec<_>>(),
        "roles": caller.roles().collect::<Vec<_>>(),
        "expires_at": caller.expires_at().0,
        "client": caller.client_id(),
        "claims": caller.claims(),
    }))
}

async fn door() -> Door {
    let routes: Router<Reached> = Router::new().route("/me", get(me));
    Door::of(routes).await
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn j18_a_token_carries_what_is_listed_and_nothing_else() {
    let door = door().await;
    let extra = json!({ "tenant": "blue" });
    let grant = AccessGrant::new("alice")
        .roles(&["author"])
        .client_id("spa")
        .extra(extra.as_object().unwrap());
    let issued = door.auth.issuer().unwrap().access_token(&grant, door.auth.now()).unwrap();
    let token = issued.token.expose();
    assert_eq!(part(token, 0), forge::own_header());
    let expected = json!({
        "iss": "https://issuer.example",
        "sub": "alice",
        "aud": "test-api",
        "exp": START + 900,
        "iat": START,
        "jti": issued.token_id,
        "client_id": "spa",
        "scope": "read:posts write:posts",
        "roles": ["author"],
        "tenant": "blue",
    });
    assert_eq!(part(token, 1), expected);
    assert_eq!((issued.expires_in.0, issued.scope.as_str()), (900, "read:posts write:posts"));

    let answer = door.send(ask("GET", "/me").bearer(token)).await;
    let expected = json!({
        "subject": "alice",
        "issuer": "https://issuer.example",
        "scheme": "jwt",
        "scopes": ["read:posts", "write:posts"],
        "roles": ["author", "reader"],
        "expires_at": START + 900,
        "client": "spa",
        "claims": { "tenant": "blue" },
    });
    assert_eq!((answer.status, answer.json()), (200, expected));
    assert_eq!(door.audit.only().credential, Some(issued.token_id));
}

#[tokio::test]
async fn j18_a_claim_that_is_not_listed_is_not_issued() {
    let door = door().await;
    let issuer = door.auth.issuer().unwrap();
    for claim in [
        "email",
        "name",
        "phone_number",
        "Tenant",
        "tenant ",
        "iss",
        "sub",
        "aud",
        "exp",
        "roles",
        "scope",
        "admin",
    ] {
        let extra = Map::from_iter([(claim.to_owned(), json!("x"))]);
        let grant = AccessGrant::new("alice").roles(&["reader"]).extra(&extra);
        let refused = issuer.access_token(&grant, door.auth.now()).map(drop);
        assert_eq!(refused, Err(IssueError::ClaimNotListed(claim.to_owned())));
    }
}

#[tokio::test]
async fn j18_nobody_is_issued_more_than_the_policy_has() {
    let door = door().await;
    let issuer = door.auth.issuer().unwrap();
    let issue = |grant: AccessGrant<'_>| issuer.access_token(&grant, door.auth.now()).map(drop);
    let alice = || AccessGrant::new("alice").roles(&["reader"]);
    let more = issue(alice().scopes(&["write:posts"]));
    assert_eq!(more, Err(IssueError::ScopeNotGranted("write:posts".to_owned())));
    let unknown = issue(alice().scopes(&["read:post"]));
    assert_eq!(unknown, Err(IssueError::UnknownScope("read:post".to_owned())));
    let unknown = issue(alice().roles(&["root"]));
    assert_eq!(unknown, Err(IssueError::UnknownRole("root".to_owned())));
    assert_eq!(issue(AccessGrant::new("")), Err(IssueError::BadName("sub")));
    assert_eq!(issue(alice().scopes(&["read:posts"])), Ok(()));
}

#[tokio::test]
async fn j18_two_tokens_have_two_names() {
    let door = door().await;
    let (first, second) = (door.token(&["reader"]), door.token(&["reader"]));
    assert_ne!(part(&first, 1)["jti"], part(&second, 1)["jti"]);
    let without_name = |token: &str| part(token, 1).without("jti");
    assert_eq!(without_name(&first), without_name(&second));
}
