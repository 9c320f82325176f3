//! K4: what a key is worth is what its scopes, the policy and its owner's roles have in common at
//! that moment.

use super::world::{World, bearer, with_key};

#[tokio::test]
async fn k4_a_key_has_its_scopes_and_no_role() {
    let world = World::new().await;
    let ada = world.register("ada", "admin").await;
    let (key, _) = world.key(&ada, &["read:posts"]).await;
    let any = world.send(with_key("GET", "/any", &key)).await;
    let expires_at = world.auth.now().0 + 30 * 86_400;
    assert_eq!(any.body, format!("api_key [\"read:posts\"] [] {expires_at}"));
    let answer = world.send(with_key("POST", "/write", &key)).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "insufficient_scope"));
    let (both, id) = world.key(&ada, &["read:posts", "write:posts"]).await;
    assert_eq!(world.send(with_key("POST", "/write", &both)).await.status, 200);
    let event = world.events.take().pop().unwrap();
    assert_eq!((event.scheme.as_deref(), event.credential), (Some("api_key"), Some(id)));
    assert_eq!(event.subject, Some(ada.id));
}

#[tokio::test]
async fn k4_z10_a_role_that_is_taken_away_is_gone_for_the_next_request() {
    let world = World::new().await;
    let ada = world.register("ada", "author").await;
    let (key, _) = world.key(&ada, &["read:posts", "write:posts"]).await;
    let become_a = async |role: &str| {
        let roles = vec![role.to_owned()];
        let now = world.auth.now();
        world.accounts.change(&ada.id, |it| it.roles.clone_from(&roles), now).await.unwrap();
    };
    let write = async || world.send(with_key("POST", "/write", &key)).await.status;
    assert_eq!(write().await, 200);
    become_a("reader").await;
    assert_eq!((write().await, world.reads(&key).await), (403, 200));
    become_a("somebody the policy does not know").await;
    assert_eq!((write().await, world.reads(&key).await), (403, 403));
    become_a("admin").await;
    assert_eq!((write().await, world.reads(&key).await), (200, 200));
}

#[tokio::test]
async fn k4_the_owner_by_key_and_by_token_is_the_same_subject() {
    let world = World::new().await;
    let ada = world.register("ada", "reader").await;
    let (key, _) = world.key(&ada, &["read:posts"]).await;
    let by_token = world.caller(&ada).await;
    assert_eq!(world.holder(&key).await.subject(), by_token.subject());
    assert_eq!(world.send(bearer("GET", "/any", &world.token(&ada))).await.status, 200);
}
