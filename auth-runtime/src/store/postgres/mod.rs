//! The store in PostgreSQL. In: a URL. Out: records that every process of a service shares.
//!
//! Each verb is one statement, or one transaction, so each is atomic; why the order is total too,
//! `sql` explains.

mod ear;
mod lease;
mod server;
mod sql;

use std::fmt;

use sha2::{Digest, Sha256};
use sqlx::{
    Error, PgConnection, PgPool, postgres::PgConnectOptions, query, query_as, query_scalar,
};

use super::{
    Answer, Collection, Key, Owner, Record, Store, StoreError,
    bounds::{KEPT_AFTER_END_SECONDS, PURGED_AT_ONCE, Tidy, in_time},
    check_size,
    feed::Feed,
    sql::{live, record},
};
use crate::clock::Timestamp;
use lease::Lease;

/// A store in PostgreSQL 12 or later: for the processes of a service, on any number of machines.
///
/// It keeps at most ten connections, and one more while something waits for `changed`. A record is
/// removed some time after its end, by a later insert.
///
/// # Security
///
/// Beyond this machine it asks for TLS and verifies the server's certificate and name, unless the
/// URL has an `sslmode`. Give it a role that owns its two tables and nothing else.
pub struct PostgresStore {
    pool: PgPool,
    options: PgConnectOptions,
    feed: Feed,
    tidy: Tidy,
}

impl PostgresStore {
    /// Connects, and makes the tables if need be.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unsuitable`] if the URL cannot be read or a newer version of this crate made
    /// the tables; [`StoreError::Unavailable`] if the server cannot be reached or refuses.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let options = server::options(url)?;
        let pool = in_time(Box::pin(server::open(options.clone()))).await?;
        Ok(Self { pool, options, feed: Feed::default(), tidy: Tidy::default() })
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
            .bind(now.0)
            .bind(channel(key.collection, &key.owner));
        let mut lease = Lease::of(&self.pool).await?;
        let row = insert.fetch_optional(lease.connection()?).await;
        if row.is_ok() && self.tidy.is_due() {
            purge(lease.connection()?, now).await;
        }
        Ok(lease.settle(row)?.is_some())
    }

    async fn get_now(&self, key: &Key, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let get = query_as(sql::GET).bind(key.collection.0).bind(key.owner.as_str()).bind(&key.id);
        let mut lease = Lease::of(&self.pool).await?;
        let row = get.fetch_optional(lease.connection()?).await;
        live(key, lease.settle(row)?, now)
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
            .bind(channel(key.collection, &key.owner))
            .bind(version);
        let mut lease = Lease::of(&self.pool).await?;
        let row = swap.fetch_optional(lease.connection()?).await;
        Ok(lease.settle(row)?.is_some())
    }

    async fn take_now(&self, key: &Key, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let take = query_as(sql::TAKE)
            .bind(key.collection.0)
            .bind(key.owner.as_str())
            .bind(&key.id)
            .bind(channel(key.collection, &key.owner));
        let mut lease = Lease::of(&self.pool).await?;
        let row = take.fetch_optional(lease.connection()?).await;
        live(key, lease.settle(row)?, now)
    }

    async fn list_now(
        &self,
        collection: Collection,
        owner: &Owner,
        now: Timestamp,
    ) -> Result<Vec<Record>, StoreError> {
        let list = query_as(sql::LIST).bind(collection.0).bind(owner.as_str()).bind(now.0);
        let mut lease = Lease::of(&self.pool).await?;
        let rows = list.fetch_all(lease.connection()?).await;
        lease.settle(rows)?.into_iter().map(|row| record(collection, owner, row)).collect()
    }

    async fn delete_owned_now(
        &self,
        collection: Collection,
        owner: &Owner,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut lease = Lease::of(&self.pool).await?;
        let count = delete_owned(lease.connection()?, collection, owner, now).await;
        Ok(u64::try_from(lease.settle(count)?).unwrap_or(0))
    }
}

async fn delete_owned(
    connection: &mut PgConnection,
    collection: Collection,
    owner: &Owner,
    now: Timestamp,
) -> Result<i64, Error> {
    let channel = channel(collection, owner);
    let mut step = sqlx::Connection::begin(connection).await?;
    query(sql::LOCK_OWNED).bind(&channel).execute(&mut *step).await?;
    let delete = query_scalar(sql::DELETE_OWNED)
        .bind(collection.0)
        .bind(owner.as_str())
        .bind(now.0)
        .bind(&channel);
    let count = delete.fetch_one(&mut *step).await?;
    step.commit().await?;
    Ok(count)
}

/// What cannot be removed now is left to a later insert; the one before it has been made.
async fn purge(connection: &mut PgConnection, now: Timestamp) {
    let purge = query(sql::PURGE)
        .bind(now.0.saturating_sub(KEPT_AFTER_END_SECONDS))
        .bind(i64::from(PURGED_AT_ONCE));
    drop(purge.execute(connection).await);
}

/// The name of a place, for `LISTEN` and for the lock: at most 63 bytes, whatever the owner's.
fn channel(collection: Collection, owner: &Owner) -> String {
    let digest = Sha256::new().chain_update(collection.0).chain_update(b"/");
    let digest = digest.chain_update(owner.as_str()).finalize();
    let hex = digest.iter().take(16).map(|byte| format!("{byte:02x}"));
    hex.fold("auth_".to_owned(), |name, byte| name + &byte)
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SECURITY: the options hold the password.
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

impl Store for PostgresStore {
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
        let options = self.options.clone();
        let dial = move || ear::dial(server::ear_pool(options.clone()));
        self.feed.changed(channel(collection, owner), dial)
    }
}
