//! A store that can be pulled. In: a switch. Out: what a store in memory answers, or that it cannot.

use std::{
    future::ready,
    sync::atomic::{AtomicBool, Ordering},
};

use auth_runtime::{
    clock::Timestamp,
    store::{Answer, Collection, Key, MemoryStore, Owner, Record, Store, StoreError},
};

/// A store that answers until it is told not to.
#[derive(Debug, Default)]
pub(crate) struct Failing {
    inner: MemoryStore,
    down: AtomicBool,
}

impl Failing {
    fn or_down<'a, T: Send + 'a>(&self, answer: Answer<'a, T>) -> Answer<'a, T> {
        if self.down.load(Ordering::SeqCst) {
            return Box::pin(ready(Err(StoreError::Unavailable("pulled".to_owned()))));
        }
        answer
    }

    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }
}

impl Store for Failing {
    fn insert<'a>(
        &'a self,
        key: &'a Key,
        value: &'a [u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Answer<'a, bool> {
        self.or_down(self.inner.insert(key, value, expires_at, now))
    }

    fn get<'a>(&'a self, key: &'a Key, now: Timestamp) -> Answer<'a, Option<Record>> {
        self.or_down(self.inner.get(key, now))
    }

    fn swap<'a>(
        &'a self,
        key: &'a Key,
        version: u64,
        value: &'a [u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Answer<'a, bool> {
        self.or_down(self.inner.swap(key, version, value, expires_at, now))
    }

    fn take<'a>(&'a self, key: &'a Key, now: Timestamp) -> Answer<'a, Option<Record>> {
        self.or_down(self.inner.take(key, now))
    }

    fn delete<'a>(&'a self, key: &'a Key, now: Timestamp) -> Answer<'a, bool> {
        self.or_down(self.inner.delete(key, now))
    }

    fn list<'a>(
        &'a self,
        collection: Collection,
        owner: &'a Owner,
        now: Timestamp,
    ) -> Answer<'a, Vec<Record>> {
        self.or_down(self.inner.list(collection, owner, now))
    }

    fn delete_owned<'a>(
        &'a self,
        collection: Collection,
        owner: &'a Owner,
        now: Timestamp,
    ) -> Answer<'a, u64> {
        self.or_down(self.inner.delete_owned(collection, owner, now))
    }

    fn changed<'a>(&'a self, collection: Collection, owner: &'a Owner) -> Answer<'a, ()> {
        self.or_down(self.inner.changed(collection, owner))
    }
}
