//! A successor, closed for everybody but the holder of the token it succeeds. In: a secret, and the
//! secret it is sealed under. Out: text for the store; and the way back.
//!
//! AES-256-GCM under a key from HKDF-SHA256 over the presented secret, salted with the server's.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    hkdf::{HKDF_SHA256, KeyType, Salt},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::token::ServerSecret;

/// What the derived key is for.
const PURPOSE: &[u8] = b"auth-engine refresh successor";
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;

pub(super) fn seal(secret: &[u8], under: &[u8], server: &ServerSecret) -> Option<String> {
    let mut sealed = secret.to_vec();
    let nonce = key(under, server)?.seal_in_place_append_tag(Aad::empty(), &mut sealed).ok()?;
    let mut text = nonce.as_ref().to_vec();
    text.append(&mut sealed);
    Some(URL_SAFE_NO_PAD.encode(text))
}

pub(super) fn unseal(
    text: &str,
    under: &[u8],
    server: &ServerSecret,
) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut opened = Zeroizing::new(sealed.to_vec());
    let length = key(under, server)?.open_in_place(nonce, Aad::empty(), &mut opened).ok()?.len();
    opened.truncate(length);
    Some(opened)
}

fn key(under: &[u8], server: &ServerSecret) -> Option<RandomizedNonceKey> {
    struct Length;
    impl KeyType for Length {
        fn len(&self) -> usize {
            KEY_BYTES
        }
    }
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    let derived = Salt::new(HKDF_SHA256, server.bytes()).extract(under);
    derived.expand(&[PURPOSE], Length).ok()?.fill(key.as_mut()).ok()?;
    RandomizedNonceKey::new(&AES_256_GCM, key.as_ref()).ok()
}
