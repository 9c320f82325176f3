//! Creating while everything is deleted. In: an open store. Out: a panic if `delete_owned` was not
//! one step.
//!
//! A record that was there before serves as witness: while anybody can read it, the step has not
//! happened; once it cannot be read, it has. So of the records that others insert meanwhile:
//!
//! 1. inserted, and then the witness was still there: it came before the step, and is gone;
//! 2. the witness was gone already, and then it was inserted: it came after the step, and is there;
//! 3. of one creator's records, inserted one after the other, those that are left are the last;
//! 4. what `delete_owned` counted and what is left are all that was ever inserted.

use std::{collections::BTreeSet, sync::Arc};

use auth_runtime::store::Owner;

use crate::world::{COLLECTION, NOW, Shared, ids, key, owner, put, together};

const ROUNDS: usize = 12;
const CREATORS: usize = 8;
const EACH: usize = 25;
/// Makes the deletion long enough to be raced.
const OTHERS: usize = 300;

/// What a creator saw around one insert.
struct Created {
    id: String,
    witness_before: bool,
    witness_after: bool,
}

pub(crate) async fn hold(store: &Shared) {
    for _ in 0..ROUNDS {
        round(store).await;
    }
}

async fn round(store: &Shared) {
    let owner = owner();
    fill(store, &owner).await;
    let creators = together(CREATORS, |creator| create(Arc::clone(store), owner.clone(), creator));
    let (histories, count) = tokio::join!(creators, delete_when_begun(store, &owner));
    let left: BTreeSet<String> = ids(store, &owner).await.into_iter().collect();
    for history in &histories {
        check(history, &left);
    }
    assert_eq!(count as usize + left.len(), OTHERS + 1 + CREATORS * EACH, "4: all are counted");
}

async fn fill(store: &Shared, owner: &Owner) {
    put(store, &key(owner, "witness"), b"").await;
    for number in 0..OTHERS {
        put(store, &key(owner, &format!("other-{number}")), &[0; 64]).await;
    }
}

async fn create(store: Shared, owner: Owner, creator: usize) -> Vec<Created> {
    let witness = key(&owner, "witness");
    let mut history = Vec::new();
    for number in 0..EACH {
        let id = format!("new-{creator}-{number:02}");
        let witness_before = store.get(&witness, NOW).await.unwrap().is_some();
        put(&store, &key(&owner, &id), b"").await;
        let witness_after = store.get(&witness, NOW).await.unwrap().is_some();
        history.push(Created { id, witness_before, witness_after });
    }
    history
}

async fn delete_when_begun(store: &Shared, owner: &Owner) -> u64 {
    let begun = key(owner, "new-0-05");
    while store.get(&begun, NOW).await.unwrap().is_none() {
        tokio::task::yield_now().await;
    }
    store.delete_owned(COLLECTION, owner, NOW).await.unwrap()
}

fn check(history: &[Created], left: &BTreeSet<String>) {
    for created in history {
        let is_left = left.contains(&created.id);
        assert!(!(created.witness_after && is_left), "1: {} was before the step", created.id);
        assert!(created.witness_before || is_left, "2: {} was after the step", created.id);
    }
    let gone = history.iter().take_while(|created| !left.contains(&created.id)).count();
    let rest = history[gone..].iter().all(|created| left.contains(&created.id));
    assert!(rest, "3: the last of one creator are left");
}
