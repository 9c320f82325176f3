//! K5, S6: how a key ends, and that the next request knows.

use auth_runtime::api_key::ApiKeyError;

use super::world::{DAY, World, bearer, wanted};

#[tokio::test]
async fn k5_a_key_expires_to_the_second() {
    let world = World::new().await;
    let ada = world.register("ada", "reader").await;
    let (key, id) = world.key(&ada, &["read:posts"]).await;
    world.clock.advance(30 * DAY - 1);
    assert_eq!(world.reads(&key).await, 200);
    world.clock.advance(1);
    assert_eq!(world.refuses(&key).await, "expired");
    world.refuses(&key).await;
    assert_eq!(world.keys.list(&ada.id).await.unwrap()[0].id, id, "still listed");
    world.clock.advance(30 * DAY);
    assert_eq!(world.refuses(&key).await, "unknown-api-key");
    assert!(world.keys.list(&ada.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn k5_a_revocation_holds_for_the_next_request_in_every_process() {
    let world = World::new().await;
    let beside = world.beside().await;
    let ada = world.register("ada", "reader").await;
    let (key, id) = world.key(&ada, &["read:posts"]).await;
    assert_eq!((world.reads(&key).await, beside.reads(&key).await), (200, 200));
    world.events.take();
    let path = format!("/api-keys/{id}");
    let answer = world.send(bearer("DELETE", &path, &world.token(&ada))).await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(world.events.about_keys(), ["key.revoked"]);
    assert_eq!(
        (world.refuses(&key).await, beside.refuses(&key).await),
        ("revoked".into(), "revoked".into())
    );
    // A use that was noted before the revocation and is written after it takes nothing back.
    world.auth.flush().await.unwrap();
    beside.auth.flush().await.unwrap();
    assert_eq!(world.refuses(&key).await, "revoked");
    // Once more changes nothing.
    world.clock.advance(60);
    assert_eq!(world.send(bearer("DELETE", &path, &world.token(&ada))).await.status, 204);
    assert_eq!(world.events.about_keys(), [""; 0]);
    let key = world.keys.list(&ada.id).await.unwrap().remove(0);
    assert_eq!(key.revoked_at.map(|at| at.0), Some(world.auth.now().0 - 60));
}

#[tokio::test]
async fn m08_a_revoked_key_is_listed_for_thirty_days() {
    let world = World::new().await;
    let ada = world.register("ada", "reader").await;
    let (_, id) = world.key(&ada, &["read:posts"]).await;
    world.keys.revoke(&ada.id, &id).await.unwrap();
    world.clock.advance(30 * DAY - 1);
    assert_eq!(world.keys.list(&ada.id).await.unwrap().len(), 1);
    world.clock.advance(1);
    assert!(world.keys.list(&ada.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn z7_m08_nobody_revokes_or_rotates_the_key_of_somebody_else() {
    let world = World::new().await;
    let (ada, bob) = (world.register("ada", "reader").await, world.register("bob", "admin").await);
    let (key, id) = world.key(&ada, &["read:posts"]).await;
    let token = world.token(&bob);
    let never = "0".repeat(22);
    for (method, behind) in [("DELETE", ""), ("POST", "/rotate")] {
        let send = async |id: &str| {
            world.send(bearer(method, &format!("/api-keys/{id}{behind}"), &token)).await
        };
        let (theirs, missing) = (send(&id).await, send(&never).await);
        assert_eq!(theirs.status, 404);
        assert_eq!(theirs, missing);
        for odd in ["x", "%2e%2e", "a%2fb", "%00", &"0".repeat(500), "%ff"] {
            assert_eq!(send(odd).await.status, 404, "{odd}");
        }
    }
    assert_eq!(world.reads(&key).await, 200);
    assert_eq!(world.keys.revoke(&bob.id, &id).await.unwrap_err(), ApiKeyError::NotFound);
    // An admin of the application's, who has made sure that they are one.
    world.keys.revoke(&ada.id, &id).await.unwrap();
    assert_eq!(world.refuses(&key).await, "revoked");
}

#[tokio::test]
async fn s6_a_closed_account_has_no_keys_and_keeps_none() {
    let world = World::new().await;
    let ada = world.register("ada", "reader").await;
    let (first, _) = world.key(&ada, &["read:posts"]).await;
    let (second, _) = world.key(&ada, &["read:posts"]).await;
    let close = async |disabled| {
        let now = world.auth.now();
        world.accounts.change(&ada.id, |account| account.disabled = disabled, now).await.unwrap();
    };
    close(true).await;
    assert_eq!(world.refuses(&first).await, "account-disabled");
    close(false).await;
    assert_eq!(world.reads(&first).await, 200);
    world.keys.revoke_all(&ada.id).await.unwrap();
    for key in [&first, &second] {
        assert_eq!(world.refuses(key).await, "revoked");
    }
    assert!(world.keys.list(&ada.id).await.unwrap().iter().all(|key| key.revoked_at.is_some()));
    world.keys.revoke_all(&ada.id).await.unwrap();
    world.keys.revoke_all("no/body").await.unwrap();
    assert!(world.keys.create(&world.caller(&ada).await, wanted(&["read:posts"])).await.is_ok());
}
