//! Revocation (RFC 7009): a token of one's own ends; of any other nobody learns anything.

use super::world::{Answer, World, basic, said};

async fn revoke(
    world: &World,
    client: &(auth_runtime::oauth::Client, String),
    token: &str,
) -> Answer {
    let authorization = basic(&client.0.id, &client.1);
    world.form("/oauth/revoke", Some(&authorization), &[("token", token)]).await
}

#[tokio::test]
async fn ot8_a_refresh_token_ends_its_family() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let user = world.account("ada", "author").await;
    let given = world.let_in(&user, "svc", &["read:posts"]).await;
    let access = said(&given.access_token);
    assert_eq!(world.asks("GET", "/read", access).await.status, 200);
    let answer = revoke(&world, &client, said(&given.refresh_token)).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(world.asks("GET", "/read", access).await.status, 401);
    let renew = [("grant_type", "refresh_token"), ("refresh_token", said(&given.refresh_token))];
    assert_eq!(world.token(&client, &renew).await.refusal(), (400, "invalid_grant".to_owned()));
    assert_eq!(revoke(&world, &client, said(&given.refresh_token)).await.status, 200, "again");
}

#[tokio::test]
async fn ot8_an_access_token_ends_alone() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let (one, other) = (world.own_token(&client).await, world.own_token(&client).await);
    assert_eq!(revoke(&world, &client, &one).await.status, 200);
    assert_eq!(world.asks("GET", "/read", &one).await.status, 401);
    assert_eq!(world.asks("GET", "/read", &other).await.status, 200);
}

#[tokio::test]
async fn ot8_whatever_is_not_the_callers_is_200_and_stays() {
    let world = World::new().await;
    let (client, other) = (world.client("svc").await, world.client("other").await);
    let user = world.account("ada", "author").await;
    let given = world.let_in(&user, "svc", &["read:posts"]).await;
    let people = world.tokens.sign_in(&user).await.unwrap();
    let own = world.own_token(&client).await;
    let tokens = [
        own.as_str(),
        said(&given.access_token),
        said(&given.refresh_token),
        said(&people.access_token),
        said(&people.refresh_token),
        "unknown",
    ];
    for token in tokens {
        assert_eq!(revoke(&world, &other, token).await.status, 200);
    }
    assert_eq!(world.asks("GET", "/read", &own).await.status, 200);
    assert_eq!(world.asks("GET", "/read", said(&given.access_token)).await.status, 200);
    assert_eq!(world.asks("GET", "/read", said(&people.access_token)).await.status, 200);
    assert!(world.tokens.refresh(&people.refresh_token).await.is_ok());

    let none = world.form("/oauth/revoke", None, &[("token", &own)]).await;
    assert_eq!(none.refusal(), (401, "invalid_client".to_owned()));
    let authorization = basic("svc", &client.1);
    let missing = world.form("/oauth/revoke", Some(&authorization), &[]).await;
    assert_eq!(missing.refusal(), (400, "invalid_request".to_owned()));
}
