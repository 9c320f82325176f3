//! M08, M10: when a key was last used is known at once here, and in batches to everybody else.

use std::time::Duration;

use super::world::{START, World};

#[tokio::test]
async fn m08_uses_are_written_in_batches() {
    let world = World::new().await;
    let beside = world.beside().await;
    let ada = world.register("ada", "reader").await;
    let (key, _) = world.key(&ada, &["read:posts"]).await;
    let used = async |world: &World| world.keys.list(&ada.id).await.unwrap()[0].last_used_at;
    assert_eq!(used(&world).await, None);
    for second in 1..=5 {
        world.clock.advance(1);
        world.calls();
        assert_eq!(world.reads(&key).await, 200);
        assert_eq!(world.calls(), 2, "a use writes nothing");
        assert_eq!(used(&world).await.map(|at| at.0), Some(START + second));
    }
    assert_eq!(used(&beside).await, None);
    world.auth.flush().await.unwrap();
    assert_eq!(used(&beside).await.map(|at| at.0), Some(START + 5));
    world.calls();
    world.auth.flush().await.unwrap();
    assert_eq!(world.calls(), 0, "there is nothing left to write");
    // What another process has seen earlier does not turn it back.
    beside.clock.advance(10);
    assert_eq!(world.reads(&key).await, 200);
    assert_eq!(used(&world).await.map(|at| at.0), Some(START + 15));
}

#[tokio::test]
async fn m08_a_key_that_was_refused_was_not_used() {
    let world = World::new().await;
    let ada = world.register("ada", "reader").await;
    let (key, id) = world.key(&ada, &["read:posts"]).await;
    world.keys.revoke(&ada.id, &id).await.unwrap();
    world.clock.advance(9);
    assert_eq!(world.refuses(&key).await, "revoked");
    world.auth.flush().await.unwrap();
    assert_eq!(world.keys.list(&ada.id).await.unwrap()[0].last_used_at, None);
}

#[tokio::test(start_paused = true)]
async fn m08_an_engine_writes_its_batches_by_itself() {
    let world = World::new().await;
    let beside = world.beside().await;
    let ada = world.register("ada", "reader").await;
    let (key, _) = world.key(&ada, &["read:posts"]).await;
    // An engine begins with a batch, and then one every half minute.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.reads(&key).await, 200);
    tokio::time::sleep(Duration::from_secs(28)).await;
    assert_eq!(beside.keys.list(&ada.id).await.unwrap()[0].last_used_at, None);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let seen = beside.keys.list(&ada.id).await.unwrap()[0].last_used_at;
    assert_eq!(seen.map(|at| at.0), Some(START));
}
