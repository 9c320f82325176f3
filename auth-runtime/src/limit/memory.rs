//! Limits of one process. In: buckets. Out: how full they are, from memory that does not grow.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    future::ready,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Bucket, Level, Limiter, gcra};
use crate::{clock::Moment, store::Answer};

/// How many buckets are kept unless told otherwise: some 30 MiB when there are as many.
const DEFAULT_CAPACITY: usize = 200_000;

/// How many parts the buckets are spread over, each behind a lock of its own.
const SHARDS: usize = 16;

/// Limits in memory: for one process, and for tests. Processes that share a limit share a
/// [`RedisLimiter`](super::RedisLimiter).
///
/// Only buckets that are not full are kept, and only so many, 200,000 unless told otherwise: those
/// that are full again make room first.
///
/// # Security
///
/// When all that are kept are in use, a request that would need another one is refused until one of
/// them is full again. So a flood of made-up keys neither takes memory nor empties the memory of an
/// attacker's bucket; for as long as it lasts it shuts those out who were not known before it.
pub struct MemoryLimiter {
    shards: Box<[Mutex<Shard>]>,
    /// SECURITY: random, so that nobody can choose keys that fall into one part.
    spread: RandomState,
    capacity_each: usize,
}

/// Buckets that are not full, each with the moment it is.
#[derive(Default)]
struct Shard {
    by_id: HashMap<[u8; 32], u64>,
    by_end: BTreeSet<(u64, [u8; 32])>,
}

impl MemoryLimiter {
    /// All buckets are full.
    pub fn new() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }

    /// All buckets are full, and about so many are kept; at least one in each of its 16 parts.
    pub fn with_capacity(buckets: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            spread: RandomState::new(),
            capacity_each: buckets.div_ceil(SHARDS).max(1),
        }
    }

    /// How many buckets are kept now.
    pub fn kept(&self) -> usize {
        self.shards.iter().map(|shard| open(shard).by_id.len()).sum()
    }

    fn take_now(&self, buckets: &[Bucket], now: Moment) -> Vec<Level> {
        let mut held = self.hold(buckets);
        let places: Vec<_> = buckets
            .iter()
            .map(|bucket| held.of(bucket).try_take(bucket, now, self.capacity_each))
            .collect();
        let all = places.iter().all(|place| place.taken.is_some());
        let each = buckets.iter().zip(places);
        each.map(|(bucket, place)| match place.taken {
            Some(full_at) if all => {
                held.of(bucket).put(bucket, full_at);
                bucket.quota().level_at(Some(full_at), now, true)
            }
            _ => place.level,
        })
        .collect()
    }

    fn give_back_now(&self, buckets: &[Bucket], now: Moment) -> Vec<Level> {
        let mut held = self.hold(buckets);
        buckets.iter().map(|bucket| held.of(bucket).give_back(bucket, now)).collect()
    }

    /// The parts where these buckets are, locked in the order of their places: so no two requests
    /// wait for each other.
    fn hold(&self, buckets: &[Bucket]) -> Held<'_> {
        let place = |bucket: &Bucket| self.spread.hash_one(bucket.id()) as usize % SHARDS;
        let places: Vec<_> = buckets.iter().map(|bucket| (*bucket.id(), place(bucket))).collect();
        let distinct: BTreeSet<_> = places.iter().map(|(_, place)| *place).collect();
        let shards =
            distinct.into_iter().filter_map(|place| Some((place, self.shards.get(place)?)));
        let shards = shards.map(|(place, shard)| (place, open(shard))).collect();
        Held { places, shards, none: Shard::default() }
    }
}

fn open(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // A panic elsewhere leaves the two maps apart by one bucket at worst, which the next eviction
    // of that bucket mends.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Locked parts, and which bucket is in which.
struct Held<'a> {
    places: Vec<([u8; 32], usize)>,
    shards: Vec<(usize, MutexGuard<'a, Shard>)>,
    /// INVARIANT: never reached: every bucket has a place among those that are held.
    none: Shard,
}

impl Held<'_> {
    fn of(&mut self, bucket: &Bucket) -> &mut Shard {
        let place = self.places.iter().find(|(id, _)| id == bucket.id()).map(|(_, place)| *place);
        match self.shards.iter_mut().find(|(at, _)| Some(*at) == place) {
            Some((_, shard)) => shard,
            None => &mut self.none,
        }
    }
}

/// What one bucket says to a request.
struct Place {
    /// When it would be full again, if it has a cell.
    taken: Option<u64>,
    /// What is in it as long as nothing is taken.
    level: Level,
}

impl Shard {
    fn try_take(&mut self, bucket: &Bucket, now: Moment, capacity: usize) -> Place {
        let full_at = self.by_id.get(bucket.id()).copied();
        if full_at.is_none() && !self.makes_room(now, capacity) {
            return Place { taken: None, level: self.crowded(bucket, now) };
        }
        let taken = gcra::take(full_at, bucket.quota(), now);
        Place { taken, level: bucket.quota().level_at(full_at, now, taken.is_some()) }
    }

    /// Whether there is room for one more, once those that are full again are forgotten.
    fn makes_room(&mut self, now: Moment, capacity: usize) -> bool {
        while self.by_id.len() >= capacity {
            match self.by_end.first().copied() {
                Some((full_at, id)) if full_at <= now.0 => {
                    self.by_end.pop_first();
                    self.by_id.remove(&id);
                }
                _ => return false,
            }
        }
        true
    }

    /// Nothing is left here until the first of those that are kept is full again.
    fn crowded(&self, bucket: &Bucket, now: Moment) -> Level {
        let first = self.by_end.first().map_or(now.0, |(full_at, _)| *full_at);
        let wait = first.saturating_sub(now.0).max(1);
        let level = bucket.quota().level(0, false);
        Level { remaining: 0, next: std::time::Duration::from_micros(wait), ..level }
    }

    fn put(&mut self, bucket: &Bucket, full_at: u64) {
        if let Some(old) = self.by_id.insert(*bucket.id(), full_at) {
            self.by_end.remove(&(old, *bucket.id()));
        }
        self.by_end.insert((full_at, *bucket.id()));
    }

    fn give_back(&mut self, bucket: &Bucket, now: Moment) -> Level {
        let old = self.by_id.remove(bucket.id());
        if let Some(old) = old {
            self.by_end.remove(&(old, *bucket.id()));
        }
        let full_at = old.map(|old| old.saturating_sub(bucket.quota().interval_micros()));
        let full_at = full_at.filter(|full_at| *full_at > now.0);
        if let Some(full_at) = full_at {
            self.put(bucket, full_at);
        }
        bucket.quota().level_at(full_at, now, true)
    }
}

impl Limiter for MemoryLimiter {
    fn take<'a>(&'a self, buckets: &'a [Bucket], now: Moment) -> Answer<'a, Vec<Level>> {
        Box::pin(ready(Ok(self.take_now(buckets, now))))
    }

    fn give_back<'a>(&'a self, buckets: &'a [Bucket], now: Moment) -> Answer<'a, Vec<Level>> {
        Box::pin(ready(Ok(self.give_back_now(buckets, now))))
    }
}

impl Default for MemoryLimiter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLimiter").field("kept", &self.kept()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use auth_policy::settings::{Rate, Seconds};

    use super::*;
    use crate::limit::Quota;

    const NOW: Moment = Moment(1_800_000_000_000_000);

    fn later(seconds: u64) -> Moment {
        Moment(NOW.0 + seconds * 1_000_000)
    }

    fn bucket(name: &str) -> Bucket {
        Bucket::named(name, Rate { requests: 5, period: Seconds(60), burst: 5 }.into())
    }

    fn passes(limiter: &MemoryLimiter, names: &[&str], now: Moment) -> bool {
        let buckets: Vec<_> = names.iter().map(|name| bucket(name)).collect();
        limiter.take_now(&buckets, now).iter().all(|level| level.has_room)
    }

    #[test]
    fn rl2_five_pass_at_once_and_one_more_after_twelve_seconds() {
        let limiter = MemoryLimiter::new();
        for left in (0..5).rev() {
            let level = limiter.take_now(&[bucket("a")], NOW)[0];
            assert_eq!((level.has_room, level.remaining), (true, left));
        }
        let level = limiter.take_now(&[bucket("a")], NOW)[0];
        assert_eq!((level.has_room, level.remaining, level.next.as_secs()), (false, 0, 12));
        assert!(!passes(&limiter, &["a"], later(11)));
        assert!(passes(&limiter, &["a"], later(12)));
        assert!(!passes(&limiter, &["a"], later(12)));
    }

    #[test]
    fn m12_all_buckets_give_or_none_does() {
        let limiter = MemoryLimiter::new();
        (0..5).for_each(|_| assert!(passes(&limiter, &["empty"], NOW)));
        for _ in 0..9 {
            let levels = limiter.take_now(&[bucket("full"), bucket("empty")], NOW);
            assert_eq!((levels[0].has_room, levels[0].remaining), (true, 5));
            assert_eq!((levels[1].has_room, levels[1].remaining), (false, 0));
        }
        assert_eq!(limiter.take_now(&[bucket("full")], NOW)[0].remaining, 4);
    }

    #[test]
    fn rl6_what_is_given_back_can_be_taken_again_and_no_more() {
        let limiter = MemoryLimiter::new();
        (0..5).for_each(|_| assert!(passes(&limiter, &["a"], NOW)));
        assert_eq!(limiter.give_back_now(&[bucket("a")], NOW)[0].remaining, 1);
        assert!(passes(&limiter, &["a"], NOW));
        assert!(!passes(&limiter, &["a"], NOW));
        for _ in 0..99 {
            limiter.give_back_now(&[bucket("a"), bucket("never-taken")], NOW);
        }
        assert_eq!(limiter.kept(), 0);
        for name in ["a", "never-taken"] {
            (0..5).for_each(|_| assert!(passes(&limiter, &[name], NOW)));
            assert!(!passes(&limiter, &[name], NOW));
        }
    }

    #[test]
    fn rl5_exactly_as_many_pass_as_the_limit_says() {
        let limiter = MemoryLimiter::new();
        let hour = Quota::from(Rate { requests: 100, period: Seconds(3600), burst: 100 });
        let (a, b) = (Bucket::named("a", hour), Bucket::named("b", hour));
        let passed: usize = std::thread::scope(|scope| {
            let work = |order: [Bucket; 2]| {
                let limiter = &limiter;
                move || {
                    let pass =
                        |_: &u32| limiter.take_now(&order, NOW).iter().all(|level| level.has_room);
                    (0..125).filter(pass).count()
                }
            };
            let orders = [[a.clone(), b.clone()], [b, a]];
            let tasks: Vec<_> =
                (0..8).map(|number| scope.spawn(work(orders[number % 2].clone()))).collect();
            tasks.into_iter().map(|task| task.join().unwrap()).sum()
        });
        assert_eq!(passed, 100);
    }

    #[test]
    fn rl3_made_up_keys_neither_grow_memory_nor_free_a_bucket_that_is_empty() {
        let limiter = MemoryLimiter::with_capacity(160);
        (0..5).for_each(|_| assert!(passes(&limiter, &["attacker"], NOW)));
        let flood: Vec<_> = (0..10_000).map(|number| format!("made up {number}")).collect();
        let passed = flood.iter().filter(|name| passes(&limiter, &[name], NOW)).count();
        assert!((100..=160).contains(&passed), "{passed}");
        assert!(limiter.kept() <= 160);
        assert!(!passes(&limiter, &["attacker"], NOW));
        // Who was known before the flood is served, and afterwards everybody is.
        assert!(passes(&limiter, &["made up 0"], NOW));
        let level = limiter.take_now(&[bucket("made up 9999")], NOW)[0];
        assert!(!level.has_room && level.next.as_secs() <= 12, "{level:?}");
        assert!(passes(&limiter, &["made up 9999"], later(60)));
        assert!(limiter.kept() <= 160);
    }
}
