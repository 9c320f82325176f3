//! Proof that a code is exchanged by whoever asked for it (RFC 7636), by S256 alone. In: the
//! challenge of a request, and later a verifier. Out: whether they belong together.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::secret::Secret;

/// The one method there is, as requests and the metadata name it.
pub(super) const METHOD: &str = "S256";

/// How long a verifier is, in characters (RFC 7636, section 4.1).
const VERIFIER: std::ops::RangeInclusive<usize> = 43..=128;

/// What a verifier is held against. The empty one, which a damaged record has, is met by none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Challenge(String);

impl Challenge {
    /// The challenge of a request.
    ///
    /// # Errors
    ///
    /// What to tell a client whose request has none, or one that is no SHA-256, or names another
    /// method: without a name it would be `plain`, which a code that leaks leads to.
    pub(super) fn read(
        challenge: Option<&str>,
        method: Option<&str>,
    ) -> Result<Self, &'static str> {
        let challenge = challenge.ok_or("PKCE is required: `code_challenge` is missing")?;
        if method != Some(METHOD) {
            return Err("PKCE is required: `code_challenge_method` has to be S256");
        }
        match URL_SAFE_NO_PAD.decode(challenge) {
            Ok(bytes) if bytes.len() == digest::SHA256_OUTPUT_LEN => Ok(Self(challenge.to_owned())),
            _ => Err("`code_challenge` is no SHA-256 in base64url"),
        }
    }

    /// Whether it was made of that verifier, in a time that says nothing of how nearly.
    pub(super) fn is_met_by(&self, verifier: &Secret) -> bool {
        // The verifier is what the hash is made of.
        let verifier = verifier.expose();
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if !VERIFIER.contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
            return false;
        }
        let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
        URL_SAFE_NO_PAD.encode(hash.as_ref()).as_bytes().ct_eq(self.0.as_bytes()).into()
    }

    /// The text of it, for the form that asks for consent.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
#[allow(clippy::string_slice, reason = "ASCII")]
mod tests {
    use super::*;

    /// The pair of RFC 7636, appendix B.
    const VERIFIED: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn met(verifier: &str) -> bool {
        let challenge = Challenge::read(Some(CHALLENGE), Some("S256")).unwrap();
        challenge.is_met_by(&Secret::from(verifier.to_owned()))
    }

    #[test]
    fn ot4_a_challenge_is_met_by_its_verifier_alone() {
        assert!(met(VERIFIED));
        for wrong in [
            "",
            CHALLENGE,
            VERIFIED.split_at(42).0,
            &format!("{VERIFIED}="),
            &format!("{VERIFIED}A"),
            &VERIFIED.to_lowercase(),
            &VERIFIED.replace('-', "+"),
        ] {
            assert!(!met(wrong), "{wrong}");
        }
        assert!(!Challenge::default().is_met_by(&Secret::from(VERIFIED.to_owned())));
    }

    #[test]
    fn ot4_verifiers_have_43_to_128_unreserved_characters() {
        let of = |verifier: &str| {
            let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
            let challenge = URL_SAFE_NO_PAD.encode(hash.as_ref());
            let challenge = Challenge::read(Some(&challenge), Some("S256")).unwrap();
            challenge.is_met_by(&Secret::from(verifier.to_owned()))
        };
        let long = "~".repeat(129);
        let first = |characters| of(long.split_at(characters).0);
        assert!(first(128) && first(43));
        assert!(!first(129) && !first(42));
        assert!(!of(&"a b".repeat(20)) && !of(&"ä".repeat(30)));
    }

    #[test]
    fn ot4_missing_plain_and_malformed_challenges_are_refused() {
        for (challenge, method) in [
            (None, None),
            (None, Some("S256")),
            (Some(CHALLENGE), None),
            (Some(CHALLENGE), Some("plain")),
            (Some(CHALLENGE), Some("s256")),
            (Some(VERIFIED), Some("plain")),
            (Some(""), Some("S256")),
            (Some(CHALLENGE.split_at(42).0), Some("S256")),
            (Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM="), Some("S256")),
            (Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"), Some("S256")),
            (Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN"), Some("S256")),
        ] {
            assert!(Challenge::read(challenge, method).is_err(), "{challenge:?} {method:?}");
        }
    }
}
