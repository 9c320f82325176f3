//! A store that can be pulled, interrupted and counted. In: what is to happen. Out: what a store in
//! memory answers, or that it cannot.

use std::{
    fmt, mem,
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
    full: Mutex<Option<Collection>>,
    asked: Mutex<Vec<Collection>>,
    meanwhile: Mutex<Option<Meanwhile>>,
}

/// What somebody else does in the middle of a call.
struct Meanwhile {
    when: When,
    deed: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// The middle of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Just before something of that collection is inserted.
    BeforeInsert(&'static str),
    /// As soon as something of that collection has been inserted, before that is told.
    AfterInsert(&'static str),
    /// Just before something of that collection is swapped.
    BeforeSwap(&'static str),
    /// As soon as a list has been read, before it is answered.
    AfterList,
}

impl Failing {
    /// Whether it answers nothing from now on.
    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// Has nothing inserted in a collection, or everywhere again.
    pub(crate) fn fill(&self, collection: Option<Collection>) {
        *self.full.lock().unwrap() = collection;
    }

    /// Has something happen in the middle of the next such call.
    pub(crate) fn meanwhile(&self, when: When, deed: impl Future<Output = ()> + Send + 'static) {
        *self.meanwhile.lock().unwrap() = Some(Meanwhile { when, deed: Box::pin(deed) });
    }

    /// How many calls concerned these collections since this was asked last.
    pub(crate) fn calls(&self, collections: &[&str]) -> usize {
        let asked = mem::take(&mut *self.asked.lock().unwrap());
        asked.iter().filter(|collection| collections.contains(&collection.0)).count()
    }

    async fn reach(&self, when: When) {
        let meanwhile = self.meanwhile.lock().unwrap().take_if(|it| it.when == when);
        if let Some(Meanwhile { deed, .. }) = meanwhile {
            deed.await;
        }
    }

    /// Asks the store, and lets everybody else who is asking have their turn first.
    fn ask<'a, T: Send + 'a>(
        &'a self,
        collection: Collection,
        call: impl FnOnce(&'a MemoryStore) -> Answer<'a, T> + Send + 'a,
    ) -> Answer<'a, T> {
        Box::pin(async move {
            self.asked.lock().unwrap().push(collection);
            tokio::task::yield_now().await;
            if self.down.load(Ordering::SeqCst) {
                return Err(StoreError::Unavailable("pulled".to_owned()));
            }
            call(&self.inner).await
        })
    }
}

impl fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Meanwhile").field(&self.when).finish()
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
        Box::pin(async move {
            self.reach(When::BeforeInsert(key.collection.0)).await;
            if *self.full.lock().unwrap() == Some(key.collection) {
                return Err(StoreError::Full);
            }
            let insert = self.ask(key.collection, move |it| it.insert(key, value, expires_at, now));
            let inserted = insert.await?;
            self.reach(When::AfterInsert(key.collection.0)).await;
            Ok(inserted)
        })
    }

    fn get<'a>(&'a self, key: &'a Key, now: Timestamp) -> Answer<'a, Option<Record>> {
        self.ask(key.collection, move |it| it.get(key, now))
    }

    fn swap<'a>(
        &'a self,
        key: &'a Key,
        version: u64,
        value: &'a [u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Answer<'a, bool> {
        Box::pin(async move {
            self.reach(When::BeforeSwap(key.collection.0)).await;
            self.ask(key.collection, move |it| it.swap(key, version, value, expires_at, now)).await
        })
    }

    fn take<'a>(&'a self, key: &'a Key, now: Timestamp) -> Answer<'a, Option<Record>> {
        self.ask(key.collection, move |it| it.take(key, now))
    }

    fn delete<'a>(&'a self, key: &'a Key, now: Timestamp) -> Answer<'a, bool> {
        self.ask(key.collection, move |it| it.delete(key, now))
    }

    fn list<'a>(
        &'a self,
        collection: Collection,
        owner: &'a Owner,
        now: Timestamp,
    ) -> Answer<'a, Vec<Record>> {
        Box::pin(async move {
            let list = self.ask(collection, move |it| it.list(collection, owner, now)).await;
            self.reach(When::AfterList).await;
            list
        })
    }

    fn delete_owned<'a>(
        &'a self,
        collection: Collection,
        owner: &'a Owner,
        now: Timestamp,
    ) -> Answer<'a, u64> {
        self.ask(collection, move |it| it.delete_owned(collection, owner, now))
    }

    fn changed<'a>(&'a self, collection: Collection, owner: &'a Owner) -> Answer<'a, ()> {
        self.ask(collection, move |it| it.changed(collection, owner))
    }
}
