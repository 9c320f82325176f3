//! A server that goes and comes back. In: the server and an open store on it. Out: a panic if a
//! call takes two seconds, answers from memory, or does not work again afterwards.

use std::time::Duration;

use auth_runtime::store::StoreError;
use auth_tests::{PASSWORD, Server};
use tokio::time::timeout;

use crate::{
    changes,
    world::{COLLECTION, NOW, Shared, eventually, fresh, key, pause, put, timed, value},
};

/// It is killed, and started again.
pub(crate) async fn survive_a_crash(servers: &mut [Server], store: &Shared) {
    let known = fresh();
    put(store, &known, b"known").await;
    changes::settle(store, &known).await;
    let wait = store.changed(COLLECTION, &known.owner);
    servers.iter_mut().for_each(Server::kill);
    let told = timeout(Duration::from_secs(2), wait).await;
    assert!(told.is_ok_and(|told| is_unavailable(&told)), "who waits hears that nobody listens");
    every_call_fails_in_time(store).await;
    servers.iter_mut().for_each(Server::start);
    works_again(store).await;
    assert_eq!(value(store, &known).await.as_deref(), Some(&b"known"[..]));
    changes_are_told_again(store).await;
}

/// It hangs: connections stay, and nothing answers.
pub(crate) async fn survive_a_freeze(servers: &[Server], store: &Shared) {
    let known = fresh();
    changes::settle(store, &known).await;
    let wait = store.changed(COLLECTION, &known.owner);
    servers.iter().for_each(Server::freeze);
    let told = timeout(Duration::from_secs(4), wait).await;
    assert!(told.is_ok_and(|told| is_unavailable(&told)), "who waits hears that nobody answers");
    every_call_fails_in_time(store).await;
    many_calls_fail_in_time(store).await;
    servers.iter().for_each(Server::resume);
    works_again(store).await;
}

async fn every_call_fails_in_time(store: &Shared) {
    let key = fresh();
    fails(store.get(&key, NOW)).await;
    fails(store.insert(&key, b"x", None, NOW)).await;
    fails(store.swap(&key, 1, b"x", None, NOW)).await;
    fails(store.take(&key, NOW)).await;
    fails(store.delete(&key, NOW)).await;
    fails(store.list(COLLECTION, &key.owner, NOW)).await;
    fails(store.delete_owned(COLLECTION, &key.owner, NOW)).await;
    fails(store.changed(COLLECTION, &key.owner)).await;
}

async fn many_calls_fail_in_time(store: &Shared) {
    let calls = crate::world::together(64, |_| {
        let store = std::sync::Arc::clone(store);
        async move { fails(store.get(&fresh(), NOW)).await }
    });
    calls.await;
}

async fn fails<T: std::fmt::Debug>(call: impl Future<Output = Result<T, StoreError>>) {
    let (answer, took) = timed(call).await;
    assert!(is_unavailable(&answer), "{answer:?}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert!(!format!("{answer:?}").contains(PASSWORD));
}

/// Eventually, and from then on always.
async fn works_again(store: &Shared) {
    let (_, took) = timed(eventually(async || store.get(&fresh(), NOW).await)).await;
    eprintln!("works again after {took:?}");
    pause(1_500).await;
    for _ in 0..50 {
        let owned = fresh();
        put(store, &owned, b"x").await;
        assert_eq!(store.swap(&owned, 1, b"y", None, NOW).await, Ok(true));
        assert_eq!(store.delete_owned(COLLECTION, &owned.owner, NOW).await, Ok(1));
    }
}

async fn changes_are_told_again(store: &Shared) {
    let owned = fresh();
    changes::settle(store, &owned).await;
    let wait = store.changed(COLLECTION, &owned.owner);
    put(store, &key(&owned.owner, "again"), b"").await;
    changes::woken(wait).await;
}

pub(crate) fn is_unavailable<T: std::fmt::Debug>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Unavailable(_)))
}
