//! Sets of ids as bits. In: ids of a policy. Out: membership in one AND, whatever their number.

use auth_policy::policy::{RoleId, ScopeId};

/// How many words live inside the set itself: 256 ids without an allocation.
const INLINE: usize = 4;

/// A set of small numbers without an upper bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits {
    inline: [u64; INLINE],
    // INVARIANT: never ends in a zero word, so that equal sets compare equal.
    rest: Vec<u64>,
}

impl Bits {
    pub(crate) fn insert(&mut self, id: u32) {
        let (index, mask) = place(id);
        if let Some(word) = self.inline.get_mut(index) {
            *word |= mask;
            return;
        }
        let index = index - INLINE;
        if self.rest.len() <= index {
            self.rest.resize(index + 1, 0);
        }
        if let Some(word) = self.rest.get_mut(index) {
            *word |= mask;
        }
    }

    pub(crate) fn contains(&self, id: u32) -> bool {
        let (index, mask) = place(id);
        self.word(index) & mask != 0
    }

    /// The word at `index`, zero beyond the last one.
    pub(crate) fn word(&self, index: usize) -> u64 {
        let word = match self.inline.get(index) {
            Some(word) => Some(word),
            None => self.rest.get(index - INLINE),
        };
        word.copied().unwrap_or(0)
    }

    pub(crate) fn union_with(&mut self, other: &Self) {
        self.inline.iter_mut().zip(other.inline).for_each(|(to, from)| *to |= from);
        if self.rest.len() < other.rest.len() {
            self.rest.resize(other.rest.len(), 0);
        }
        self.rest.iter_mut().zip(&other.rest).for_each(|(to, from)| *to |= from);
    }

    pub(crate) fn intersect_with(&mut self, other: &Self) {
        self.inline.iter_mut().zip(other.inline).for_each(|(to, from)| *to &= from);
        self.rest.truncate(other.rest.len());
        self.rest.iter_mut().zip(&other.rest).for_each(|(to, from)| *to &= from);
        while self.rest.last() == Some(&0) {
            self.rest.pop();
        }
    }

    /// The ids in the set, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let words = self.inline.iter().chain(&self.rest).copied();
        words.zip(0u32..).flat_map(|(word, index)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| index * 64 + bit)
        })
    }
}

impl FromIterator<ScopeId> for Bits {
    fn from_iter<I: IntoIterator<Item = ScopeId>>(ids: I) -> Self {
        let mut bits = Self::default();
        ids.into_iter().for_each(|id| bits.insert(id.0));
        bits
    }
}

impl FromIterator<RoleId> for Bits {
    fn from_iter<I: IntoIterator<Item = RoleId>>(ids: I) -> Self {
        let mut bits = Self::default();
        ids.into_iter().for_each(|id| bits.insert(id.0));
        bits
    }
}

/// The word and the bit in it that stand for `id`.
const fn place(id: u32) -> (usize, u64) {
    ((id / 64) as usize, 1 << (id % 64))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn bits(ids: &BTreeSet<u32>) -> Bits {
        ids.iter().map(|id| ScopeId(*id)).collect()
    }

    proptest! {
        #[test]
        fn it_is_a_set(a in proptest::collection::btree_set(0u32..1000, 0..40),
                       b in proptest::collection::btree_set(0u32..1000, 0..40)) {
            prop_assert_eq!(bits(&a).iter().collect::<BTreeSet<_>>(), a.clone());
            prop_assert!((0..1000).all(|id| bits(&a).contains(id) == a.contains(&id)));
            let mut union = bits(&a);
            union.union_with(&bits(&b));
            prop_assert_eq!(union, bits(&a.union(&b).copied().collect()));
            let mut both = bits(&a);
            both.intersect_with(&bits(&b));
            prop_assert_eq!(&both, &bits(&a.intersection(&b).copied().collect()));
            prop_assert_eq!(both == Bits::default(), a.is_disjoint(&b));
        }
    }
}
