//! What is remembered of many strangers in a fixed amount of memory. In: keys, and what happened
//! with each. Out: what is remembered of it; the key seen longest ago makes room for a new one.

/// How many different things are remembered of one key.
pub(super) const DISTINCT: usize = 16;

/// How many slots a key may be in: the oldest of them makes room.
const WAYS: usize = 8;

/// A fixed number of slots.
///
/// SECURITY: whoever can choose keys can push others out, and keys are hashed with a secret, so
/// that nobody can choose which.
pub(super) struct Table(Box<[Slot]>);

/// What is remembered of one key.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    key: u64,
    /// When the window began, in seconds since 1970.
    began: i64,
    /// When the key was last seen.
    seen_at: i64,
    /// Hashes of the different things that came with the key.
    things: [u32; DISTINCT],
    len: u8,
    next: u8,
    /// Whether there was word of it in this window.
    raised: bool,
}

const EMPTY: Slot = Slot {
    key: 0,
    began: 0,
    seen_at: i64::MIN,
    things: [0; DISTINCT],
    len: 0,
    next: 0,
    raised: false,
};

impl Table {
    /// So many slots, rounded up to the next [`WAYS`].
    pub(super) fn new(entries: usize) -> Self {
        Self(vec![EMPTY; entries.max(1).next_multiple_of(WAYS)].into())
    }

    /// The slot of a key, emptied if it was another's.
    pub(super) fn slot(&mut self, key: u64, now: i64) -> Option<&mut Slot> {
        let sets = (self.0.len() / WAYS) as u64;
        let first = usize::try_from(key.checked_rem(sets)?).ok()?.checked_mul(WAYS)?;
        let set = self.0.get_mut(first..)?.get_mut(..WAYS)?;
        let of_key = |slot: &Slot| slot.key == key && slot.seen_at != i64::MIN;
        let index = set.iter().position(of_key).or_else(|| {
            let (index, _) = set.iter().enumerate().min_by_key(|(_, slot)| slot.seen_at)?;
            *set.get_mut(index)? = Slot { key, began: now, ..EMPTY };
            Some(index)
        })?;
        let slot = set.get_mut(index)?;
        slot.seen_at = now;
        Some(slot)
    }
}

impl Slot {
    /// Adds a thing; how many different ones came within the window, the first time that these are
    /// `threshold` or more.
    pub(super) fn spread(
        &mut self,
        thing: u32,
        now: i64,
        window: i64,
        threshold: u8,
    ) -> Option<u64> {
        if !(self.began..self.began.saturating_add(window)).contains(&now) {
            *self = Self { key: self.key, began: now, seen_at: now, ..EMPTY };
        }
        if !self.holds(thing) && usize::from(self.len) < DISTINCT {
            self.put(thing);
        }
        if self.raised || self.len < threshold {
            return None;
        }
        self.raised = true;
        Some(u64::from(self.len))
    }

    /// Adds a thing; whether it is a new one beside others. The oldest makes room.
    pub(super) fn is_new(&mut self, thing: u32) -> bool {
        if self.holds(thing) {
            return false;
        }
        self.put(thing);
        self.len > 1
    }

    fn holds(&self, thing: u32) -> bool {
        self.things.iter().take(self.len.into()).any(|held| *held == thing)
    }

    fn put(&mut self, thing: u32) {
        if let Some(place) = self.things.get_mut(usize::from(self.next)) {
            *place = thing;
        }
        self.next = (self.next + 1) % DISTINCT as u8;
        self.len = (self.len + 1).min(DISTINCT as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m14_a_slot_takes_as_much_as_the_book_says() {
        assert_eq!(size_of::<Slot>(), 96);
        assert_eq!(Table::new(10_000).0.len(), 10_000);
    }

    #[test]
    fn m14_a_flood_of_keys_takes_no_more_room_and_pushes_out_the_oldest() {
        let mut table = Table::new(16);
        for key in 0..100_000 {
            table.slot(key, 1).unwrap().is_new(7);
        }
        assert_eq!(table.0.len(), 16);
        // Keys 0, 2, 4.. share a set of eight: the one seen longest ago goes first.
        let mut table = Table::new(16);
        for (key, at) in (0..8).map(|it| (it * 2, i64::try_from(it).unwrap())) {
            table.slot(key, at).unwrap().is_new(7);
        }
        table.slot(0, 9).unwrap();
        table.slot(16, 10).unwrap();
        assert!(table.slot(0, 11).unwrap().holds(7), "seen again, and so kept");
        assert!(!table.slot(2, 12).unwrap().holds(7), "the oldest");
    }

    #[test]
    fn m14_a_window_ends_and_a_clock_that_goes_back_begins_a_new_one() {
        let mut table = Table::new(8);
        let slot = table.slot(1, 100).unwrap();
        assert_eq!(slot.spread(1, 100, 10, 2), None);
        assert_eq!(slot.spread(1, 101, 10, 2), None, "the same thing twice");
        assert_eq!(slot.spread(2, 109, 10, 2), Some(2));
        assert_eq!(slot.spread(3, 109, 10, 2), None, "told already");
        assert_eq!(slot.spread(4, 110, 10, 2), None, "a new window");
        assert_eq!(slot.spread(5, 50, 10, 2), None, "the clock was set back");
        assert_eq!(slot.spread(6, 51, 10, 2), Some(2));
    }

    #[test]
    fn m14_the_oldest_of_many_things_is_forgotten() {
        let mut slot = EMPTY;
        assert!(!slot.is_new(1), "the first is how it is");
        assert!(!slot.is_new(1));
        for thing in 2..=17 {
            assert!(slot.is_new(thing));
        }
        assert!(!slot.is_new(2));
        assert!(slot.is_new(1), "forgotten");
    }
}
