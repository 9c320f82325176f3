//! The refresh grant: a family belongs to its client, and its scopes never grow.

use auth_runtime::store::Collection;

use super::world::{World, said};

const ADA: &str = "ada";

#[tokio::test]
async fn r07_r02_a_client_renews_what_it_was_given() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let user = world.account(ADA, "author").await;
    let given = world.let_in(&user, "svc", &["read:posts", "write:posts"]).await;
    assert_eq!(given.scope, "read:posts write:posts");
    let renew = [("grant_type", "refresh_token"), ("refresh_token", said(&given.refresh_token))];
    let answer = world.token(&client, &renew).await;
    assert_eq!((answer.status, answer.text("scope")), (200, given.scope.clone()));
    let next = answer.text("refresh_token");
    assert_ne!(next, said(&given.refresh_token));
    let token = answer.text("access_token");
    let read = world.asks("GET", "/read", &token).await;
    assert_eq!(read.body, format!(r#"{} ["read:posts", "write:posts"] []"#, user.id));

    let narrower =
        [("grant_type", "refresh_token"), ("refresh_token", &next), ("scope", "read:posts")];
    let answer = world.token(&client, &narrower).await;
    assert_eq!((answer.status, answer.text("scope")), (200, "read:posts".to_owned()));
    assert_eq!(world.asks("POST", "/write", &answer.text("access_token")).await.status, 403);
}

#[tokio::test]
async fn r07_more_scope_is_invalid_scope_and_costs_no_token() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let user = world.account(ADA, "admin").await;
    let given = world.let_in(&user, "svc", &["read:posts"]).await;
    let token = said(&given.refresh_token);
    for scope in ["write:posts", "read:posts write:posts", "delete:posts"] {
        let more = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
        let answer = world.token(&client, &more).await;
        assert_eq!(answer.refusal(), (400, "invalid_scope".to_owned()), "{scope}");
    }
    world.clock.advance(60);
    let same = [("grant_type", "refresh_token"), ("refresh_token", token)];
    assert_eq!(world.token(&client, &same).await.status, 200, "it was not used up");
}

#[tokio::test]
async fn ot7_a_ceiling_that_is_lowered_counts_at_the_next_renewal() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let user = world.account(ADA, "author").await;
    let given = world.let_in(&user, "svc", &["read:posts", "write:posts"]).await;
    world.clients.set_scopes("svc", vec!["read:posts".to_owned()]).await.unwrap();
    let renew = [("grant_type", "refresh_token"), ("refresh_token", said(&given.refresh_token))];
    let lost = [&renew[..], &[("scope", "write:posts")]].concat();
    assert_eq!(world.token(&client, &lost).await.refusal(), (400, "invalid_scope".to_owned()));
    assert_eq!(world.token(&client, &renew).await.text("scope"), "read:posts");
}

#[tokio::test]
async fn r07_another_clients_token_is_no_grant() {
    let world = World::new().await;
    let (client, other) = (world.client("svc").await, world.client("other").await);
    let user = world.account(ADA, "author").await;
    let given = world.let_in(&user, "svc", &["read:posts"]).await;
    let own = world.tokens.sign_in(&user).await.unwrap();
    let renew = |token| [("grant_type", "refresh_token"), ("refresh_token", token)];
    for token in [said(&given.refresh_token), said(&own.refresh_token), "rt_a.b.c.d", "x"] {
        let answer = world.token(&other, &renew(token)).await;
        assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()));
    }
    // Nor does it count where people renew theirs.
    assert!(world.tokens.refresh(&given.refresh_token).await.is_err());
    let answer = world.token(&client, &renew(said(&given.refresh_token))).await;
    assert_eq!(answer.status, 200, "nobody else's attempt has ended it");
    let causes = world.events.causes("token.refreshed");
    assert!(causes.contains(&"refresh-token-of-another-client".to_owned()), "{causes:?}");
    let missing = world.token(&client, &[("grant_type", "refresh_token")]).await;
    assert_eq!(missing.refusal(), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn r03_a_retired_token_ends_the_family_and_what_came_with_it() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let user = world.account(ADA, "author").await;
    let given = world.let_in(&user, "svc", &["read:posts"]).await;
    let renew = |token| [("grant_type", "refresh_token"), ("refresh_token", token)];
    let next = world.token(&client, &renew(said(&given.refresh_token))).await;
    world.clock.advance(60);
    let answer = world.token(&client, &renew(said(&given.refresh_token))).await;
    assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()));
    assert_eq!(world.events.causes("refresh.reuse"), ["retired-token"]);
    assert_eq!(world.asks("GET", "/read", &next.text("access_token")).await.status, 401);
    let answer = world.token(&client, &renew(&next.text("refresh_token"))).await;
    assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()));
}

/// What came with the family ends before the family, so that nothing goes on if that fails.
#[tokio::test]
async fn r03_a_reuse_that_could_not_be_acted_on_is_one_the_next_time_as_well() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let user = world.account(ADA, "author").await;
    let given = world.let_in(&user, "svc", &["read:posts"]).await;
    let renew = [("grant_type", "refresh_token"), ("refresh_token", said(&given.refresh_token))];
    assert_eq!(world.token(&client, &renew).await.status, 200);
    world.clock.advance(60);
    world.store.fill(Some(Collection("revocation")));
    assert_eq!(world.token(&client, &renew).await.status, 503);
    world.store.fill(None);
    assert_eq!(world.token(&client, &renew).await.status, 400);
    assert_eq!(world.events.causes("refresh.reuse"), ["retired-token"; 2]);
}
