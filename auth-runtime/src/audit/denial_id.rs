//! What a refusal is found by. In: randomness. Out: an id that stands in the answer and in the
//! audit event, so that somebody who was refused can say which refusal it was.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::random::{Random, SystemRandom};

/// How many characters 128 bits are in base64url.
const LENGTH: usize = 22;

/// The id of one refusal: 128 random bits in base64url. It says nothing about the refusal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DenialId([u8; LENGTH]);

impl DenialId {
    /// A new one; `None` without randomness: the refusal stands all the same.
    pub(crate) fn random() -> Option<Self> {
        let mut bits = [0; 16];
        SystemRandom.fill(&mut bits).ok()?;
        Some(Self::of(bits))
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

    /// The `instance` of the problem (RFC 9457): `urn:auth-engine:denial:ID`.
    pub(crate) fn instance(&self) -> String {
        format!("urn:auth-engine:denial:{self}")
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
    use super::*;

    #[test]
    fn a1_a_denial_id_is_128_bits_in_base64url() {
        assert_eq!(DenialId::of([0; 16]).as_str(), "AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(DenialId::of([0xff; 16]).as_str(), "_____________________w");
        assert_ne!(DenialId::random(), DenialId::random());
        assert_eq!(
            DenialId::of([0; 16]).instance(),
            "urn:auth-engine:denial:AAAAAAAAAAAAAAAAAAAAAA"
        );
    }
}
