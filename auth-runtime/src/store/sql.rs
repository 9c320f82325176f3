//! What both SQL backends share. In: rows and errors of sqlx. Out: records and [`StoreError`]s.

use sqlx::Error;

use super::{Collection, Key, Owner, Record, StoreError};
use crate::clock::Timestamp;

/// A row of `auth_records`, without where it is: id, version, end, value.
pub(super) type Row = (String, i64, Option<i64>, Vec<u8>);

/// The record in a row; an error if something else wrote it.
pub(super) fn record(
    collection: Collection,
    owner: &Owner,
    (id, version, expires_at, value): Row,
) -> Result<Record, StoreError> {
    let damaged = |_| StoreError::Damaged("a version below zero".to_owned());
    Ok(Record {
        key: Key { collection, owner: owner.clone(), id },
        value,
        expires_at: expires_at.map(Timestamp),
        version: u64::try_from(version).map_err(damaged)?,
    })
}

/// The record in a row, if there is one and it is live.
pub(super) fn live(
    key: &Key,
    row: Option<Row>,
    now: Timestamp,
) -> Result<Option<Record>, StoreError> {
    let found = row.map(|row| record(key.collection, &key.owner, row)).transpose()?;
    Ok(found.filter(|record| record.is_live(now)))
}

/// What a failure of the database means for the caller.
///
/// SECURITY: only what kind it is, never its text, which may hold parts of the URL or of a value.
pub(super) fn failure(error: Error) -> StoreError {
    match error {
        Error::Database(error) => answered(error.code().as_deref()),
        Error::Io(error) => StoreError::Unavailable(format!("{}", error.kind())),
        Error::Tls(_) => StoreError::Unavailable("TLS could not be agreed on".to_owned()),
        Error::PoolTimedOut => StoreError::Unavailable("no connection in time".to_owned()),
        Error::ColumnDecode { .. } | Error::Decode(_) => {
            StoreError::Damaged("a column of another type".to_owned())
        }
        Error::Configuration(_) => StoreError::Unsuitable("its URL cannot be read".to_owned()),
        _ => StoreError::Unavailable("the connection failed".to_owned()),
    }
}

/// SQLSTATE of PostgreSQL, five characters, or a result code of SQLite, a number.
fn answered(code: Option<&str>) -> StoreError {
    match code {
        Some("13" | "53100") => StoreError::Full,
        Some("11" | "26") => StoreError::Damaged("this is no SQLite database".to_owned()),
        Some(code) => StoreError::Unavailable(format!("it answered with error {code}")),
        None => StoreError::Unavailable("it answered with an error".to_owned()),
    }
}
