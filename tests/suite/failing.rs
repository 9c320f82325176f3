//! A store that can be pulled. In: a switch. Out: what a store in memory answers, or that it cannot.

use std::{
    future::ready,
    pin::Pin,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
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
    after_list: Mutex<Option<Then>>,
    before_swap: Mutex<Option<(&'static str, Then)>>,
}

/// What happens in the meantime.
struct Then(Pin<Box<dyn Future<Output = ()> + Send>>);

impl std::fmt::Debug for Then {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Then(..)")
    }
}

impl Failing {
    fn or_down<'a, T: Send + 'a>(&self, answer: Answer<'a, T>) -> Answer<'a, T> {
        if self.down.load(Ordering::SeqCst) {
            return Box::pin(ready(Err(StoreError::Unavailable("pulled".to_owned()))));
        }
        answer
    }

    /// Lets something happen once the next list has been read, before it is answered.
    pub(crate) fn after_next_list(&self, then: impl Future<Output = ()> + Send + 'static) {
        *self.after_list.lock().unwrap() = Some(Then(Box::pin(then)));
    }

    /// Lets something happen before the next swap of a record of that collection.
    pub(crate) fn before_next_swap(
        &self,
        collection: &'static str,
        then: impl Future<Output = ()> + Send + 'static,
    ) {
        *self.before_swap.lock().unwrap() = Some((collection, Then(Box::pin(then))));
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
        let mut before = self.before_swap.lock().unwrap();
        let due = before.take_if(|(collection, _)| *collection == key.collection.0);
        Box::pin(async move {
            if let Some((_, Then(then))) = due {
                then.await;
            }
            self.or_down(self.inner.swap(key, version, value, expires_at, now)).await
        })
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
        let list = self.or_down(self.inner.list(collection, owner, now));
        let then = self.after_list.lock().unwrap().take();
        Box::pin(async move {
            let list = list.await;
            if let Some(Then(then)) = then {
                then.await;
            }
            list
        })
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
