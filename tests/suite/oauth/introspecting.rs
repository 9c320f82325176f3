//! Introspection (RFC 7662): what a token is worth now, to those whom it concerns.

use auth_runtime::{
    oauth::{Client, NewClient},
    policy_types::GrantType,
};
use serde_json::{Value, json};

use super::{
    browser::asking,
    world::{START, World, basic, said},
};

type Known = (Client, String);

async fn look(world: &World, client: &Known, token: &str) -> Value {
    let authorization = basic(&client.0.id, &client.1);
    let answer = world.form("/oauth/introspect", Some(&authorization), &[("token", token)]).await;
    assert_eq!(
        (answer.status, &answer.headers["cache-control"]),
        (200, &"no-store".parse().unwrap())
    );
    answer.json()
}

#[tokio::test]
async fn ot8_a_client_sees_what_its_tokens_are_worth() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let token = world.own_token(&client).await;
    let seen = look(&world, &client, &token).await;
    let jti = seen["jti"].as_str().unwrap();
    assert_eq!(jti.len(), 22);
    let expected = json!({
        "active": true, "scope": "read:posts write:posts", "client_id": "svc", "token_type": "Bearer",
        "exp": START + 900, "iat": START, "sub": "client:svc", "aud": "test-api",
        "iss": "https://issuer.example", "jti": jti,
    });
    assert_eq!(seen, expected);
    world.clients.set_scopes("svc", vec!["read:posts".to_owned()]).await.unwrap();
    assert_eq!(look(&world, &client, &token).await["scope"], "read:posts", "as guards find it");

    let user = world.account("ada", "reader").await;
    let given = world.let_in(&user, "svc", &["read:posts", "write:posts"]).await;
    let seen = look(&world, &client, said(&given.refresh_token)).await;
    assert_eq!((&seen["active"], &seen["sub"]), (&json!(true), &json!(user.id)));
    assert_eq!(seen["exp"], START + 7 * 86_400);
    let seen = look(&world, &client, said(&given.access_token)).await;
    assert_eq!((&seen["scope"], &seen["sub"]), (&json!("read:posts"), &json!(user.id)));
}

#[tokio::test]
async fn ot8_of_anything_dead_nobody_learns_more_than_that() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let user = world.account("ada", "reader").await;
    let given = world.let_in(&user, "svc", &["read:posts"]).await;
    let token = world.own_token(&client).await;
    let inactive = json!({ "active": false });
    for nothing in ["x", "a.b.c", "rt_a.b.c.d"] {
        assert_eq!(look(&world, &client, nothing).await, inactive, "{nothing}");
    }
    let renew = [("grant_type", "refresh_token"), ("refresh_token", said(&given.refresh_token))];
    assert_eq!(world.token(&client, &renew).await.status, 200);
    assert_eq!(look(&world, &client, said(&given.refresh_token)).await, inactive, "retired");

    let authorization = basic("svc", &client.1);
    world.form("/oauth/revoke", Some(&authorization), &[("token", &token)]).await;
    assert_eq!(look(&world, &client, &token).await, inactive, "revoked");
    let late = world.own_token(&client).await;
    world.clock.advance(1000);
    assert_eq!(look(&world, &client, &late).await, inactive, "expired");
}

#[tokio::test]
async fn ot8_others_tokens_are_seen_by_resource_servers_alone() {
    let world = World::new().await;
    let (client, other) = (world.client("svc").await, world.client("other").await);
    let new = NewClient::new("api", "An API").introspects();
    let registered = world.clients.register(new).await.unwrap();
    let api = (registered.client, registered.secret.unwrap().expose().to_owned());
    let user = world.account("ada", "reader").await;
    let people = world.tokens.sign_in(&user).await.unwrap();
    let given = world.let_in(&user, "svc", &["read:posts"]).await;
    let own = world.own_token(&client).await;
    for token in [own.as_str(), said(&people.access_token), said(&given.access_token)] {
        assert_eq!(look(&world, &other, token).await, json!({ "active": false }));
        assert_eq!(look(&world, &api, token).await["active"], true);
    }
    world.clients.set_disabled("svc", true).await.unwrap();
    assert_eq!(look(&world, &api, &own).await, json!({ "active": false }), "its client is closed");
}

/// A resource server lets in whoever shows what it is told is active.
#[tokio::test]
async fn m02_no_resource_server_is_told_that_a_refresh_token_is_active() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let new = NewClient::new("api", "An API").introspects();
    let registered = world.clients.register(new).await.unwrap();
    let api = (registered.client, registered.secret.unwrap().expose().to_owned());
    let user = world.account("ada", "reader").await;
    let people = world.tokens.sign_in(&user).await.unwrap();
    let given = world.let_in(&user, "svc", &["read:posts"]).await;
    for token in [said(&people.refresh_token), said(&given.refresh_token)] {
        assert_eq!(look(&world, &api, token).await, json!({ "active": false }));
    }
    assert_eq!(look(&world, &client, said(&given.refresh_token)).await["active"], true);
}

#[tokio::test]
async fn ot8_nobody_looks_up_tokens_without_showing_who_it_is() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let app = NewClient::new("app", "An app").public().grants([GrantType::RefreshToken]);
    world.clients.register(app).await.unwrap();
    let token = world.own_token(&client).await;
    for parameters in
        [vec![("token", token.as_str())], vec![("token", token.as_str()), ("client_id", "app")]]
    {
        let answer = world.form("/oauth/introspect", None, &parameters).await;
        assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()));
    }
    let authorization = basic("svc", &client.1);
    let missing = world.form("/oauth/introspect", Some(&authorization), &[]).await;
    assert_eq!(missing.refusal(), (400, "invalid_request".to_owned()));
}

/// RFC 9470, section 6.2: how surely and when somebody proved who they are, as a token says it.
#[tokio::test]
async fn j16_a_resource_server_learns_when_somebody_signed_in() {
    let world = World::new().await;
    let client = world.app("app").await;
    let browser = world.browser("ada", "author").await;
    world.pass(20).await;
    let code = browser.code(&world, &asking("app")).await;
    let given = world.exchange(&client, &code).await;
    let seen = look(&world, &client, &given.text("access_token")).await;
    assert_eq!((&seen["auth_time"], seen.get("acr")), (&json!(START), None));
    let own = world.client("svc").await;
    let seen = look(&world, &own, &world.own_token(&own).await).await;
    assert_eq!(seen.get("auth_time"), None);
}
