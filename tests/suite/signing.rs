//! Keys of the services of the tests. In: nothing. Out: those that a service signs with, and those
//! that the issuer `partner` publishes. Their private halves are in files, for tests that forge.

use auth_runtime::{jwt::KeySet, policy_types::Algorithm};

pub(crate) const ED_PEM: &str = include_str!("../../auth-runtime/tests/keys/eddsa.private.pem");
pub(crate) const EC_PEM: &str = include_str!("../../auth-runtime/tests/keys/es256.private.pem");

/// The private keys of `schemes.jwt`.
pub(crate) fn own_keys() -> KeySet {
    KeySet::from_pem(ED_PEM, Algorithm::EdDSA).unwrap()
}

/// What an issuer that signs with P-256 publishes.
pub(crate) fn partner_keys() -> KeySet {
    published(&KeySet::from_pem(EC_PEM, Algorithm::ES256).unwrap(), Algorithm::ES256)
}

/// The public halves, as a set that an issuer publishes.
pub(crate) fn published(keys: &KeySet, algorithm: Algorithm) -> KeySet {
    KeySet::published(&keys.public_jwk_set().to_string(), &[algorithm]).unwrap()
}
