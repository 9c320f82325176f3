//! The compact form of a JWS (RFC 7515). In: the text of a token. Out: its three parts, and their
//! bytes where somebody asks for them.

use std::sync::LazyLock;

use base64::{
    DecodeSliceError, Engine,
    engine::{general_purpose::NO_PAD, simd::Simd},
};
use memchr::memchr_iter;

use super::{header::Header, key::Key, token_error::TokenError};

/// The longest token that is looked at, in bytes. Servers commonly take 8 KiB of headers in all.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Parts up to this many bytes are decoded without an allocation: nearly all there are.
const SHORT_BYTES: usize = 768;

/// Reads unpadded base64url in its one canonical form, with what this processor has for it.
static BASE64URL: LazyLock<Simd> = LazyLock::new(|| Simd::url_safe(NO_PAD));

/// A token taken apart, not yet decoded.
#[derive(Clone, Copy)]
pub(super) struct Compact<'a> {
    /// All of it.
    pub(super) text: &'a str,
    pub(super) header: &'a str,
    pub(super) payload: &'a str,
    signature: &'a str,
    /// Header, dot, payload: what is signed.
    message: &'a str,
}

impl<'a> Compact<'a> {
    /// Takes a token apart at its two dots.
    pub(super) fn split(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        Self::at_dots(token).ok_or(TokenError::NotCompact)
    }

    fn at_dots(text: &'a str) -> Option<Self> {
        let mut dots = memchr_iter(b'.', text.as_bytes());
        let (first, second) = (dots.next()?, dots.next()?);
        let payload = text.get(first + 1..second)?;
        let (header, signature) = (text.get(..first)?, text.get(second + 1..)?);
        let message = text.get(..second)?;
        dots.next().is_none().then_some(Self { text, header, payload, signature, message })
    }

    /// Whether the signature is that key's.
    pub(super) fn is_signed_by(&self, key: &Key) -> Result<(), TokenError> {
        let bytes = key.signature_bytes();
        // Base64 has one length for so many bytes; others need no decoding to be wrong.
        if self.signature.len() != (bytes * 4).div_ceil(3) {
            return Err(TokenError::SignatureInvalid);
        }
        let message = self.message.as_bytes();
        let verified = decode_for(self.signature, |it| Ok(key.verify(message, it)))?;
        if verified { Ok(()) } else { Err(TokenError::SignatureInvalid) }
    }
}

/// The bytes of a part: unpadded base64url in its one canonical form (J13).
pub(super) fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    BASE64URL.decode(part).map_err(|_| TokenError::NotBase64Url)
}

/// Shows the bytes of a part.
pub(super) fn decode_for<T>(
    part: &str,
    show: impl FnOnce(&[u8]) -> Result<T, TokenError>,
) -> Result<T, TokenError> {
    let mut buffer = [0; SHORT_BYTES];
    match BASE64URL.decode_slice(part, &mut buffer) {
        Ok(length) => show(buffer.get(..length).ok_or(TokenError::NotBase64Url)?),
        Err(DecodeSliceError::OutputSliceTooSmall) => show(&decode(part)?),
        Err(DecodeSliceError::DecodeError(_)) => Err(TokenError::NotBase64Url),
    }
}

/// The text of a part.
pub(super) fn text(bytes: &[u8]) -> Result<&str, TokenError> {
    std::str::from_utf8(bytes).map_err(|_| TokenError::NotBase64Url)
}

/// Verifies any JWS in compact form against one key, whatever its payload is.
///
/// # Errors
///
/// When it is not a JWS, is for another algorithm than the key, or was not signed by it.
///
/// # Security
///
/// A verified signature says who wrote the payload, not what it is good for: an access token is
/// accepted by [`verify`](super::verify()) alone.
pub fn verify_jws(compact: &str, key: &Key) -> Result<Vec<u8>, TokenError> {
    let compact = Compact::split(compact)?;
    let header = decode(compact.header)?;
    let header = Header::read(text(&header)?)?;
    if header.algorithm != key.algorithm() {
        return Err(TokenError::KeyForOtherAlgorithm);
    }
    compact.is_signed_by(key)?;
    decode(compact.payload)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    /// What is decoded into a vector and what is shown are the same.
    fn decoded(part: &str) -> Result<Vec<u8>, TokenError> {
        let decoded = decode(part);
        assert_eq!(decode_for(part, |bytes| Ok(bytes.to_vec())), decoded, "{part}");
        decoded
    }

    #[test]
    fn a_part_of_any_length_is_its_bytes() {
        for length in (0..100).chain(SHORT_BYTES - 3..SHORT_BYTES + 4).chain([5_000]) {
            let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
            assert_eq!(decoded(&URL_SAFE_NO_PAD.encode(&bytes)), Ok(bytes));
        }
    }

    #[test]
    fn j13_one_wrong_letter_anywhere_is_refused() {
        for length in [1, 2, 43, 100, 1_100] {
            let good = "A".repeat(length);
            assert_eq!(decoded(&good).is_ok(), length % 4 != 1, "{length}");
            for place in 0..length {
                for wrong in ["+", "/", "=", ".", " ", "\n", "\0", "\"", "é"] {
                    let mut part = good.clone();
                    part.replace_range(place..=place, wrong);
                    assert_eq!(decoded(&part), Err(TokenError::NotBase64Url), "{place} {wrong}");
                }
            }
        }
        // The last letter stands for bits that belong to no byte: they must be none (RFC 4648, 3.5).
        for (canonical, other) in [("AA", "AB"), ("AAA", "AAB"), ("__8", "__9")] {
            assert!(decoded(&["A".repeat(64).as_str(), canonical].concat()).is_ok());
            assert!(decoded(&["A".repeat(64).as_str(), other].concat()).is_err(), "{other}");
        }
    }
}
