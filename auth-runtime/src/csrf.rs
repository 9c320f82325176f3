//! Requests that another page made a browser send. In: a credential that a cookie carried. Out: the
//! token that only pages of our own can show beside it.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// What separates this use of a secret from every other.
const PURPOSE: &[u8] = b"csrf-token-1";

/// What the tokens of one credential are made with: a secret that the cookie alone leads to, so
/// that nothing has to be stored, and no other credential has the same.
pub(crate) struct CsrfKey(Zeroizing<Vec<u8>>);

impl CsrfKey {
    /// The key of a credential with that secret.
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self(Zeroizing::new(secret.to_vec()))
    }

    /// The token.
    pub(crate) fn token(&self) -> Secret {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        Secret::from(URL_SAFE_NO_PAD.encode(hmac::sign(&key, PURPOSE).as_ref()))
    }
}
