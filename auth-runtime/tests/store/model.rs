//! Any sequence of calls against the plainest store there can be. In: sequences made by proptest.
//! Out: a panic, and the shortest sequence on which a backend answers otherwise.

use std::collections::BTreeMap;

use auth_runtime::{
    clock::Timestamp,
    store::{Key, Owner, Record},
};
use proptest::{
    collection::vec,
    prelude::{Just, ProptestConfig, Strategy, any, prop_oneof},
    test_runner::TestRunner,
};

use crate::world::{COLLECTION, NOW, Shared, owner};

/// One call; `usize`s choose among a few keys and owners, so that calls meet.
#[derive(Clone, Debug)]
enum Call {
    Insert(usize, Vec<u8>, Option<i64>),
    Get(usize),
    Swap(usize, u64, Vec<u8>, Option<i64>),
    Take(usize),
    Delete(usize),
    List(usize),
    DeleteOwned(usize),
    Wait(i64),
}

/// What a call says, in a form that can be compared.
#[derive(Debug, PartialEq)]
enum Said {
    Whether(bool),
    Count(u64),
    Records(Vec<Record>),
}

/// The records, and the present moment.
struct Model {
    records: BTreeMap<Key, Record>,
    now: Timestamp,
}

fn call() -> impl Strategy<Value = Call> {
    let value = || vec(any::<u8>(), 0..8);
    let end = || prop_oneof![Just(None), (0_i64..90).prop_map(Some)];
    prop_oneof![
        4 => (0_usize..12, value(), end()).prop_map(|(key, value, end)| Call::Insert(key, value, end)),
        2 => (0_usize..12).prop_map(Call::Get),
        4 => (0_usize..12, 0_u64..4, value(), end())
            .prop_map(|(key, version, value, end)| Call::Swap(key, version, value, end)),
        1 => (0_usize..12).prop_map(Call::Take),
        1 => (0_usize..12).prop_map(Call::Delete),
        2 => (0_usize..3).prop_map(Call::List),
        1 => (0_usize..3).prop_map(Call::DeleteOwned),
        2 => (0_i64..45).prop_map(Call::Wait),
    ]
}

impl Model {
    fn live(&self, key: &Key) -> Option<&Record> {
        let found = self.records.get(key)?;
        found.expires_at.is_none_or(|end| end > self.now).then_some(found)
    }

    fn owned(&self, owner: &Owner) -> Vec<Record> {
        let owned = self.records.keys().filter(|key| key.owner == *owner);
        owned.filter_map(|key| self.live(key)).cloned().collect()
    }

    fn put(&mut self, key: Key, version: u64, value: Vec<u8>, expires_at: Option<Timestamp>) {
        self.records.insert(key.clone(), Record { key, value, expires_at, version });
    }

    fn insert(&mut self, key: Key, value: Vec<u8>, end: Option<Timestamp>) -> bool {
        let is_free = self.live(&key).is_none();
        if is_free {
            self.put(key, 1, value, end);
        }
        is_free
    }

    fn swap(&mut self, key: Key, version: u64, value: Vec<u8>, end: Option<Timestamp>) -> bool {
        let is_same = self.live(&key).is_some_and(|found| found.version == version);
        if is_same {
            self.put(key, version + 1, value, end);
        }
        is_same
    }

    fn take(&mut self, key: &Key) -> Vec<Record> {
        let live = self.live(key).cloned();
        self.records.remove(key);
        live.into_iter().collect()
    }

    fn delete_owned(&mut self, owner: &Owner) -> u64 {
        let live = self.owned(owner).len();
        self.records.retain(|key, _| key.owner != *owner);
        live as u64
    }
}

/// Both the model and the store, and the owners they know.
struct Pair<'a> {
    model: Model,
    store: &'a Shared,
    owners: [Owner; 3],
}

impl Pair<'_> {
    /// Four ids for each of three owners.
    fn key(&self, number: usize) -> Key {
        let id = ["a", "B", "_", "9"][number / 3];
        Key::new(COLLECTION, self.owners[number % 3].clone(), id).unwrap()
    }

    fn end(&self, seconds: Option<i64>) -> Option<Timestamp> {
        seconds.map(|seconds| Timestamp(self.model.now.0 + seconds))
    }

    async fn make(&mut self, call: &Call) {
        let (now, store) = (self.model.now, self.store);
        let (expected, said) = match call.clone() {
            Call::Wait(seconds) => {
                self.model.now.0 += seconds;
                return;
            }
            Call::Insert(key, value, end) => {
                let (key, end) = (self.key(key), self.end(end));
                let said = store.insert(&key, &value, end, now).await.unwrap();
                (Said::Whether(self.model.insert(key, value, end)), Said::Whether(said))
            }
            Call::Swap(key, version, value, end) => {
                let (key, end) = (self.key(key), self.end(end));
                let said = store.swap(&key, version, &value, end, now).await.unwrap();
                (Said::Whether(self.model.swap(key, version, value, end)), Said::Whether(said))
            }
            Call::Get(key) => {
                let key = self.key(key);
                let said = store.get(&key, now).await.unwrap().into_iter().collect();
                let expected = self.model.live(&key).cloned().into_iter().collect();
                (Said::Records(expected), Said::Records(said))
            }
            Call::Take(key) => {
                let key = self.key(key);
                let said = store.take(&key, now).await.unwrap().into_iter().collect();
                (Said::Records(self.model.take(&key)), Said::Records(said))
            }
            Call::Delete(key) => {
                let key = self.key(key);
                let said = store.delete(&key, now).await.unwrap();
                (Said::Whether(!self.model.take(&key).is_empty()), Said::Whether(said))
            }
            Call::List(owner) => {
                let owner = self.owners[owner].clone();
                let said = store.list(COLLECTION, &owner, now).await.unwrap();
                (Said::Records(self.model.owned(&owner)), Said::Records(said))
            }
            Call::DeleteOwned(owner) => {
                let owner = self.owners[owner].clone();
                let said = store.delete_owned(COLLECTION, &owner, now).await.unwrap();
                (Said::Count(self.model.delete_owned(&owner)), Said::Count(said))
            }
        };
        assert_eq!(said, expected, "{call:?}");
    }
}

/// Compares the store with the model on so many sequences.
pub(crate) fn hold(store: &Shared, sequences: u32) {
    let runtime = tokio::runtime::Handle::current();
    let settings =
        ProptestConfig { cases: sequences, failure_persistence: None, ..Default::default() };
    let sequence = vec(call(), 1..60);
    let outcome = TestRunner::new(settings).run(&sequence, |calls| {
        let model = Model { records: BTreeMap::new(), now: NOW };
        let mut pair = Pair { model, store, owners: [owner(), owner(), owner()] };
        runtime.block_on(async {
            for call in &calls {
                pair.make(call).await;
            }
        });
        Ok(())
    });
    outcome.unwrap();
}

/// The same, from within a test that is async.
pub(crate) async fn hold_async(store: &Shared, sequences: u32) {
    let store = std::sync::Arc::clone(store);
    tokio::task::spawn_blocking(move || hold(&store, sequences)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_like_the_model() {
    let store: Shared = std::sync::Arc::new(auth_runtime::store::MemoryStore::new());
    hold_async(&store, 256).await;
}
