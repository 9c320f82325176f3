//! Records that need not be parsed twice. In: a record, as the store has it now. Out: what its value
//! says, parsed once for as long as the value stays the same to the byte.
//!
//! The store is asked for each request all the same, so a record that is gone or has changed is so
//! at once: what is spared is the parsing alone.

use std::{
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
    sync::Arc,
};

use foldhash::fast::RandomState;
use quick_cache::{
    Equivalent, Weighter,
    sync::{Cache, DefaultLifecycle},
};
use zeroize::Zeroizing;

use super::{Key, Record, Store, StoreError};
use crate::clock::Timestamp;

/// How many bytes of records are kept, of one kind.
const BYTES: u64 = 8 * 1024 * 1024;

/// How many bytes a record takes beside its value, which is kept as it is and as it was parsed.
const OVERHEAD: u64 = 512;

/// How many characters of an owner and of an id tell in which place a record is looked for. Both
/// are random, at least one of them, and of this service's making.
const TAIL: usize = 16;

/// Reads the records of one kind.
pub(crate) struct Reader<T> {
    known: Cache<Place, Known<T>, Weight, RandomState>,
    parse: fn(&[u8]) -> Result<T, StoreError>,
}

/// A record that the store has.
pub(crate) struct Found<T> {
    pub(crate) version: u64,
    pub(crate) said: Known<T>,
}

/// A record that was parsed.
pub(crate) struct Known<T>(Arc<Parsed<T>>);

struct Parsed<T> {
    // SECURITY: a value may hold what a copy of the memory should not show, such as a password's
    // hash, so it does not outlast its place.
    value: Zeroizing<Vec<u8>>,
    said: T,
}

#[derive(PartialEq, Eq)]
struct Place(Key);

struct Sought<'k>(&'k Key);

#[derive(Clone)]
struct Weight;

impl<T> Reader<T> {
    pub(crate) fn new(parse: fn(&[u8]) -> Result<T, StoreError>) -> Self {
        let expected = BYTES / (OVERHEAD * 2);
        let expected = usize::try_from(expected).unwrap_or(usize::MAX);
        // The names that are hashed are of this service's making: nobody chooses where they fall.
        let hasher = RandomState::default();
        let lifecycle = DefaultLifecycle::default();
        Self { known: Cache::with(expected, BYTES, Weight, hasher, lifecycle), parse }
    }

    /// What the store has under that key.
    ///
    /// # Errors
    ///
    /// Those of the store and of the parser.
    pub(crate) async fn find(
        &self,
        store: &dyn Store,
        key: &Key,
        now: Timestamp,
    ) -> Result<Option<Found<T>>, StoreError> {
        match self.find_at_once(store, key, now) {
            Some(found) => found,
            None => self.found(store.get(key, now).await?.as_ref()),
        }
    }

    /// The same of a store that need not be waited for; `None` of another.
    pub(crate) fn find_at_once(
        &self,
        store: &dyn Store,
        key: &Key,
        now: Timestamp,
    ) -> Option<Result<Option<Found<T>>, StoreError>> {
        let mut found = None;
        let shown = store.peek(key, now, &mut |record| found = Some(self.found(record)));
        found.filter(|_| shown)
    }

    fn found(&self, record: Option<&Record>) -> Result<Option<Found<T>>, StoreError> {
        let of = |record: &Record| Ok(Found { version: record.version, said: self.read(record)? });
        record.map(of).transpose()
    }

    /// What a record says.
    ///
    /// # Errors
    ///
    /// Those of the parser, each time.
    fn read(&self, record: &Record) -> Result<Known<T>, StoreError> {
        let known = self.known.get(&Sought(&record.key));
        if let Some(known) = known.filter(|known| *known.0.value == record.value) {
            return Ok(known);
        }
        let said = (self.parse)(&record.value)?;
        let value = Zeroizing::new(record.value.clone());
        let known = Known(Arc::new(Parsed { value, said }));
        self.known.insert(Place(record.key.clone()), known.clone());
        Ok(known)
    }
}

impl<T> Deref for Known<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.said
    }
}

impl<T> Clone for Known<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Weighter<Place, Known<T>> for Weight {
    fn weight(&self, _: &Place, known: &Known<T>) -> u64 {
        OVERHEAD + 2 * known.0.value.len() as u64
    }
}

/// Tells records apart by the ends of their names.
fn hash<H: Hasher>(key: &Key, state: &mut H) {
    for name in [key.owner.as_str(), key.id.as_str()] {
        let bytes = name.as_bytes();
        state.write(bytes.last_chunk::<TAIL>().map_or(bytes, |tail| tail));
    }
}

impl Hash for Place {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash(&self.0, state);
    }
}

impl Hash for Sought<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash(self.0, state);
    }
}

impl Equivalent<Place> for Sought<'_> {
    fn equivalent(&self, place: &Place) -> bool {
        *self.0 == place.0
    }
}

impl<T> fmt::Debug for Reader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("known", &self.known.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::store::{Collection, Owner};

    fn record(owner: &str, id: &str, value: &str) -> Record {
        let key = Key::new(Collection("test"), Owner::new(owner).unwrap(), id).unwrap();
        Record { key, value: value.into(), expires_at: None, version: 1 }
    }

    #[test]
    fn s5_what_a_record_says_now_counts_and_is_parsed_once() {
        static PARSED: AtomicUsize = AtomicUsize::new(0);
        let reader = Reader::new(|value| {
            PARSED.fetch_add(1, Ordering::Relaxed);
            String::from_utf8(value.to_vec()).map_err(|_| StoreError::Full)
        });
        let said = |value| String::clone(&reader.read(&record("ada", "a", value)).unwrap());
        for _ in 0..3 {
            assert_eq!(said("open"), "open");
        }
        assert_eq!(PARSED.load(Ordering::Relaxed), 1);
        // Of the same version: the record was deleted and made anew.
        assert_eq!(said("shut"), "shut");
        assert_eq!(said("open"), "open");
        assert_eq!(PARSED.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn records_of_other_owners_ids_and_kinds_are_other_records() {
        let reader = Reader::new(|value| Ok(value.to_vec()));
        let long = "l".repeat(100);
        let names = [("a", "b"), ("ab", "b"), ("a", "ab"), (&long, "b"), ("a", &long)];
        for (owner, id) in names {
            reader.read(&record(owner, id, "same")).unwrap();
        }
        assert_eq!(reader.known.len(), names.len());
    }

    #[test]
    fn a_damaged_record_is_damaged_each_time() {
        let reader = Reader::<()>::new(|_| Err(StoreError::Damaged("a test".to_owned())));
        for _ in 0..2 {
            assert!(reader.read(&record("ada", "a", "x")).is_err());
        }
        assert_eq!(reader.known.len(), 0);
    }

    #[test]
    fn e5_the_memory_has_an_end() {
        let reader = Reader::new(|_| Ok(()));
        let value = "v".repeat(16 * 1024);
        for number in 0..1_000 {
            reader.read(&record("ada", &number.to_string(), &value)).unwrap();
        }
        assert!(reader.known.weight() <= BYTES + 64 * 1024, "{}", reader.known.weight());
    }
}
