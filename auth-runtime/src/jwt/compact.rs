//! The compact form of a JWS (RFC 7515). In: the text of a token. Out: its three parts, and their
//! bytes where somebody asks for them.

use base64::{DecodeSliceError, Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{header::Header, key::Key, token_error::TokenError};

/// The longest token that is looked at, in bytes. Servers commonly take 8 KiB of headers in all.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Signatures up to this many bytes are decoded without an allocation: all but those of RSA.
const SHORT_SIGNATURE_BYTES: usize = 66;

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
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::NotCompact)?;
        let (header, payload) = message.split_once('.').ok_or(TokenError::NotCompact)?;
        if payload.contains('.') {
            return Err(TokenError::NotCompact);
        }
        Ok(Self { text: token, header, payload, signature, message })
    }

    /// Whether the signature is that key's.
    pub(super) fn is_signed_by(&self, key: &Key) -> Result<(), TokenError> {
        let bytes = key.signature_bytes();
        // Base64 has one length for so many bytes; others need no decoding to be wrong.
        if self.signature.len() != (bytes * 4).div_ceil(3) {
            return Err(TokenError::SignatureInvalid);
        }
        let message = self.message.as_bytes();
        let verified = if bytes <= SHORT_SIGNATURE_BYTES {
            let mut buffer = [0; SHORT_SIGNATURE_BYTES];
            key.verify(message, decode_short(self.signature, &mut buffer)?)
        } else {
            key.verify(message, &decode(self.signature)?)
        };
        if verified { Ok(()) } else { Err(TokenError::SignatureInvalid) }
    }
}

/// The bytes of a part: unpadded base64url in its one canonical form (J13).
pub(super) fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::NotBase64Url)
}

/// The text of a part.
pub(super) fn text(bytes: &[u8]) -> Result<&str, TokenError> {
    std::str::from_utf8(bytes).map_err(|_| TokenError::NotBase64Url)
}

fn decode_short<'b>(part: &str, buffer: &'b mut [u8]) -> Result<&'b [u8], TokenError> {
    let length = URL_SAFE_NO_PAD.decode_slice(part, buffer).map_err(|error| match error {
        DecodeSliceError::DecodeError(_) => TokenError::NotBase64Url,
        DecodeSliceError::OutputSliceTooSmall => TokenError::SignatureInvalid,
    })?;
    buffer.get(..length).ok_or(TokenError::SignatureInvalid)
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
