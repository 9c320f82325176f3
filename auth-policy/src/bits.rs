//! A set of small numbers. In: indices. Out: unions, intersections and sorted lists, at one bit each.

/// A set of indices below a size fixed when it is made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    pub(crate) fn new(size: usize) -> Self {
        Self(vec![0; size.div_ceil(64)])
    }

    /// Every index below the size.
    pub(crate) fn all(size: usize) -> Self {
        let mut all = Self::new(size);
        (0..size).for_each(|index| all.insert(index));
        all
    }

    /// How much work a union with this set is.
    #[cfg(feature = "yaml")]
    pub(crate) fn words(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn insert(&mut self, index: usize) {
        if let Some(word) = self.0.get_mut(index / 64) {
            *word |= 1 << (index % 64);
        }
    }

    pub(crate) fn contains(&self, index: usize) -> bool {
        self.0.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    pub(crate) fn add_all(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(to, from)| *to |= from);
    }

    pub(crate) fn remove_all(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(to, from)| *to &= !from);
    }

    pub(crate) fn remove(&mut self, index: usize) {
        if let Some(word) = self.0.get_mut(index / 64) {
            *word &= !(1 << (index % 64));
        }
    }

    /// Drops what is not in both.
    pub(crate) fn keep_only(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(to, from)| *to &= from);
    }

    /// Whether some index is in both.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    #[cfg(feature = "yaml")]
    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The indices, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().zip(0u32..).filter(|(word, _)| **word != 0).flat_map(|(word, at)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * 64 + bit)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(size: usize, indices: &[usize]) -> Bits {
        let mut set = Bits::new(size);
        indices.iter().for_each(|index| set.insert(*index));
        set
    }

    #[test]
    fn a_set_holds_what_was_put_in_once_and_in_order() {
        let mut some = set(130, &[129, 0, 64, 64]);
        some.add_all(&set(130, &[3]));
        assert_eq!(some.iter().collect::<Vec<_>>(), [0, 3, 64, 129]);
        assert_eq!(some.len(), 4);
        assert!(some.contains(129) && !some.contains(128) && !some.contains(1_000));
    }

    #[test]
    fn what_is_taken_out_is_gone_and_nothing_else() {
        let mut some = Bits::all(70);
        some.remove_all(&set(70, &[0, 69]));
        some.remove(1);
        assert_eq!(some.len(), 67);
        some.keep_only(&set(70, &[1, 2, 68, 69]));
        assert_eq!(some.iter().collect::<Vec<_>>(), [2, 68]);
        assert!(some.meets(&set(70, &[68])) && !some.meets(&set(70, &[69])));
        assert!(!some.is_empty() && Bits::new(70).is_empty());
    }
}
