//! JWK thumbprints (RFC 7638). In: a key. Out: the SHA-256 of its required members in the order
//! the RFC fixes, the same whoever computes it.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::key::Public;

/// The thumbprint of a public key.
pub(super) fn of_public(public: &Public) -> [u8; 32] {
    let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    sha256(&match public {
        Public::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, b64(e), b64(n)),
        Public::P256 { x, y } => {
            format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, b64(x), b64(y))
        }
        Public::Ed25519 { x } => {
            format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, b64(x))
        }
    })
}

/// The thumbprint of a shared secret: for comparing keys, never for showing (RFC 7638, section 7).
pub(super) fn of_secret(secret: &[u8]) -> [u8; 32] {
    let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(secret));
    sha256(&Zeroizing::new(format!(r#"{{"k":"{}","kty":"oct"}}"#, *encoded)))
}

/// A thumbprint as text, 43 characters.
pub(super) fn text(thumbprint: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(thumbprint)
}

fn sha256(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    hash.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    hash
}
