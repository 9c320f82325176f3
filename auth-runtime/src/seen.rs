//! When credentials were last used. In: the uses of credentials that verified. Out: the moments in
//! their records, written in batches, so that a request costs no write.
//!
//! What is not written yet is known to this process alone, for as long as a batch waits; a process
//! that is killed loses it.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use auth_policy::settings::Seconds;
use foldhash::fast::RandomState;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::{
    clock::Timestamp,
    store::{Key, Store, StoreError},
};

/// How long a batch waits, unless something asks for less.
pub(crate) const BATCH: Seconds = Seconds(30);

/// The most credentials a batch has. The use of one more is not noted until there is room: it was
/// used often enough to be noted in a later batch, or it looks unused for that long.
const MAX_PENDING: usize = 65_536;

/// How many records of a batch are written at a time.
const AT_ONCE: usize = 16;

/// How often a record is read again because somebody else wrote it meanwhile. One that changes
/// under every attempt stays for the next batch.
const ATTEMPTS: usize = 4;

/// The uses that are not in the store yet, of one kind of credential.
///
/// It grows with the credentials that verified, never with what a stranger sends.
#[derive(Debug, Default)]
pub(crate) struct LastSeen {
    pending: Mutex<HashMap<Key, Timestamp, RandomState>>,
}

/// The moment of a credential's last use that was noted, beside what was parsed of its record: of
/// many uses in one second the first is noted. A record that was written since is parsed anew, and
/// knows of none.
#[derive(Debug)]
pub(crate) struct Noted(AtomicI64);

impl Default for Noted {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }
}

/// A record's value and expiry once it says when it was last used; `None` leaves it as it is.
pub(crate) type Updated = Option<(Vec<u8>, Option<Timestamp>)>;

impl LastSeen {
    /// Notes the use of a credential that verified, and says when it was used here before, if that
    /// is not in the store yet.
    pub(crate) fn note(&self, key: &Key, noted: &Noted, now: Timestamp) -> Option<Timestamp> {
        // INVARIANT: a use is noted until the store has it, and then the record is another one.
        if noted.0.load(Ordering::Relaxed) == now.0 {
            return Some(now);
        }
        let (before, is_noted) = self.note_at_all(key, now);
        if is_noted {
            noted.0.store(now.0, Ordering::Relaxed);
        }
        before
    }

    /// The same, and whether there was room for it.
    fn note_at_all(&self, key: &Key, now: Timestamp) -> (Option<Timestamp>, bool) {
        self.with(|pending| {
            if let Some(seen) = pending.get_mut(key) {
                let before = *seen;
                *seen = now.max(before);
                return (Some(before), true);
            }
            let has_room = pending.len() < MAX_PENDING;
            if has_room {
                pending.insert(key.clone(), now);
            }
            (None, has_room)
        })
    }

    /// When the credential was last used here, if that is not in the store yet.
    pub(crate) fn of(&self, key: &Key) -> Option<Timestamp> {
        self.with(|pending| pending.get(key).copied())
    }

    /// Writes what is pending. `update` has a record's value and the moment of its last use.
    ///
    /// A record that is gone stays gone.
    ///
    /// # Errors
    ///
    /// When the store does not answer: what was not written stays for the next time.
    pub(crate) async fn flush(
        &self,
        store: &dyn Store,
        now: Timestamp,
        update: impl Fn(&[u8], Timestamp) -> Updated + Sync,
    ) -> Result<(), StoreError> {
        let batch: Vec<_> = self.with(|pending| pending.clone()).into_iter().collect();
        let writes = stream::iter(batch).map(|(key, seen)| {
            let update = &update;
            async move {
                if write(store, &key, seen, now, update).await? {
                    self.settle(&key, seen);
                }
                Ok(())
            }
        });
        writes.buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Forgets a use that is in the store, unless there was a later one meanwhile.
    pub(crate) fn settle(&self, key: &Key, written: Timestamp) {
        self.with(|pending| {
            if pending.get(key).is_some_and(|seen| *seen <= written) {
                pending.remove(key);
            }
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<Key, Timestamp, RandomState>) -> T) -> T {
        // A map of moments is whole whatever its last user did.
        work(&mut self.pending.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether nothing is left to write of that use.
async fn write(
    store: &dyn Store,
    key: &Key,
    seen: Timestamp,
    now: Timestamp,
    update: impl Fn(&[u8], Timestamp) -> Updated,
) -> Result<bool, StoreError> {
    for _ in 0..ATTEMPTS {
        let Some(record) = store.get(key, now).await? else { return Ok(true) };
        let Some((value, expires_at)) = update(&record.value, seen) else { return Ok(true) };
        // INVARIANT: a swap writes over a record of that version alone, so one that was deleted
        // since it was read is not made again.
        if store.swap(key, record.version, &value, expires_at, now).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Collection, MemoryStore, Owner};

    const NOW: Timestamp = Timestamp(1_000);

    fn key(id: &str) -> Key {
        Key::new(Collection("test"), Owner::new("ada").unwrap(), id).unwrap()
    }

    /// The moment as text, for an hour.
    fn as_text(_: &[u8], seen: Timestamp) -> Updated {
        Some((seen.0.to_string().into_bytes(), Some(seen.plus(Seconds(3_600)))))
    }

    async fn value(store: &MemoryStore, id: &str) -> Option<String> {
        let record = store.get(&key(id), NOW).await.unwrap();
        record.map(|record| String::from_utf8(record.value).unwrap())
    }

    #[tokio::test]
    async fn m10_a_use_is_pending_until_it_is_written() {
        let (store, seen) = (MemoryStore::new(), LastSeen::default());
        store.insert(&key("a"), b"never", None, NOW).await.unwrap();
        seen.note(&key("a"), &Noted::default(), Timestamp(1_005));
        seen.note(&key("a"), &Noted::default(), Timestamp(1_003));
        assert_eq!(seen.of(&key("a")), Some(Timestamp(1_005)), "the last use counts");
        assert_eq!(value(&store, "a").await.as_deref(), Some("never"));
        seen.flush(&store, NOW, as_text).await.unwrap();
        assert_eq!(value(&store, "a").await.as_deref(), Some("1005"));
        let record = store.get(&key("a"), NOW).await.unwrap().unwrap();
        assert_eq!(record.expires_at, Some(Timestamp(4_605)));
        assert_eq!(seen.of(&key("a")), None);
    }

    #[tokio::test]
    async fn s5_a_record_that_was_deleted_is_not_made_again() {
        let (store, seen) = (MemoryStore::new(), LastSeen::default());
        store.insert(&key("a"), b"never", None, NOW).await.unwrap();
        seen.note(&key("a"), &Noted::default(), NOW);
        store.delete(&key("a"), NOW).await.unwrap();
        seen.flush(&store, NOW, as_text).await.unwrap();
        assert_eq!(value(&store, "a").await, None);
        assert_eq!(seen.of(&key("a")), None, "and is not tried for ever");
    }

    #[tokio::test]
    async fn a_record_that_does_not_want_it_is_left_alone() {
        let (store, seen) = (MemoryStore::new(), LastSeen::default());
        store.insert(&key("a"), b"never", None, NOW).await.unwrap();
        seen.note(&key("a"), &Noted::default(), NOW);
        seen.flush(&store, NOW, |_, _| None).await.unwrap();
        assert_eq!(value(&store, "a").await.as_deref(), Some("never"));
    }

    #[tokio::test]
    async fn a_use_while_an_earlier_one_is_written_stays() {
        let (store, seen) = (MemoryStore::new(), LastSeen::default());
        store.insert(&key("a"), b"never", None, NOW).await.unwrap();
        seen.note(&key("a"), &Noted::default(), NOW);
        let update = |value: &[u8], at: Timestamp| {
            seen.note(&key("a"), &Noted::default(), Timestamp(1_009));
            as_text(value, at)
        };
        seen.flush(&store, NOW, update).await.unwrap();
        assert_eq!(value(&store, "a").await.as_deref(), Some("1000"));
        assert_eq!(seen.of(&key("a")), Some(Timestamp(1_009)));
    }

    #[tokio::test]
    async fn m10_a_use_in_the_same_second_is_noted_once_and_in_the_next_again() {
        let (seen, noted) = (LastSeen::default(), Noted::default());
        assert_eq!(seen.note(&key("a"), &noted, NOW), None);
        seen.settle(&key("a"), NOW);
        assert_eq!(seen.note(&key("a"), &noted, NOW), Some(NOW));
        assert_eq!(seen.of(&key("a")), None, "it was noted before");
        assert_eq!(seen.note(&key("a"), &noted, Timestamp(1_001)), None);
        assert_eq!(seen.of(&key("a")), Some(Timestamp(1_001)));
    }

    #[test]
    fn it_has_an_end() {
        let seen = LastSeen::default();
        for number in 0..=MAX_PENDING {
            seen.note(&key(&number.to_string()), &Noted::default(), NOW);
        }
        assert_eq!(seen.with(|pending| pending.len()), MAX_PENDING);
        let (unseen, noted) = (key("unseen"), Noted::default());
        seen.note(&unseen, &noted, NOW);
        seen.settle(&key("1"), NOW);
        seen.note(&unseen, &noted, NOW);
        assert_eq!(seen.of(&unseen), Some(NOW), "one that found no room is noted once there is");
        seen.note(&key("0"), &Noted::default(), Timestamp(1_001));
        assert_eq!(seen.of(&key("0")), Some(Timestamp(1_001)), "those in it go on");
    }
}
