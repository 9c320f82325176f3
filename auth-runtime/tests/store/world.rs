//! What the cases share. In: a store. Out: places in it that nobody else uses, and short calls.

use std::{
    fmt::Debug,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use auth_runtime::{
    clock::Timestamp,
    store::{Collection, Key, Owner, Record, Store},
};

pub(crate) type Shared = Arc<dyn Store>;

/// The moment at which the cases happen.
pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000);

pub(crate) const COLLECTION: Collection = Collection("test");

pub(crate) const fn later(seconds: i64) -> Timestamp {
    Timestamp(NOW.0 + seconds)
}

/// An owner that no other case has.
pub(crate) fn owner() -> Owner {
    Owner::new(format!("owner-{}-{}", std::process::id(), next())).unwrap()
}

pub(crate) fn key(owner: &Owner, id: &str) -> Key {
    Key::new(COLLECTION, owner.clone(), id).unwrap()
}

/// A key whose owner no other case has.
pub(crate) fn fresh() -> Key {
    key(&owner(), "id")
}

pub(crate) fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Inserts what has no end.
pub(crate) async fn put(store: &Shared, key: &Key, value: &[u8]) {
    assert_eq!(store.insert(key, value, None, NOW).await, Ok(true));
}

pub(crate) async fn value(store: &Shared, key: &Key) -> Option<Vec<u8>> {
    store.get(key, NOW).await.unwrap().map(|record| record.value)
}

pub(crate) async fn ids(store: &Shared, owner: &Owner) -> Vec<String> {
    names(store.list(COLLECTION, owner, NOW).await.unwrap())
}

pub(crate) fn names(records: Vec<Record>) -> Vec<String> {
    records.into_iter().map(|record| record.key.id).collect()
}

/// Runs so many calls at the same time, and returns their answers.
pub(crate) async fn together<T, F>(callers: usize, call: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let started: Vec<_> = (0..callers).map(|number| tokio::spawn(call(number))).collect();
    let mut answers = Vec::new();
    for caller in started {
        answers.push(caller.await.unwrap());
    }
    answers
}

/// The answer of a call, and how long it took.
pub(crate) async fn timed<T>(call: impl Future<Output = T>) -> (T, Duration) {
    let begun = instant();
    let answer = call.await;
    (answer, begun.elapsed())
}

/// What the call answers once it works: a server may take ten seconds to serve again.
pub(crate) async fn eventually<T, E: Debug>(call: impl AsyncFn() -> Result<T, E>) -> T {
    let begun = instant();
    loop {
        match call().await {
            Ok(answer) => return answer,
            Err(why) => assert!(begun.elapsed().as_secs() < 10, "it works again: {why:?}"),
        }
        pause(50).await;
    }
}

#[allow(clippy::disallowed_methods, reason = "a measurement of real time is what is tested")]
fn instant() -> Instant {
    Instant::now()
}

#[allow(clippy::disallowed_methods, reason = "a server is waited for, not a lifetime")]
pub(crate) async fn pause(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}
