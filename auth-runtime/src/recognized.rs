//! A secret that is recognized without hashing it again. In: secrets that are presented beside one
//! record. Out: whether each is the right one; the first that is, its hash says so, and from then
//! on the secret itself.
//!
//! It lives as long as what was parsed of the record, and goes when the record changes: see
//! `docs/decisions/0018-remembered-tokens.md`.

use std::{fmt, sync::OnceLock};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The right secret of a record, once it was presented.
#[derive(Default)]
pub(crate) struct Recognized(OnceLock<Zeroizing<Box<[u8]>>>);

impl Recognized {
    /// Whether that is the right secret; `by_hash` compares its hash with what is kept.
    ///
    /// SECURITY: in the same time whatever differs. A wrong one is hashed each time, as one is whose
    /// record does not exist.
    pub(crate) fn is(&self, secret: &[u8], by_hash: impl FnOnce() -> bool) -> bool {
        if self.0.get().is_some_and(|known| known.ct_eq(secret).into()) {
            return true;
        }
        let right = by_hash();
        if right {
            // Of two at the same time, either will do: they are the same.
            let _ = self.0.set(Zeroizing::new(secret.into()));
        }
        right
    }
}

impl fmt::Debug for Recognized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recognized").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn s1_the_right_secret_is_hashed_once_and_a_wrong_one_each_time() {
        let (recognized, hashed) = (Recognized::default(), Cell::new(0));
        let is = |secret: &[u8]| {
            recognized.is(secret, || {
                hashed.set(hashed.get() + 1);
                secret == b"right"
            })
        };
        assert!(!is(b"wrong") && is(b"right"));
        assert_eq!(hashed.get(), 2);
        assert!(is(b"right") && is(b"right"));
        assert_eq!(hashed.get(), 2);
        assert!(!is(b"wrong") && !is(b"righ") && !is(b"right.") && !is(b""));
        assert_eq!(hashed.get(), 6);
        assert!(is(b"right"), "and no wrong one takes its place");
    }
}
