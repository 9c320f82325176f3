//! A hundred thousand records. In: an open store. Out: a panic if it loses one or becomes slow.

use std::{sync::Arc, time::Duration};

use auth_runtime::store::Owner;

use crate::world::{COLLECTION, NOW, Shared, ids, key, owner, put, timed, together};

const OWNERS: usize = 100;
const EACH: usize = 1_000;
const WORKERS: usize = 50;

pub(crate) async fn hold(store: &Shared) {
    let owners: Arc<Vec<Owner>> = Arc::new((0..OWNERS).map(|_| owner()).collect());
    let ((), inserting) = timed(insert_all(store, &owners)).await;
    let (listed, listing) = timed(ids(store, &owners[7])).await;
    assert_eq!(listed.len(), EACH);
    assert!(listed.is_sorted());
    let getting = typical_get(store, &owners).await;
    assert_eq!(store.delete_owned(COLLECTION, &owners[7], NOW).await, Ok(EACH as u64));
    assert_eq!(ids(store, &owners[8]).await.len(), EACH);
    eprintln!("inserting {inserting:?}, listing {EACH} {listing:?}, getting one {getting:?}");
    assert!(getting < Duration::from_millis(20), "a get took {getting:?}");
}

async fn insert_all(store: &Shared, owners: &Arc<Vec<Owner>>) {
    let inserted = together(WORKERS, |worker| {
        let (store, owners) = (Arc::clone(store), Arc::clone(owners));
        async move {
            for owner in owners.iter().skip(worker).step_by(WORKERS) {
                for number in 0..EACH {
                    put(&store, &key(owner, &format!("{number}")), &[1; 100]).await;
                }
            }
        }
    });
    inserted.await;
}

/// The median of some gets.
async fn typical_get(store: &Shared, owners: &[Owner]) -> Duration {
    let mut took = Vec::new();
    for owner in owners {
        let key = key(owner, "500");
        let (found, time) = timed(store.get(&key, NOW)).await;
        assert!(found.unwrap().is_some());
        took.push(time);
    }
    took.sort_unstable();
    took[took.len() / 2]
}
