//! Which ways a change goes. In: what it lets happen, and what it stops. Out: both, told apart.

/// Which ways a change goes. Both, where some gain and others lose, or where nobody can tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ways {
    pub(super) widens: bool,
    pub(super) narrows: bool,
}

impl Ways {
    pub(super) const BOTH: Self = Self { widens: true, narrows: true };
    pub(super) const NEITHER: Self = Self { widens: false, narrows: false };
    pub(super) const WIDENS: Self = Self { widens: true, narrows: false };
    pub(super) const NARROWS: Self = Self { widens: false, narrows: true };

    /// The same change the other way round.
    pub(super) const fn back(self) -> Self {
        Self { widens: self.narrows, narrows: self.widens }
    }
}
