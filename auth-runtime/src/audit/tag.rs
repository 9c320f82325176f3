//! What something is recognized by and cannot be read from. In: a credential that was refused, a
//! user name that was tried. Out: 64 bits that are the same for the same, in this process alone.

use std::{fmt, sync::LazyLock};

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::random::{Random, SystemRandom};

/// The first 64 bits of HMAC-SHA-256 under a key that this process made when it started.
///
/// # Security
///
/// The key is never written anywhere and ends with the process, so nobody can try passwords or
/// tokens against a tag in a log. Two processes give the same thing two tags: what is to be
/// compared across processes has an id, such as a token's `jti`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(u64);

/// What tags are made with. Without randomness there are none.
static KEY: LazyLock<Option<hmac::Key>> = LazyLock::new(|| {
    let mut key = Zeroizing::new([0; 32]);
    SystemRandom.fill(&mut *key).ok()?;
    Some(hmac::Key::new(hmac::HMAC_SHA256, &*key))
});

impl Tag {
    /// The tag of a credential.
    pub(crate) fn of_credential(bytes: &[u8]) -> Option<Self> {
        Self::of(b"credential\0", bytes)
    }

    /// The tag of a user name as it was typed: case does not count.
    ///
    /// SECURITY: people type their password into the field for the name. It goes no further.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::of(b"name\0", Zeroizing::new(name.to_lowercase()).as_bytes())
    }

    fn of(purpose: &[u8], bytes: &[u8]) -> Option<Self> {
        let mut context = hmac::Context::with_key(KEY.as_ref()?);
        context.update(purpose);
        context.update(bytes);
        let digest = context.sign();
        digest.as_ref().first_chunk().map(|first| Self(u64::from_be_bytes(*first)))
    }

    pub(crate) const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a2_a_tag_is_the_same_for_the_same_and_shows_nothing_of_it() {
        assert_eq!(Tag::of_name("Ada"), Tag::of_name("ada"));
        assert_ne!(Tag::of_name("ada"), Tag::of_name("bob"));
        assert_ne!(Tag::of_name("ada"), Tag::of_credential(b"ada"));
        assert_ne!(Tag::of_credential(b"Ada"), Tag::of_credential(b"ada"));
        let shown = format!("{:?}", Tag::of_name("ada").unwrap());
        assert_eq!(shown.len(), "Tag()".len() + 16);
        let bare = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"name\0ada");
        let first: String =
            bare.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        assert!(!shown.contains(&first), "a hash without a key can be tried against a list");
    }
}
