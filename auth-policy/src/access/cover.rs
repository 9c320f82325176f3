//! Sets of names that bring everything. In: sets of each of which one name has to be held. Out: the
//! smallest sets of names that do, the weakest first.

use std::collections::BTreeSet;

use super::view::View;
use crate::bits::Bits;

/// How many names are looked at in one search: a policy can be made in which an exact search takes
/// for ever.
const MOST_STEPS: usize = 20_000;

/// A search for names.
pub(super) struct Cover<'c> {
    view: &'c View,
    /// The names that may be held.
    allowed: &'c Bits,
    /// Those of them that bring the one thing or the other, the weakest first.
    wanted: Vec<Wanted>,
    steps: usize,
}

struct Wanted {
    set: Bits,
    weakest_first: Vec<u32>,
}

/// Sets of names, and whether there are more.
#[derive(Debug, Default)]
pub(super) struct Covers {
    pub(super) sets: BTreeSet<Vec<u32>>,
    pub(super) cut: bool,
}

impl<'c> Cover<'c> {
    pub(super) fn new(view: &'c View, hit: &[Bits], allowed: &'c Bits) -> Self {
        let wanted = hit.iter().map(|set| {
            let mut set = set.clone();
            set.keep_only(allowed);
            let mut weakest_first: Vec<_> = set.iter().collect();
            weakest_first.sort_by_key(|name| (view.weight(*name), *name));
            Wanted { set, weakest_first }
        });
        let mut wanted: Vec<_> = wanted.collect();
        wanted.sort_by_key(|wanted| wanted.weakest_first.len());
        Self { view, allowed, wanted, steps: 0 }
    }

    /// The sets below which nothing is enough: neither without one of the names nor with weaker ones
    /// in its place. At most so many, and of those with the fewest names.
    pub(super) fn minimal(mut self, most: usize) -> Covers {
        let mut found = Covers::default();
        if self.is_hopeless() {
            return found;
        }
        for size in 0..=self.wanted.len() {
            self.search(size, &mut Vec::new(), &mut |cover, set| {
                if cover.is_minimal(&set) {
                    found.sets.insert(set);
                }
                found.sets.len() <= most
            });
            found.cut |= found.sets.len() > most || self.steps > MOST_STEPS;
            if found.cut {
                break;
            }
        }
        if found.sets.is_empty() {
            found.sets.insert(self.descend());
        }
        while found.sets.len() > most {
            found.sets.pop_last();
        }
        found
    }

    /// The fewest names that are enough, and of those the weakest; nothing if all are not enough.
    pub(super) fn fewest(mut self) -> Option<Vec<u32>> {
        if self.is_hopeless() {
            return None;
        }
        for size in 0..=self.wanted.len() {
            let mut best: Option<(usize, Vec<u32>)> = None;
            self.search(size, &mut Vec::new(), &mut |cover, set| {
                let candidate = (set.iter().map(|name| cover.view.weight(*name)).sum(), set);
                if best.as_ref().is_none_or(|best| candidate < *best) {
                    best = Some(candidate);
                }
                true
            });
            if let Some((_, set)) = best {
                return Some(set);
            }
            if self.steps > MOST_STEPS {
                break;
            }
        }
        Some(self.descend())
    }

    fn is_hopeless(&self) -> bool {
        self.wanted.iter().any(|wanted| wanted.set.is_empty())
    }

    /// Every set of that size that is enough, in order; until the visitor or the limit says stop.
    fn search(
        &mut self,
        size: usize,
        chosen: &mut Vec<u32>,
        found: &mut dyn FnMut(&Self, Vec<u32>) -> bool,
    ) -> bool {
        let missing = self
            .wanted
            .iter()
            .position(|wanted| !chosen.iter().any(|name| wanted.set.contains(*name as usize)));
        let Some(missing) = missing else {
            let mut set = chosen.clone();
            set.sort_unstable();
            return chosen.len() < size || found(self, set);
        };
        if chosen.len() == size {
            return true;
        }
        let candidates = self.wanted.get(missing).map(|wanted| wanted.weakest_first.clone());
        for name in candidates.into_iter().flatten() {
            self.steps += 1;
            chosen.push(name);
            let go_on = self.steps <= MOST_STEPS && self.search(size, chosen, found);
            chosen.pop();
            if !go_on {
                return false;
            }
        }
        true
    }

    fn is_minimal(&self, set: &[u32]) -> bool {
        let held = self.below_all(set);
        set.iter().all(|name| !self.is_enough(&without(&held, *name)))
    }

    /// Everything these names hold, as far as it may be held.
    fn below_all(&self, set: &[u32]) -> Bits {
        let mut held = Bits::new(self.view.size());
        set.iter().filter_map(|name| self.view.below(*name)).for_each(|set| held.add_all(set));
        held.keep_only(self.allowed);
        held
    }

    fn is_enough(&self, held: &Bits) -> bool {
        self.wanted.iter().all(|wanted| wanted.set.meets(held))
    }

    /// Some set of names of which none can be left out, found without searching.
    fn descend(&self) -> Vec<u32> {
        let mut held = self.allowed.clone();
        let mut strongest_first: Vec<_> = held.iter().collect();
        strongest_first.sort_by_key(|name| std::cmp::Reverse((self.view.weight(*name), *name)));
        for name in strongest_first {
            let less = without(&held, name);
            if self.is_enough(&less) {
                held = less;
            }
        }
        held.iter().collect()
    }
}

fn without(held: &Bits, name: u32) -> Bits {
    let mut less = held.clone();
    less.remove(name as usize);
    less
}
