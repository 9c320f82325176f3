//! Many callers at once. In: an open store. Out: a panic if two of them had what one may have.

use std::sync::Arc;

use crate::world::{COLLECTION, NOW, Shared, fresh, ids, key, owner, put, together, value};

/// How many call at the same time.
const CALLERS: usize = 64;

/// Runs every case, a few times over.
pub(crate) async fn hold(store: &Shared) {
    for _ in 0..5 {
        one_of_many_inserts(store).await;
        one_of_many_swaps(store).await;
        one_of_many_takes(store).await;
        one_of_many_deletes(store).await;
    }
    no_swap_is_lost(store).await;
    takes_share_what_is_there(store).await;
}

fn once(answers: &[bool]) {
    assert_eq!(answers.iter().filter(|answer| **answer).count(), 1);
}

async fn one_of_many_inserts(store: &Shared) {
    let key = Arc::new(fresh());
    let answers = together(CALLERS, |caller| {
        let (store, key) = (Arc::clone(store), Arc::clone(&key));
        async move { store.insert(&key, &[caller as u8], None, NOW).await.unwrap() }
    });
    let answers = answers.await;
    once(&answers);
    let winner = answers.iter().position(|won| *won).unwrap();
    assert_eq!(value(store, &key).await, Some(vec![winner as u8]));
}

async fn one_of_many_swaps(store: &Shared) {
    let key = Arc::new(fresh());
    put(store, &key, b"").await;
    let answers = together(CALLERS, |caller| {
        let (store, key) = (Arc::clone(store), Arc::clone(&key));
        async move { store.swap(&key, 1, &[caller as u8], None, NOW).await.unwrap() }
    });
    let answers = answers.await;
    once(&answers);
    let winner = answers.iter().position(|won| *won).unwrap();
    assert_eq!(value(store, &key).await, Some(vec![winner as u8]));
}

async fn one_of_many_takes(store: &Shared) {
    let key = Arc::new(fresh());
    put(store, &key, b"").await;
    let answers = together(CALLERS, |_| {
        let (store, key) = (Arc::clone(store), Arc::clone(&key));
        async move { store.take(&key, NOW).await.unwrap().is_some() }
    });
    once(&answers.await);
}

async fn one_of_many_deletes(store: &Shared) {
    let key = Arc::new(fresh());
    put(store, &key, b"").await;
    let answers = together(CALLERS, |_| {
        let (store, key) = (Arc::clone(store), Arc::clone(&key));
        async move { store.delete(&key, NOW).await.unwrap() }
    });
    once(&answers.await);
}

/// A counter that each of them raises once.
async fn no_swap_is_lost(store: &Shared) {
    let key = Arc::new(fresh());
    put(store, &key, &0_u64.to_be_bytes()).await;
    let raised = together(16, |_| raise(Arc::clone(store), Arc::clone(&key)));
    raised.await;
    let found = store.get(&key, NOW).await.unwrap().unwrap();
    assert_eq!((found.value, found.version), (16_u64.to_be_bytes().to_vec(), 17));
}

async fn raise(store: Shared, key: Arc<auth_runtime::store::Key>) {
    loop {
        let found = store.get(&key, NOW).await.unwrap().unwrap();
        let count = u64::from_be_bytes(found.value.try_into().unwrap()) + 1;
        if store.swap(&key, found.version, &count.to_be_bytes(), None, NOW).await.unwrap() {
            return;
        }
    }
}

/// A hundred records, and callers who take whatever they see: each record is had once.
async fn takes_share_what_is_there(store: &Shared) {
    let owner = owner();
    for number in 0..100 {
        put(store, &key(&owner, &format!("{number}")), b"").await;
    }
    let had = together(8, |_| {
        let (store, owner) = (Arc::clone(store), owner.clone());
        async move {
            let mut had = 0;
            for record in store.list(COLLECTION, &owner, NOW).await.unwrap() {
                had += usize::from(store.take(&record.key, NOW).await.unwrap().is_some());
            }
            had
        }
    });
    assert_eq!(had.await.into_iter().sum::<usize>(), 100);
    assert_eq!(ids(store, &owner).await, [""; 0]);
}
