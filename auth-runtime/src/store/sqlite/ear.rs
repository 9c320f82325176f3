//! Hearing of writes to the file. In: a connection. Out: news whenever another one wrote.
//!
//! SQLite tells nobody, but `PRAGMA data_version` is another number after each commit of another
//! connection, in whichever process, and costs a look at a counter in shared memory.

use std::time::Duration;

use sqlx::{Sqlite, SqlitePool, pool::PoolConnection, query_scalar};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::sql;
use crate::store::{StoreError, feed::Ear, sql::failure};

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);

pub(super) struct Watch {
    connection: PoolConnection<Sqlite>,
    seen: i64,
    looks: Interval,
}

pub(super) async fn dial(readers: SqlitePool) -> Result<Watch, StoreError> {
    let connection = readers.acquire().await.map_err(failure)?;
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut watch = Watch { connection, seen: 0, looks };
    watch.seen = watch.version().await?;
    Ok(watch)
}

impl Watch {
    async fn version(&mut self) -> Result<i64, StoreError> {
        let look = query_scalar(sql::DATA_VERSION);
        look.fetch_one(&mut *self.connection).await.map_err(failure)
    }
}

impl Ear for Watch {
    async fn listen(&mut self, _: &str) -> Result<(), StoreError> {
        Ok(())
    }

    async fn next(&mut self) -> Result<Option<String>, StoreError> {
        loop {
            self.looks.tick().await;
            let version = self.version().await?;
            if version != self.seen {
                self.seen = version;
                return Ok(None);
            }
        }
    }

    async fn is_alive(&mut self) -> Result<(), StoreError> {
        self.version().await.map(drop)
    }
}
