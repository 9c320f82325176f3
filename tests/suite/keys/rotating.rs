//! K5: a key is replaced without a gap, once.

use auth_runtime::{
    api_key::{ApiKeyError, MAX_KEYS},
    jwt::AccessGrant,
};
use serde_json::json;

use super::world::{DAY, World, bearer, wanted};

const HOUR: i64 = 3_600;

#[tokio::test]
async fn k5_two_keys_overlap_while_one_replaces_the_other() {
    let world = World::new().await;
    let ada = world.register("ada", "author").await;
    let (old, id) = world.key(&ada, &["read:posts", "write:posts"]).await;
    world.clock.advance(10 * DAY);
    let path = format!("/api-keys/{id}/rotate");
    let answer = world.send(bearer("POST", &path, &world.token(&ada))).await;
    assert_eq!(
        (answer.status, &answer.headers["cache-control"]),
        (201, &"no-store".parse().unwrap())
    );
    assert_eq!(world.events.about_keys(), ["key.rotated"]);
    let made = answer.json();
    let members: Vec<_> = made.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["expires_at", "id", "key", "name", "scopes"]);
    assert_eq!(
        (&made["name"], &made["scopes"]),
        (&json!("ci"), &json!(["read:posts", "write:posts"]))
    );
    let now = world.auth.now().0;
    assert_eq!(made["expires_at"], now + 30 * DAY, "as long a life as the old one had");
    let new = made["key"].as_str().unwrap();

    let keys = world.keys.list(&ada.id).await.unwrap();
    let ends: Vec<_> = keys.iter().map(|key| key.expires_at.0).collect();
    assert_eq!(ends, [now + HOUR, now + 30 * DAY]);
    assert_eq!(keys[0].replaced_by.as_deref(), made["id"].as_str());
    world.clock.advance(HOUR - 1);
    assert_eq!((world.reads(&old).await, world.reads(new).await), (200, 200));
    world.clock.advance(1);
    assert_eq!(world.refuses(&old).await, "expired");
    assert_eq!(world.reads(new).await, 200);
}

#[tokio::test]
async fn k5_rotation_never_lengthens_the_life_of_the_old_key() {
    let world = World::new().await;
    let ada = world.register("ada", "reader").await;
    let (old, id) = world.key(&ada, &["read:posts"]).await;
    world.clock.advance(30 * DAY - 60);
    world.keys.rotate(&world.caller(&ada).await, &id).await.unwrap();
    world.clock.advance(60);
    assert_eq!(world.refuses(&old).await, "expired");
}

#[tokio::test]
async fn k5_a_key_is_rotated_once_and_only_while_it_is_good() {
    let world = World::new().await;
    let ada = world.register("ada", "reader").await;
    let caller = world.caller(&ada).await;
    let (_, rotated) = world.key(&ada, &["read:posts"]).await;
    let (_, revoked) = world.key(&ada, &["read:posts"]).await;
    let (_, expired) = world.key(&ada, &["read:posts"]).await;
    let next = world.keys.rotate(&caller, &rotated).await.unwrap().info.id;
    world.keys.revoke(&ada.id, &revoked).await.unwrap();
    let rotate = async |id: &str| {
        let path = format!("/api-keys/{id}/rotate");
        let answer = world.send(bearer("POST", &path, &world.token(&ada))).await;
        (answer.status, answer.code())
    };
    let before = world.kept(&ada).await.len();
    assert_eq!(rotate(&rotated).await, (409, "key_replaced".to_owned()));
    assert_eq!(rotate(&revoked).await, (404, "not_found".to_owned()));
    assert_eq!(world.kept(&ada).await.len(), before, "nothing is left of a refused one");
    assert!(world.keys.rotate(&caller, &next).await.is_ok(), "the new one can be rotated");
    world.clock.advance(30 * DAY);
    assert_eq!(rotate(&expired).await, (404, "not_found".to_owned()));
    assert_eq!(rotate(&rotated).await, (404, "not_found".to_owned()), "it has expired by now");
}

#[tokio::test]
async fn k5_of_many_who_rotate_a_key_at_once_one_does() {
    let world = World::new().await;
    let beside = world.beside().await;
    let ada = world.register("ada", "reader").await;
    let caller = world.caller(&ada).await;
    let (old, id) = world.key(&ada, &["read:posts"]).await;
    let rotating = (0..16).map(|number| {
        let keys = if number % 2 == 0 { &world.keys } else { &beside.keys };
        let (keys, caller, id) = (keys.clone(), caller.clone(), id.clone());
        tokio::spawn(async move { keys.rotate(&caller, &id).await })
    });
    let rotated = futures_util::future::join_all(rotating).await;
    let (made, refused): (Vec<_>, Vec<_>) =
        rotated.into_iter().map(Result::unwrap).partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    assert!(refused.iter().all(|it| matches!(it, Err(ApiKeyError::Replaced))), "{refused:?}");
    let made = made.into_iter().next().unwrap().unwrap();
    let ids: Vec<_> =
        world.keys.list(&ada.id).await.unwrap().into_iter().map(|key| key.id).collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
    assert!(ids.contains(&id) && ids.contains(&made.info.id));
    assert_eq!((world.reads(&old).await, world.reads(made.key.expose()).await), (200, 200));
}

#[tokio::test]
async fn k5_keys_that_were_replaced_do_not_pile_up() {
    let world = World::new().await;
    let ada = world.register("ada", "reader").await;
    let caller = world.caller(&ada).await;
    let (_, mut id) = world.key(&ada, &["read:posts"]).await;
    for _ in 0..MAX_KEYS {
        id = world.keys.rotate(&caller, &id).await.unwrap().info.id;
    }
    assert_eq!(world.keys.rotate(&caller, &id).await.unwrap_err(), ApiKeyError::TooMany);
    assert_eq!(world.kept(&ada).await.len(), MAX_KEYS + 1);
    world.clock.advance(HOUR);
    assert!(world.keys.rotate(&caller, &id).await.is_ok(), "they have ended by now");
}

#[tokio::test]
async fn s6_an_account_that_is_closed_meanwhile_has_no_new_key() {
    let world = World::new().await;
    let (ada, bob) = (world.register("ada", "reader").await, world.register("bob", "reader").await);
    let (caller, other) = (world.caller(&ada).await, world.caller(&bob).await);
    let (_, id) = world.key(&bob, &["read:posts"]).await;
    world.close_meanwhile(&ada);
    let made = world.keys.create(&caller, wanted(&["read:posts"])).await;
    assert_eq!(made.unwrap_err(), ApiKeyError::NotAnAccount);
    assert!(world.kept(&ada).await.is_empty());
    world.close_meanwhile(&bob);
    let rotated = world.keys.rotate(&other, &id).await;
    assert_eq!(rotated.unwrap_err(), ApiKeyError::NotAnAccount);
    assert_eq!(world.kept(&bob).await.len(), 1);
}

#[tokio::test]
async fn k5_a_revocation_during_a_rotation_is_not_undone() {
    let world = World::new().await;
    let ada = world.register("ada", "reader").await;
    let caller = world.caller(&ada).await;
    for _ in 0..20 {
        let (old, id) = world.key(&ada, &["read:posts"]).await;
        let (keys, owner, which) = (world.keys.clone(), ada.id.clone(), id.clone());
        let revoking = tokio::spawn(async move { keys.revoke(&owner, &which).await });
        let rotated = world.keys.rotate(&caller, &id).await;
        revoking.await.unwrap().unwrap();
        assert_eq!(world.refuses(&old).await, "revoked");
        if let Ok(issued) = rotated {
            assert_eq!(world.reads(issued.key.expose()).await, 200);
        }
    }
}

#[tokio::test]
async fn k4_a_new_key_is_for_no_more_than_its_owner_may_give_away_today() {
    let world = World::new().await;
    let ada = world.register("ada", "author").await;
    let (_, first) = world.key(&ada, &["read:posts", "write:posts"]).await;
    let (_, second) = world.key(&ada, &["write:posts"]).await;
    let (_, third) = world.key(&ada, &["read:posts", "write:posts"]).await;
    // A token that was issued for little leads to no key for more.
    let little = AccessGrant::new(&ada.id).roles(&["author"]).scopes(&["read:posts"]);
    let little = world.caller_with(&world.token_for(&little)).await;
    assert_eq!(world.keys.rotate(&little, &third).await.unwrap().info.scopes, ["read:posts"]);

    let roles = vec!["reader".to_owned()];
    let now = world.auth.now();
    let ada = world.accounts.change(&ada.id, |it| it.roles.clone_from(&roles), now).await.unwrap();
    let caller = world.caller(&ada).await;
    assert_eq!(world.keys.rotate(&caller, &first).await.unwrap().info.scopes, ["read:posts"]);
    let refused = world.keys.rotate(&caller, &second).await;
    assert_eq!(refused.unwrap_err(), ApiKeyError::NothingLeft);
    let path = format!("/api-keys/{second}/rotate");
    assert_eq!(world.send(bearer("POST", &path, &world.token(&ada))).await.status, 422);
}
