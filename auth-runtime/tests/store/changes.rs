//! Waking who waits. In: two handles on one store, as two processes have. Out: a panic if one does
//! not hear of the other's writes within a second.

use std::time::Duration;

use auth_runtime::store::{Key, StoreError};
use tokio::time::timeout;

use crate::world::{COLLECTION, NOW, Shared, fresh, key, put};

const SECOND: Duration = Duration::from_secs(1);

/// Each verb that writes wakes, and nothing is missed between one wait and the next.
pub(crate) async fn hold(writer: &Shared, watcher: &Shared) {
    let key = fresh();
    settle(watcher, &key).await;
    let wait = watcher.changed(COLLECTION, &key.owner);
    put(writer, &key, b"1").await;
    woken(wait).await;
    let wait = watcher.changed(COLLECTION, &key.owner);
    assert_eq!(writer.swap(&key, 1, b"2", None, NOW).await, Ok(true));
    woken(wait).await;
    let wait = watcher.changed(COLLECTION, &key.owner);
    assert!(writer.take(&key, NOW).await.unwrap().is_some());
    woken(wait).await;
    deletions_wake(writer, watcher, &key).await;
    the_wait_begins_with_the_call(writer, watcher, &key).await;
    many_wait(writer, watcher).await;
}

async fn deletions_wake(writer: &Shared, watcher: &Shared, key: &Key) {
    put(writer, key, b"1").await;
    settle(watcher, key).await;
    let wait = watcher.changed(COLLECTION, &key.owner);
    assert_eq!(writer.delete(key, NOW).await, Ok(true));
    woken(wait).await;
    put(writer, key, b"1").await;
    settle(watcher, key).await;
    let wait = watcher.changed(COLLECTION, &key.owner);
    assert_eq!(writer.delete_owned(COLLECTION, &key.owner, NOW).await, Ok(1));
    woken(wait).await;
}

/// It is awaited only after the write.
async fn the_wait_begins_with_the_call(writer: &Shared, watcher: &Shared, owned: &Key) {
    settle(watcher, owned).await;
    let wait = watcher.changed(COLLECTION, &owned.owner);
    put(writer, &key(&owned.owner, "early"), b"").await;
    crate::world::pause(100).await;
    woken(wait).await;
}

async fn many_wait(writer: &Shared, watcher: &Shared) {
    let keys: Vec<Key> = (0..5).map(|_| fresh()).collect();
    for key in &keys {
        settle(watcher, key).await;
    }
    let waits: Vec<_> = keys.iter().map(|key| watcher.changed(COLLECTION, &key.owner)).collect();
    for key in &keys {
        put(writer, key, b"").await;
    }
    for wait in waits {
        woken(wait).await;
    }
}

/// Waits until the watcher listens and has nothing more to say.
pub(crate) async fn settle(watcher: &Shared, key: &Key) {
    let quiet = Duration::from_millis(400);
    while let Ok(woken) = timeout(quiet, watcher.changed(COLLECTION, &key.owner)).await {
        assert_eq!(woken, Ok(()));
    }
}

pub(crate) async fn woken(wait: impl Future<Output = Result<(), StoreError>>) {
    assert_eq!(timeout(SECOND, wait).await, Ok(Ok(())), "woken within a second");
}
