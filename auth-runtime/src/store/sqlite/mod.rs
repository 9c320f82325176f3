//! The store in a file. In: a path. Out: records that outlive the process, for the processes of
//! one machine.
//!
//! Each verb is one statement, and SQLite lets one writer in at a time, so each is atomic and the
//! order is total. Reads see the last commit.

mod ear;
mod file;
mod sql;

use std::fmt;

use sqlx::{SqlitePool, query, query_as, query_scalar};

use super::{
    Answer, Collection, Key, Owner, Record, Store, StoreError,
    bounds::{KEPT_AFTER_END_SECONDS, PURGED_AT_ONCE, Tidy, in_time},
    check_size,
    feed::Feed,
    sql::{failure, live, record},
};
use crate::clock::Timestamp;

/// A store in an SQLite file: for one process, or for a few on one machine.
///
/// It is in WAL mode and waits for the disk at every write (`synchronous = FULL`): after a power
/// cut a revocation is still there, and a refresh token that was used is still used. A record is
/// removed some time after its end, by a later insert. `changed` looks four times a second.
///
/// # Security
///
/// A file it makes can be read by its user alone (on Unix). The file is not encrypted.
pub struct SqliteStore {
    // One connection writes: SQLite lets in one at a time, and a queue is fair where its lock is not.
    writer: SqlitePool,
    readers: SqlitePool,
    feed: Feed,
    tidy: Tidy,
}

impl SqliteStore {
    /// Opens the file at `path`, and makes it and its tables if need be.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unsuitable`] if a newer version of this crate made it;
    /// [`StoreError::Damaged`] if it is no database; [`StoreError::Unavailable`] if it cannot be
    /// opened.
    pub async fn open(path: &str) -> Result<Self, StoreError> {
        let (writer, readers) = in_time(Box::pin(file::open(path))).await?;
        Ok(Self { writer, readers, feed: Feed::default(), tidy: Tidy::default() })
    }

    async fn insert_now(
        &self,
        key: &Key,
        value: &[u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        check_size(value)?;
        let insert = query(sql::INSERT)
            .bind(key.collection.0)
            .bind(key.owner.as_str())
            .bind(&key.id)
            .bind(expires_at.map(|end| end.0))
            .bind(value)
            .bind(now.0);
        let done = insert.execute(&self.writer).await.map_err(failure)?;
        if self.tidy.is_due() {
            self.purge(now).await;
        }
        Ok(done.rows_affected() > 0)
    }

    /// What cannot be removed now is left to a later insert; this one has been made.
    async fn purge(&self, now: Timestamp) {
        let purge = query(sql::PURGE)
            .bind(now.0.saturating_sub(KEPT_AFTER_END_SECONDS))
            .bind(PURGED_AT_ONCE);
        drop(purge.execute(&self.writer).await);
    }

    async fn get_now(&self, key: &Key, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let get = query_as(sql::GET).bind(key.collection.0).bind(key.owner.as_str()).bind(&key.id);
        live(key, get.fetch_optional(&self.readers).await.map_err(failure)?, now)
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
        // No record has a version beyond what the column holds.
        let Ok(version) = i64::try_from(version) else { return Ok(false) };
        let swap = query(sql::SWAP)
            .bind(key.collection.0)
            .bind(key.owner.as_str())
            .bind(&key.id)
            .bind(expires_at.map(|end| end.0))
            .bind(value)
            .bind(now.0)
            .bind(version);
        let done = swap.execute(&self.writer).await.map_err(failure)?;
        Ok(done.rows_affected() > 0)
    }

    async fn take_now(&self, key: &Key, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let take =
            query_as(sql::TAKE).bind(key.collection.0).bind(key.owner.as_str()).bind(&key.id);
        live(key, take.fetch_optional(&self.writer).await.map_err(failure)?, now)
    }

    async fn list_now(
        &self,
        collection: Collection,
        owner: &Owner,
        now: Timestamp,
    ) -> Result<Vec<Record>, StoreError> {
        let list = query_as(sql::LIST).bind(collection.0).bind(owner.as_str()).bind(now.0);
        let rows = list.fetch_all(&self.readers).await.map_err(failure)?;
        rows.into_iter().map(|row| record(collection, owner, row)).collect()
    }

    async fn delete_owned_now(
        &self,
        collection: Collection,
        owner: &Owner,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let delete =
            query_scalar(sql::DELETE_OWNED).bind(collection.0).bind(owner.as_str()).bind(now.0);
        let were_live: Vec<bool> = delete.fetch_all(&self.writer).await.map_err(failure)?;
        Ok(were_live.into_iter().filter(|live| *live).count() as u64)
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
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
        let readers = self.readers.clone();
        let place = format!("{}/{}", collection.0, owner.as_str());
        self.feed.changed(place, move || ear::dial(readers.clone()))
    }
}
