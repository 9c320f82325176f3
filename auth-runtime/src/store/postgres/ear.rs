//! Hearing of writes by `LISTEN`. In: a pool of one. Out: the channels that were told.

use sqlx::{PgPool, postgres::PgListener, query};

use super::sql;
use crate::store::{StoreError, feed::Ear, sql::failure};

pub(super) struct Channels(PgListener);

pub(super) async fn dial(pool: PgPool) -> Result<Channels, StoreError> {
    let mut listener = PgListener::connect_with(&pool).await.map_err(failure)?;
    // It would hide that it was away for a while, and what was told meanwhile is lost.
    listener.eager_reconnect(false);
    Ok(Channels(listener))
}

impl Ear for Channels {
    async fn listen(&mut self, place: &str) -> Result<(), StoreError> {
        self.0.listen(place).await.map_err(failure)
    }

    async fn next(&mut self) -> Result<Option<String>, StoreError> {
        let lost = || StoreError::Unavailable("the connection that listens was lost".to_owned());
        let told = self.0.try_recv().await.map_err(failure)?.ok_or_else(lost)?;
        Ok(Some(told.channel().to_owned()))
    }

    async fn is_alive(&mut self) -> Result<(), StoreError> {
        query(sql::IS_ALIVE).execute(&mut self.0).await.map(drop).map_err(failure)
    }
}
