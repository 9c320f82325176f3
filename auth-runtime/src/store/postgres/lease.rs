//! A connection for one call. In: the pool. Out: the connection, back in the pool only if it is as
//! good as before.

use sqlx::{Error, PgConnection, PgPool, Postgres, pool::PoolConnection};

use crate::store::{StoreError, sql::failure};

/// A connection that is thrown away unless its call was settled.
///
/// A call that was given up halfway (its deadline passed, its client hung up) leaves a connection
/// in the middle of an answer. To find out whether the server is still there would hold the
/// connection's place in the pool for minutes; another connection takes milliseconds.
pub(super) struct Lease(Option<PoolConnection<Postgres>>);

impl Lease {
    pub(super) async fn of(pool: &PgPool) -> Result<Self, StoreError> {
        Ok(Self(Some(pool.acquire().await.map_err(failure)?)))
    }

    /// The connection, for one statement.
    pub(super) fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        // INVARIANT: only `settle`, which consumes the lease, and the drop take it out.
        self.0.as_deref_mut().ok_or_else(|| StoreError::Unavailable("no connection".to_owned()))
    }

    /// The answer; the connection goes back if it came from the server, be it a refusal.
    pub(super) fn settle<T>(mut self, answer: Result<T, Error>) -> Result<T, StoreError> {
        if matches!(answer, Ok(_) | Err(Error::Database(_))) {
            drop(self.0.take());
        }
        answer.map_err(failure)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}
