//! A record as Redis holds it: `version:end:value`. In: that text. Out: the record.

use std::str::{FromStr, from_utf8};

use crate::{
    clock::Timestamp,
    store::{Key, Record, StoreError},
};

/// The end as it is written: nothing if there is none.
pub(super) fn written(expires_at: Option<Timestamp>) -> String {
    expires_at.map(|end| end.0.to_string()).unwrap_or_default()
}

/// The record in `text`.
pub(super) fn read(key: Key, text: &[u8]) -> Result<Record, StoreError> {
    parts(key, text).ok_or_else(|| StoreError::Damaged("a record of another form".to_owned()))
}

fn parts(key: Key, text: &[u8]) -> Option<Record> {
    let mut parts = text.splitn(3, |byte| *byte == b':');
    let version = number(parts.next()?)?;
    let end = parts.next()?;
    let value = parts.next()?.to_vec();
    let expires_at = if end.is_empty() { None } else { Some(Timestamp(number(end)?)) };
    Some(Record { key, value, expires_at, version })
}

fn number<T: FromStr>(digits: &[u8]) -> Option<T> {
    from_utf8(digits).ok()?.parse().ok()
}
