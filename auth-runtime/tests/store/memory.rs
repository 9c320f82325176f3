//! The store in memory.

use std::sync::Arc;

use auth_runtime::store::{MemoryStore, Store, StoreError};

use crate::{
    changes, contract, crowd, many, race,
    world::{NOW, Shared, fresh, later},
};

fn open() -> Shared {
    Arc::new(MemoryStore::new())
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_holds_the_contract() {
    contract::hold(&open()).await;
}

#[tokio::test]
async fn memory_shows_records_without_a_wait() {
    let store = open();
    assert!(store.peek(&fresh(), NOW, &mut |record| assert_eq!(record, None)));
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_holds_in_a_crowd() {
    crowd::hold(&open()).await;
    race::hold(&open()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_tells_of_changes() {
    let store = open();
    changes::hold(&store, &store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_holds_a_hundred_thousand() {
    many::hold(&open()).await;
}

#[tokio::test]
async fn memory_is_bounded_and_makes_room() {
    let store = MemoryStore::with_capacity(2);
    assert_eq!(store.insert(&fresh(), b"", None, NOW).await, Ok(true));
    assert_eq!(store.insert(&fresh(), b"", Some(later(60)), NOW).await, Ok(true));
    assert_eq!(store.insert(&fresh(), b"", None, later(59)).await, Err(StoreError::Full));
    assert_eq!(store.insert(&fresh(), b"", None, later(60)).await, Ok(true));
}
