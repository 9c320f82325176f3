//! One key. In: the numbers of a JWK or a PEM block, with the one algorithm they serve. Out: a
//! [`Key`], parsed and checked once, that verifies and perhaps signs.

use std::fmt;

use auth_policy::settings::Algorithm;
use aws_lc_rs::{
    digest, hmac,
    rsa::KeyPair as RsaKeyPair,
    signature::{self, ED25519_PUBLIC_KEY_LEN, EcdsaKeyPair, Ed25519KeyPair, ParsedPublicKey},
};
use jsonwebtoken::EncodingKey;
use zeroize::Zeroizing;

use super::{
    der,
    key_error::{KeyFault, KeyName},
    secret_quality, thumbprint,
};

/// The smallest RSA modulus that is accepted, in bits.
const MIN_RSA_BITS: usize = 2048;
/// RSA moduli below this many bits draw a warning.
const GOOD_RSA_BITS: usize = 3072;
/// The largest RSA modulus that is accepted, in bits.
const MAX_RSA_BITS: usize = 8192;
/// The longest `kid` of a key of ours, in bytes.
const MAX_KID_BYTES: usize = 256;

/// What a key is made of, as read and not yet judged.
pub(super) enum Material {
    Secret(Zeroizing<Vec<u8>>),
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
        /// `RSAPrivateKey` of PKCS#1.
        private: Option<Zeroizing<Vec<u8>>>,
    },
    P256 {
        x: Vec<u8>,
        y: Vec<u8>,
        private: Option<EcdsaKeyPair>,
    },
    Ed25519 {
        x: Vec<u8>,
        private: Option<Ed25519KeyPair>,
    },
}

impl Material {
    /// Whether this is what the algorithm works on.
    pub(super) const fn suits(&self, algorithm: Algorithm) -> bool {
        match algorithm {
            Algorithm::HS256 => matches!(self, Self::Secret(_)),
            Algorithm::RS256 | Algorithm::PS256 => matches!(self, Self::Rsa { .. }),
            Algorithm::ES256 => matches!(self, Self::P256 { .. }),
            Algorithm::EdDSA => matches!(self, Self::Ed25519 { .. }),
        }
    }
}

/// The public half of a key, as a JWK names its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Public {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256 { x: Vec<u8>, y: Vec<u8> },
    Ed25519 { x: Vec<u8> },
}

/// A key for one algorithm, and for nothing else.
///
/// # Security
///
/// Parsed and checked when made: a `Key` of HS256 has 256 bits that are no placeholder, one of
/// RSA a modulus of 2048 to 8192 bits, and a private half always belongs to the public one.
/// `Debug` shows the algorithm and the `kid`, nothing of the key.
pub struct Key {
    algorithm: Algorithm,
    kid: Option<Box<str>>,
    verifies: Verifies,
    signs: Option<EncodingKey>,
    public: Option<Public>,
    /// The SHA-256 of the key's JWK thumbprint form: equal for equal keys.
    identity: [u8; 32],
    /// How many bytes a signature has.
    signature_bytes: usize,
}

/// What checks a signature, with everything that can be worked out beforehand worked out.
enum Verifies {
    Hmac(Box<hmac::Key>),
    Public(ParsedPublicKey),
}

impl Key {
    /// Judges the material. A key without `kid` is named by its RFC 7638 thumbprint, unless it is
    /// symmetric: a hash of a secret does not belong in a token's header.
    pub(super) fn new(
        material: Material,
        algorithm: Algorithm,
        kid: Option<String>,
    ) -> Result<Self, KeyFault> {
        if !material.suits(algorithm) {
            return Err(KeyFault::AlgorithmDisagrees(algorithm));
        }
        if kid.as_ref().is_some_and(|kid| kid.is_empty() || kid.len() > MAX_KID_BYTES) {
            return Err(KeyFault::BadKid);
        }
        let mut key = match material {
            Material::Secret(secret) => Self::symmetric(&secret),
            Material::Rsa { n, e, private } => Self::rsa(algorithm, n, e, private),
            Material::P256 { x, y, private } => Self::p256(x, y, private.as_ref()),
            Material::Ed25519 { x, private } => Self::ed25519(x, private.as_ref()),
        }?;
        key.kid = match kid {
            Some(kid) => Some(kid.into()),
            None => key.public.is_some().then(|| thumbprint::text(&key.identity).into()),
        };
        Ok(key)
    }

    fn symmetric(secret: &[u8]) -> Result<Self, KeyFault> {
        secret_quality::judge(secret)?;
        Ok(Self {
            algorithm: Algorithm::HS256,
            kid: None,
            verifies: Verifies::Hmac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret))),
            signs: Some(EncodingKey::from_secret(secret)),
            public: None,
            identity: thumbprint::of_secret(secret),
            signature_bytes: digest::SHA256_OUTPUT_LEN,
        })
    }

    fn rsa(
        algorithm: Algorithm,
        n: Vec<u8>,
        e: Vec<u8>,
        private: Option<Zeroizing<Vec<u8>>>,
    ) -> Result<Self, KeyFault> {
        let bits = bits(&n);
        match bits {
            0..MIN_RSA_BITS => return Err(KeyFault::RsaTooSmall { bits }),
            MIN_RSA_BITS..=MAX_RSA_BITS => {}
            _ => return Err(KeyFault::RsaTooLarge { bits }),
        }
        let public_der = der::integers(&[&n, &e]);
        // The private key holds n and e once more, and is refused unless all its numbers agree.
        let pair = private.as_ref().map(|private| RsaKeyPair::from_der(private)).transpose();
        pair.map_err(|_| KeyFault::PrivateMismatch)?;
        let signs = private.map(|private| EncodingKey::from_rsa_der(&private));
        let public = Public::Rsa { n, e };
        Self::asymmetric(algorithm, public, &public_der, signs, bits.div_ceil(8))
    }

    fn p256(x: Vec<u8>, y: Vec<u8>, private: Option<&EcdsaKeyPair>) -> Result<Self, KeyFault> {
        let point = [&[4], x.as_slice(), y.as_slice()].concat();
        let signs = private.map(EcdsaKeyPair::to_pkcs8v1).transpose();
        let signs = signs.map_err(|_| KeyFault::Invalid)?;
        let signs = signs.map(|der| EncodingKey::from_ec_der(der.as_ref()));
        Self::asymmetric(Algorithm::ES256, Public::P256 { x, y }, &point, signs, 64)
    }

    fn ed25519(x: Vec<u8>, private: Option<&Ed25519KeyPair>) -> Result<Self, KeyFault> {
        if x.len() != ED25519_PUBLIC_KEY_LEN {
            return Err(KeyFault::Invalid);
        }
        let signs = private.map(Ed25519KeyPair::to_pkcs8v1).transpose();
        let signs = signs.map_err(|_| KeyFault::Invalid)?;
        let signs = signs.map(|der| EncodingKey::from_ed_der(der.as_ref()));
        let raw = x.clone();
        Self::asymmetric(Algorithm::EdDSA, Public::Ed25519 { x }, &raw, signs, 64)
    }

    fn asymmetric(
        algorithm: Algorithm,
        public: Public,
        bytes: &[u8],
        signs: Option<EncodingKey>,
        signature_bytes: usize,
    ) -> Result<Self, KeyFault> {
        let parsed = ParsedPublicKey::new(verification(algorithm).ok_or(KeyFault::Invalid)?, bytes)
            .map_err(|_| KeyFault::Invalid)?;
        Ok(Self {
            algorithm,
            kid: None,
            verifies: Verifies::Public(parsed),
            signs,
            identity: thumbprint::of_public(&public),
            public: Some(public),
            signature_bytes,
        })
    }

    /// The one algorithm it serves.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The name by which a token's header asks for it.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether it holds a private or shared secret, so that it can sign.
    pub const fn can_sign(&self) -> bool {
        self.signs.is_some()
    }

    pub(super) const fn public(&self) -> Option<&Public> {
        self.public.as_ref()
    }

    pub(super) const fn identity(&self) -> &[u8; 32] {
        &self.identity
    }

    /// How many bytes a signature of this key has, always.
    pub(super) const fn signature_bytes(&self) -> usize {
        self.signature_bytes
    }

    /// Takes the power to sign away, for a key whose `key_ops` say `verify` alone.
    pub(super) fn verify_only(&mut self) {
        self.signs = None;
    }

    /// Whether an RSA modulus is shorter than is good for new keys.
    pub(super) fn is_short_rsa(&self) -> bool {
        matches!(&self.public, Some(Public::Rsa { n, .. }) if bits(n) < GOOD_RSA_BITS)
    }

    pub(super) fn name(&self, position: usize) -> KeyName {
        KeyName { position, kid: self.kid().map(str::to_owned) }
    }

    /// Whether `signature` is this key's over `message`. HMACs are compared in constant time.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.verifies {
            Verifies::Hmac(key) => hmac::verify(key, message, signature).is_ok(),
            Verifies::Public(key) => key.verify_sig(message, signature).is_ok(),
        }
    }

    /// The signature over `message` in base64url; none if this key cannot sign.
    pub(super) fn sign(&self, message: &[u8]) -> Option<String> {
        jsonwebtoken::crypto::sign(message, self.signs.as_ref()?, jose(self.algorithm)).ok()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .field("can_sign", &self.can_sign())
            .finish_non_exhaustive()
    }
}

/// The same algorithm as jsonwebtoken names it.
const fn jose(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::HS256 => jsonwebtoken::Algorithm::HS256,
        Algorithm::RS256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::PS256 => jsonwebtoken::Algorithm::PS256,
        Algorithm::ES256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::EdDSA => jsonwebtoken::Algorithm::EdDSA,
    }
}

/// How aws-lc-rs verifies the algorithm; nothing for HMAC, which has no public key.
fn verification(algorithm: Algorithm) -> Option<&'static dyn signature::VerificationAlgorithm> {
    match algorithm {
        Algorithm::HS256 => None,
        Algorithm::RS256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::PS256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::ES256 => Some(&signature::ECDSA_P256_SHA256_FIXED),
        Algorithm::EdDSA => Some(&signature::ED25519),
    }
}

/// How many bits a big-endian number without leading zeros has.
fn bits(number: &[u8]) -> usize {
    let unused = number.first().map_or(0, |first| first.leading_zeros() as usize);
    number.len() * 8 - unused
}
