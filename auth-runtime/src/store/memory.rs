//! The store of one process. In: records. Out: the same until the process ends, in bounded memory.

use std::{
    borrow::Borrow,
    collections::{BTreeSet, HashSet},
    fmt,
    future::ready,
    hash::{Hash, Hasher},
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use foldhash::fast::RandomState;
use tokio::sync::watch;

use super::{Answer, Collection, Key, Owner, Record, Store, StoreError, check_size};
use crate::clock::Timestamp;

/// How many records a store of this kind holds unless told otherwise.
const DEFAULT_CAPACITY: usize = 1_000_000;

/// A store in memory: for one process, for tests, and for what may be lost.
///
/// It holds a bounded number of records, a million unless told otherwise; when it is full it
/// forgets those that have expired, and refuses the next one if none has.
pub struct MemoryStore {
    records: RwLock<Records>,
    capacity: usize,
    written: watch::Sender<u64>,
}

#[derive(Default)]
struct Records {
    /// Found in the same time, however many there are.
    by_key: HashSet<Kept, RandomState>,
    /// By kind, then owner, then id: an owner's records of a kind stand together.
    in_order: BTreeSet<Key>,
    by_expiry: BTreeSet<(Timestamp, Key)>,
}

/// A record among others, each of another key.
struct Kept(Record);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }

    /// An empty store for so many records.
    pub fn with_capacity(records: usize) -> Self {
        Self { records: RwLock::default(), capacity: records, written: watch::Sender::new(0) }
    }

    // A panic elsewhere leaves no half-written record: a reader changes nothing, and each change
    // below is made after all that can fail.
    fn records(&self) -> RwLockReadGuard<'_, Records> {
        self.records.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn records_mut(&self) -> RwLockWriteGuard<'_, Records> {
        self.records.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_changed(&self) {
        self.written.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn insert_now(
        &self,
        key: &Key,
        value: &[u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        check_size(value)?;
        let mut records = self.records_mut();
        records.forget_if_expired(key, now);
        if records.by_key.contains(key) {
            return Ok(false);
        }
        if records.by_key.len() >= self.capacity {
            records.forget_expired(now);
        }
        if records.by_key.len() >= self.capacity {
            return Err(StoreError::Full);
        }
        records.put(Record { key: key.clone(), value: value.to_vec(), expires_at, version: 1 });
        drop(records);
        self.has_changed();
        Ok(true)
    }

    fn swap_now(
        &self,
        key: &Key,
        version: u64,
        value: &[u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        check_size(value)?;
        let mut records = self.records_mut();
        records.forget_if_expired(key, now);
        let same = records.by_key.get(key).is_some_and(|found| found.0.version == version);
        if same {
            records.remove(key);
            let version = version.saturating_add(1);
            records.put(Record { key: key.clone(), value: value.to_vec(), expires_at, version });
            drop(records);
            self.has_changed();
        }
        Ok(same)
    }

    fn take_now(&self, key: &Key, now: Timestamp) -> Option<Record> {
        let taken = self.records_mut().remove(key).filter(|record| record.is_live(now));
        self.has_changed();
        taken
    }

    fn list_now(&self, collection: Collection, owner: &Owner, now: Timestamp) -> Vec<Record> {
        let records = self.records();
        let owned = records.owned(collection, owner);
        owned.filter(|record| record.is_live(now)).cloned().collect()
    }

    fn delete_owned_now(&self, collection: Collection, owner: &Owner, now: Timestamp) -> u64 {
        let mut records = self.records_mut();
        let keys: Vec<_> =
            records.owned(collection, owner).map(|found| found.key.clone()).collect();
        let removed = keys.iter().filter_map(|key| records.remove(key));
        let live = removed.filter(|record| record.is_live(now)).count();
        drop(records);
        self.has_changed();
        live as u64
    }
}

impl Records {
    fn put(&mut self, record: Record) {
        if let Some(end) = record.expires_at {
            self.by_expiry.insert((end, record.key.clone()));
        }
        self.in_order.insert(record.key.clone());
        self.by_key.insert(Kept(record));
    }

    fn live(&self, key: &Key, now: Timestamp) -> Option<&Record> {
        self.by_key.get(key).map(|kept| &kept.0).filter(|record| record.is_live(now))
    }

    fn remove(&mut self, key: &Key) -> Option<Record> {
        let Kept(record) = self.by_key.take(key)?;
        self.in_order.remove(key);
        if let Some(end) = record.expires_at {
            self.by_expiry.remove(&(end, key.clone()));
        }
        Some(record)
    }

    fn forget_if_expired(&mut self, key: &Key, now: Timestamp) {
        if self.by_key.get(key).is_some_and(|kept| !kept.0.is_live(now)) {
            self.remove(key);
        }
    }

    fn forget_expired(&mut self, now: Timestamp) {
        while self.by_expiry.first().is_some_and(|(end, _)| *end <= now) {
            if let Some((_, key)) = self.by_expiry.pop_first() {
                self.by_key.remove(&key);
                self.in_order.remove(&key);
            }
        }
    }

    fn owned(&self, collection: Collection, owner: &Owner) -> impl Iterator<Item = &Record> {
        let first = Key { collection, owner: owner.clone(), id: String::new() };
        let from = self.in_order.range(first..);
        let owned = from.take_while(move |key| key.collection == collection && key.owner == *owner);
        owned.filter_map(|key| self.by_key.get(key)).map(|kept| &kept.0)
    }
}

impl Borrow<Key> for Kept {
    fn borrow(&self) -> &Key {
        &self.0.key
    }
}

impl Hash for Kept {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.key.hash(state);
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.0.key == other.0.key
    }
}

impl Eq for Kept {}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl Store for MemoryStore {
    fn insert<'a>(
        &'a self,
        key: &'a Key,
        value: &'a [u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Answer<'a, bool> {
        Box::pin(ready(self.insert_now(key, value, expires_at, now)))
    }

    fn get<'a>(&'a self, key: &'a Key, now: Timestamp) -> Answer<'a, Option<Record>> {
        let found = self.records().live(key, now).cloned();
        Box::pin(ready(Ok(found)))
    }

    fn peek(&self, key: &Key, now: Timestamp, look: &mut dyn FnMut(Option<&Record>)) -> bool {
        look(self.records().live(key, now));
        true
    }

    fn swap<'a>(
        &'a self,
        key: &'a Key,
        version: u64,
        value: &'a [u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Answer<'a, bool> {
        Box::pin(ready(self.swap_now(key, version, value, expires_at, now)))
    }

    fn take<'a>(&'a self, key: &'a Key, now: Timestamp) -> Answer<'a, Option<Record>> {
        Box::pin(ready(Ok(self.take_now(key, now))))
    }

    fn delete<'a>(&'a self, key: &'a Key, now: Timestamp) -> Answer<'a, bool> {
        Box::pin(ready(Ok(self.take_now(key, now).is_some())))
    }

    fn list<'a>(
        &'a self,
        collection: Collection,
        owner: &'a Owner,
        now: Timestamp,
    ) -> Answer<'a, Vec<Record>> {
        Box::pin(ready(Ok(self.list_now(collection, owner, now))))
    }

    fn delete_owned<'a>(
        &'a self,
        collection: Collection,
        owner: &'a Owner,
        now: Timestamp,
    ) -> Answer<'a, u64> {
        Box::pin(ready(Ok(self.delete_owned_now(collection, owner, now))))
    }

    fn changed<'a>(&'a self, _: Collection, _: &'a Owner) -> Answer<'a, ()> {
        let mut written = self.written.subscribe();
        Box::pin(async move {
            let gone = |_| StoreError::Unavailable("the store has ended".to_owned());
            written.changed().await.map_err(gone)
        })
    }
}
