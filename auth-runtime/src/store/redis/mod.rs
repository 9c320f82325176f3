//! The store in Redis. In: a URL. Out: records that every process of a service shares.
//!
//! Each verb is one command or one script on keys of one slot, so each is atomic and the order is
//! total, on a cluster too. How a record is kept, `scripts` explains.

mod ear;
mod eviction;
pub(crate) mod link;
mod record;
pub(crate) mod script;
mod scripts;
pub(crate) mod url;

use std::{collections::BTreeMap, fmt};

use redis::{Client, Cmd};

use super::{
    Answer, Collection, Key, Owner, Record, Store, StoreError,
    bounds::{KEPT_AFTER_END_SECONDS, PURGED_AT_ONCE, in_time},
    check_size,
    feed::Feed,
};
use crate::clock::Timestamp;
use link::Link;

/// A store in Redis 6.2 or later, or in a Redis Cluster: for the processes of a service.
///
/// One connection carries all commands, and one more listens while something waits for `changed`.
/// Records go by themselves: an owner's collection a minute after the last of its records, and
/// within it what has expired at the next insert.
///
/// # Security
///
/// A Redis that may evict is refused. One that fails over to a replica loses the writes that the
/// replica had not yet seen, among them revocations: see the book's page on stores.
pub struct RedisStore {
    link: Link,
    nodes: Vec<Client>,
    prefix: String,
    feed: Feed,
}

impl RedisStore {
    /// Connects to `redis://`, `rediss://`, `redis+cluster://` or `rediss+cluster://`.
    ///
    /// `?prefix=NAME` is what keys begin with instead of `auth`; `?ca=FILE` holds the certificates,
    /// in PEM, to trust instead of the system's.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unsuitable`] if the URL cannot be read or the server may evict keys;
    /// [`StoreError::Unavailable`] if it cannot be reached or refuses.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let url::Address { target, nodes, prefix } = url::parse(url)?;
        let link = Link::new(target);
        in_time(Box::pin(link.connect())).await?;
        Ok(Self { link, nodes, prefix, feed: Feed::default() })
    }

    /// The key of an owner's records, and the name of the channel that hears of them.
    fn records(&self, collection: Collection, owner: &Owner) -> String {
        format!("{}:{{{}}}:{}", self.prefix, owner.as_str(), collection.0)
    }

    /// The script's call up to its first two arguments.
    fn call(&self, script: &str, place: (Collection, &Owner), id: &str, now: Timestamp) -> Cmd {
        let records = self.records(place.0, place.1);
        let ends = format!("{records}:ends");
        let mut command = redis::cmd("EVAL");
        command.arg(script).arg(2).arg(records).arg(ends).arg(id).arg(now.0);
        command
    }

    async fn insert_now(
        &self,
        key: &Key,
        value: &[u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        check_size(value)?;
        let mut call = self.call(scripts::INSERT, (key.collection, &key.owner), &key.id, now);
        call.arg(record::written(expires_at)).arg(value);
        call.arg(now.0.saturating_sub(KEPT_AFTER_END_SECONDS)).arg(PURGED_AT_ONCE);
        self.link.ask(&call).await
    }

    async fn get_now(&self, key: &Key, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let mut command = redis::cmd("HGET");
        command.arg(self.records(key.collection, &key.owner)).arg(&key.id);
        live(key, self.link.ask(&command).await?, now)
    }

    async fn swap_now(
        &self,
        key: &Key,
        version: u64,
        value: &[u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        check_size(value)?;
        let mut call = self.call(scripts::SWAP, (key.collection, &key.owner), &key.id, now);
        call.arg(record::written(expires_at)).arg(value);
        call.arg(version).arg(version.saturating_add(1));
        self.link.ask(&call).await
    }

    async fn take_now(&self, key: &Key, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let call = self.call(scripts::TAKE, (key.collection, &key.owner), &key.id, now);
        live(key, self.link.ask(&call).await?, now)
    }

    async fn list_now(
        &self,
        collection: Collection,
        owner: &Owner,
        now: Timestamp,
    ) -> Result<Vec<Record>, StoreError> {
        let mut command = redis::cmd("HGETALL");
        command.arg(self.records(collection, owner));
        let found: BTreeMap<String, Vec<u8>> = self.link.ask(&command).await?;
        let records = found
            .into_iter()
            .map(|(id, text)| record::read(Key { collection, owner: owner.clone(), id }, &text));
        let records: Vec<Record> = records.collect::<Result<_, _>>()?;
        Ok(records.into_iter().filter(|record| record.is_live(now)).collect())
    }

    async fn delete_owned_now(
        &self,
        collection: Collection,
        owner: &Owner,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.link.ask(&self.call(scripts::DELETE_OWNED, (collection, owner), "", now)).await
    }
}

fn live(key: &Key, text: Option<Vec<u8>>, now: Timestamp) -> Result<Option<Record>, StoreError> {
    let found = text.map(|text| record::read(key.clone(), &text)).transpose()?;
    Ok(found.filter(|record| record.is_live(now)))
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SECURITY: the link holds the password.
        f.debug_struct("RedisStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Store for RedisStore {
    fn insert<'a>(
        &'a self,
        key: &'a Key,
        value: &'a [u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Answer<'a, bool> {
        Box::pin(in_time(self.insert_now(key, value, expires_at, now)))
    }

    fn get<'a>(&'a self, key: &'a Key, now: Timestamp) -> Answer<'a, Option<Record>> {
        Box::pin(in_time(self.get_now(key, now)))
    }

    fn swap<'a>(
        &'a self,
        key: &'a Key,
        version: u64,
        value: &'a [u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Answer<'a, bool> {
        Box::pin(in_time(self.swap_now(key, version, value, expires_at, now)))
    }

    fn take<'a>(&'a self, key: &'a Key, now: Timestamp) -> Answer<'a, Option<Record>> {
        Box::pin(in_time(self.take_now(key, now)))
    }

    fn delete<'a>(&'a self, key: &'a Key, now: Timestamp) -> Answer<'a, bool> {
        Box::pin(in_time(async move { Ok(self.take_now(key, now).await?.is_some()) }))
    }

    fn list<'a>(
        &'a self,
        collection: Collection,
        owner: &'a Owner,
        now: Timestamp,
    ) -> Answer<'a, Vec<Record>> {
        Box::pin(in_time(self.list_now(collection, owner, now)))
    }

    fn delete_owned<'a>(
        &'a self,
        collection: Collection,
        owner: &'a Owner,
        now: Timestamp,
    ) -> Answer<'a, u64> {
        Box::pin(in_time(self.delete_owned_now(collection, owner, now)))
    }

    fn changed<'a>(&'a self, collection: Collection, owner: &'a Owner) -> Answer<'a, ()> {
        let nodes = self.nodes.clone();
        self.feed.changed(self.records(collection, owner), move || ear::dial(nodes.clone()))
    }
}
