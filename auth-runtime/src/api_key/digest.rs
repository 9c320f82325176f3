//! What is kept of a key. In: its secret. Out: a hash, by which the secret is recognized and from
//! which nobody computes it.
//!
//! A fast hash is enough, unlike for a password: there are 2^256 secrets to try. With a pepper it is
//! an HMAC, and a stolen store does not even show whether a key that was found belongs to it.

use std::fmt;

use aws_lc_rs::{digest, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;

use crate::secret::Secret;

/// The fewest bytes of a pepper.
pub(crate) const MIN_PEPPER_BYTES: usize = 32;

/// Hashes secrets: SHA-256, or HMAC-SHA-256 with a pepper.
pub(crate) struct Digester(Option<hmac::Key>);

/// The hash of a secret that was presented.
pub(super) struct Digest(String);

impl Digester {
    /// With that pepper, blanks at its end aside: a file ends with a line feed. `None` where the
    /// pepper is shorter than [`MIN_PEPPER_BYTES`].
    pub(crate) fn new(pepper: Option<&Secret>) -> Option<Self> {
        let Some(pepper) = pepper else { return Some(Self(None)) };
        // The pepper is the key of the hash.
        let bytes = pepper.expose().trim_end().as_bytes();
        (bytes.len() >= MIN_PEPPER_BYTES)
            .then(|| Self(Some(hmac::Key::new(hmac::HMAC_SHA256, bytes))))
    }

    pub(super) fn digest(&self, secret: &str) -> Digest {
        Digest(match &self.0 {
            None => {
                let hash = digest::digest(&digest::SHA256, secret.as_bytes());
                URL_SAFE_NO_PAD.encode(hash.as_ref())
            }
            Some(key) => URL_SAFE_NO_PAD.encode(hmac::sign(key, secret.as_bytes()).as_ref()),
        })
    }
}

impl Digest {
    pub(super) fn into_text(self) -> String {
        self.0
    }

    /// Whether that is what is kept, in a time that says nothing of where they differ.
    pub(super) fn is(&self, kept: &str) -> bool {
        self.0.as_bytes().ct_eq(kept.as_bytes()).into()
    }
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digester").field("peppered", &self.0.is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pepper(text: &str) -> Secret {
        Secret::from(text.to_owned())
    }

    fn hash(pepper: Option<&Secret>, secret: &str) -> String {
        Digester::new(pepper).unwrap().digest(secret).into_text()
    }

    #[test]
    fn k1_without_a_pepper_it_is_sha_256() {
        // NIST: the hash of `abc`.
        assert_eq!(hash(None, "abc"), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    }

    #[test]
    fn k1_a_pepper_changes_every_hash() {
        let (one, other) = (pepper(&"p".repeat(32)), pepper(&"q".repeat(32)));
        let hashes = [None, Some(&one), Some(&other)].map(|pepper| hash(pepper, "secret"));
        assert!(hashes[0] != hashes[1] && hashes[1] != hashes[2] && hashes[0] != hashes[2]);
        let digester = Digester::new(Some(&one)).unwrap();
        assert!(digester.digest("secret").is(&hashes[1]));
        assert!(
            !digester.digest("secret").is(&hashes[2]) && !digester.digest("other").is(&hashes[1])
        );
        assert!(!digester.digest("secret").is(""));
        assert_eq!(format!("{digester:?}"), "Digester { peppered: true }");
    }

    #[test]
    fn a_pepper_of_a_file_ends_before_the_line_feed() {
        let (plain, line) = (pepper(&"p".repeat(32)), pepper(&format!("{}\n", "p".repeat(32))));
        assert_eq!(hash(Some(&plain), "secret"), hash(Some(&line), "secret"));
    }

    #[test]
    fn a_short_pepper_is_none() {
        for short in ["", "pepper", &"p".repeat(31), &" ".repeat(40)] {
            assert!(Digester::new(Some(&pepper(short))).is_none(), "{short}");
        }
    }
}
