//! A server that forgets. In: a connection. Out: an error if its server may evict what it was told.
//!
//! SECURITY: a revocation that was evicted is a token that works again.

use redis::{Cmd, Value};

use super::link::{Connection, failure};
use crate::store::StoreError;

/// Refuses a server whose `maxmemory-policy` is another than `noeviction`, or cannot be read.
pub(super) async fn refuse(connection: &mut Connection) -> Result<(), StoreError> {
    let mut info = redis::cmd("INFO");
    info.arg("memory");
    let mut policies = policies(connection, info, "maxmemory_policy:").await?;
    if policies.is_empty() {
        let mut config = redis::cmd("CONFIG");
        config.arg("GET").arg("maxmemory-policy");
        policies = self::policies(connection, config, "").await?;
    }
    match policies.iter().find(|policy| *policy != "noeviction") {
        Some(policy) => Err(evicts(policy)),
        None if policies.is_empty() => Err(unknown()),
        None => Ok(()),
    }
}

/// What each server says after `label`; nothing if it may not be asked.
async fn policies(
    connection: &mut Connection,
    command: Cmd,
    label: &str,
) -> Result<Vec<String>, StoreError> {
    match connection.ask_all(command).await.and_then(Value::extract_error) {
        Ok(value) => {
            let mut found = Vec::new();
            collect(&value, label, &mut found);
            Ok(found)
        }
        Err(error) if error.is_io_error() => Err(failure(&error)),
        Err(_) => Ok(Vec::new()),
    }
}

/// Known policies in a reply, however deep: the text of `INFO`, or the pair of `CONFIG GET`.
fn collect(value: &Value, label: &str, found: &mut Vec<String>) {
    match value {
        Value::BulkString(bytes) => words(&String::from_utf8_lossy(bytes), label, found),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => words(text, label, found),
        Value::Array(values) => values.iter().for_each(|value| collect(value, label, found)),
        Value::Map(pairs) => pairs.iter().for_each(|(_, value)| collect(value, label, found)),
        _ => {}
    }
}

fn words(text: &str, label: &str, found: &mut Vec<String>) {
    let said = text.lines().filter_map(|line| line.trim().strip_prefix(label));
    let is_policy = |word: &&str| {
        let known = ["noeviction", "allkeys-", "volatile-"];
        known.iter().any(|known| word.starts_with(known))
    };
    found.extend(said.filter(is_policy).map(str::to_owned));
}

fn evicts(policy: &str) -> StoreError {
    StoreError::Unsuitable(format!(
        "this Redis may evict what must not be forgotten: set `maxmemory-policy noeviction` \
         (it is `{policy}`)"
    ))
}

fn unknown() -> StoreError {
    StoreError::Unsuitable(
        "this Redis does not say whether it evicts: allow its user `INFO` or `CONFIG GET`, and set \
         `maxmemory-policy noeviction`"
            .to_owned(),
    )
}
