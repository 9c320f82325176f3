//! What a refusal is found by. In: randomness. Out: an id that stands in the answer and in the
//! audit event, so that somebody who was refused can say which refusal it was.

use std::{cell::RefCell, fmt};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::random::{Random, SystemRandom};

/// How many characters 128 bits are in base64url.
const LENGTH: usize = 22;

/// The id of one refusal: 128 random bits in base64url. It says nothing about the refusal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DenialId([u8; LENGTH]);

/// How many ids are drawn at once.
const DRAWN: usize = 32;

thread_local! {
    static AHEAD: RefCell<Ahead> = const { RefCell::new(Ahead { drawn: [[0; 16]; DRAWN], left: 0 }) };
}

/// Ids drawn ahead: to ask for randomness costs more than the randomness. An id is no secret, so
/// those to come may wait in memory.
struct Ahead {
    drawn: [[u8; 16]; DRAWN],
    left: usize,
}

impl Ahead {
    fn next(&mut self) -> Option<[u8; 16]> {
        if self.left == 0 {
            SystemRandom.fill(self.drawn.as_flattened_mut()).ok()?;
            self.left = DRAWN;
        }
        self.left -= 1;
        self.drawn.get(self.left).copied()
    }
}

impl DenialId {
    /// What the `instance` of a problem (RFC 9457) begins with; the id follows.
    pub(crate) const INSTANCE: &str = "urn:auth-engine:denial:";

    /// A new one; `None` without randomness: the refusal stands all the same.
    pub(crate) fn random() -> Option<Self> {
        AHEAD.try_with(|ahead| ahead.borrow_mut().next()).ok().flatten().map(Self::of)
    }

    /// The id that these bits are.
    fn of(bits: [u8; 16]) -> Self {
        let mut text = [b'A'; LENGTH];
        // INVARIANT: 16 bytes are 22 characters, so they fit.
        let _ = URL_SAFE_NO_PAD.encode_slice(bits, &mut text);
        Self(text)
    }

    /// The id itself: 22 characters of base64url.
    pub fn as_str(&self) -> &str {
        // INVARIANT: base64url is ASCII.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for DenialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for DenialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DenialId({self})")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a1_a_denial_id_is_128_bits_in_base64url() {
        assert_eq!(DenialId::of([0; 16]).as_str(), "AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(DenialId::of([0xff; 16]).as_str(), "_____________________w");
        let ids: HashSet<_> = (0..3 * DRAWN).map(|_| DenialId::random().unwrap()).collect();
        assert_eq!(ids.len(), 3 * DRAWN, "never the same twice");
    }
}
