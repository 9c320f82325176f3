//! A set of small numbers. In: indices. Out: unions and sorted lists, at one bit each.

/// A set of indices below a size fixed when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn new(size: usize) -> Self {
        Self(vec![0; size.div_ceil(64)])
    }

    /// How much work a union with this set is.
    pub(super) fn words(&self) -> usize {
        self.0.len()
    }

    pub(super) fn insert(&mut self, index: usize) {
        if let Some(word) = self.0.get_mut(index / 64) {
            *word |= 1 << (index % 64);
        }
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(to, from)| *to |= from);
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The indices, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().zip(0u32..).flat_map(|(word, at)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * 64 + bit)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_once_and_in_order() {
        let mut set = Bits::new(130);
        [129, 0, 64, 64].into_iter().for_each(|index| set.insert(index));
        let mut other = Bits::new(130);
        other.insert(3);
        set.add_all(&other);
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 3, 64, 129]);
        assert_eq!(set.len(), 4);
    }
}
