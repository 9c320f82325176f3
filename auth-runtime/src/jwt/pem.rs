//! PEM (RFC 7468). In: one or more blocks, public or private: SPKI, PKCS#8, PKCS#1, SEC 1. Out:
//! the material of a key each.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::{
    der::{OBJECT_ID, OCTET_STRING, Reader},
    key::Material,
    key_error::KeyFault,
};

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Object identifiers as DER has them.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// Whether a text looks like PEM.
pub(super) fn is_pem(text: &str) -> bool {
    text.contains(BEGIN)
}

/// The keys of all blocks, in their order.
pub(super) fn read(text: &str) -> Result<Vec<Result<Material, KeyFault>>, KeyFault> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let (block, after) = Block::read(after)?;
        // `openssl ecparam -genkey` writes the curve in a block of its own.
        if block.label != "EC PARAMETERS" {
            keys.push(block.material());
        }
        rest = after;
    }
    Ok(keys)
}

struct Block<'a> {
    label: &'a str,
    der: Zeroizing<Vec<u8>>,
}

impl<'a> Block<'a> {
    /// The block whose label comes next, and the text behind it.
    fn read(text: &'a str) -> Result<(Self, &'a str), KeyFault> {
        let (label, text) = text.split_once(DASHES).ok_or(KeyFault::Pem)?;
        let (body, text) = text.split_once(END).ok_or(KeyFault::Pem)?;
        let (end, text) = text.split_once(DASHES).ok_or(KeyFault::Pem)?;
        if end != label {
            return Err(KeyFault::Pem);
        }
        if label == "ENCRYPTED PRIVATE KEY" || body.contains("ENCRYPTED") {
            return Err(KeyFault::Encrypted);
        }
        let mut base64 = Zeroizing::new(String::with_capacity(body.len()));
        base64.extend(body.chars().filter(|character| !character.is_ascii_whitespace()));
        let mut der = Zeroizing::new(Vec::with_capacity(body.len()));
        STANDARD.decode_vec(base64.as_bytes(), &mut der).map_err(|_| KeyFault::Pem)?;
        Ok((Self { label, der }, text))
    }

    fn material(&self) -> Result<Material, KeyFault> {
        match self.label {
            "PUBLIC KEY" => spki(&self.der),
            "RSA PUBLIC KEY" => rsa_public(&self.der),
            "PRIVATE KEY" => pkcs8(&self.der),
            "RSA PRIVATE KEY" => rsa_private(&self.der),
            "EC PRIVATE KEY" => p256_private(EcdsaKeyPair::from_private_key_der(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                &self.der,
            )),
            label => Err(KeyFault::Unsupported(label.to_owned())),
        }
    }
}

/// `SubjectPublicKeyInfo` (RFC 5280).
fn spki(der: &[u8]) -> Result<Material, KeyFault> {
    let mut info = Reader::new(der).sequence().ok_or(KeyFault::Invalid)?;
    let mut algorithm = info.sequence().ok_or(KeyFault::Invalid)?;
    let kind = algorithm.read(OBJECT_ID).ok_or(KeyFault::Invalid)?;
    let key = info.bit_string().ok_or(KeyFault::Invalid)?;
    match (kind, algorithm.read(OBJECT_ID)) {
        (RSA, _) => rsa_public(key),
        (EC, Some(P256)) => p256_public(key),
        (ED25519, _) => Ok(Material::Ed25519 { x: key.to_vec(), private: None }),
        (EC, _) => Err(KeyFault::Unsupported("a curve other than P-256".to_owned())),
        _ => Err(KeyFault::Unsupported("the algorithm of this public key".to_owned())),
    }
}

/// `PrivateKeyInfo` (RFC 5208, RFC 5958).
fn pkcs8(der: &[u8]) -> Result<Material, KeyFault> {
    let mut info = Reader::new(der).sequence().ok_or(KeyFault::Invalid)?;
    info.unsigned().ok_or(KeyFault::Invalid)?;
    let mut algorithm = info.sequence().ok_or(KeyFault::Invalid)?;
    let kind = algorithm.read(OBJECT_ID).ok_or(KeyFault::Invalid)?;
    match (kind, algorithm.read(OBJECT_ID)) {
        (RSA, _) => rsa_private(info.read(OCTET_STRING).ok_or(KeyFault::Invalid)?),
        (EC, Some(P256)) => {
            p256_private(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der))
        }
        (ED25519, _) => ed25519_private(der),
        (EC, _) => Err(KeyFault::Unsupported("a curve other than P-256".to_owned())),
        _ => Err(KeyFault::Unsupported("the algorithm of this private key".to_owned())),
    }
}

/// `RSAPublicKey` (RFC 8017).
fn rsa_public(der: &[u8]) -> Result<Material, KeyFault> {
    let mut key = Reader::new(der).sequence().ok_or(KeyFault::Invalid)?;
    let (Some(n), Some(e)) = (key.unsigned(), key.unsigned()) else {
        return Err(KeyFault::Invalid);
    };
    Ok(Material::Rsa { n: n.to_vec(), e: e.to_vec(), private: None })
}

/// `RSAPrivateKey` (RFC 8017).
fn rsa_private(der: &[u8]) -> Result<Material, KeyFault> {
    let mut key = Reader::new(der).sequence().ok_or(KeyFault::Invalid)?;
    let (Some(_version), Some(n), Some(e)) = (key.unsigned(), key.unsigned(), key.unsigned())
    else {
        return Err(KeyFault::Invalid);
    };
    let private = Some(Zeroizing::new(der.to_vec()));
    Ok(Material::Rsa { n: n.to_vec(), e: e.to_vec(), private })
}

fn p256_private<E>(pair: Result<EcdsaKeyPair, E>) -> Result<Material, KeyFault> {
    let pair = pair.map_err(|_| KeyFault::Invalid)?;
    let point = pair.public_key().as_ref().to_vec();
    p256(&point, Some(pair))
}

fn p256_public(point: &[u8]) -> Result<Material, KeyFault> {
    p256(point, None)
}

/// A P-256 point as SEC 1 writes it, uncompressed.
fn p256(point: &[u8], private: Option<EcdsaKeyPair>) -> Result<Material, KeyFault> {
    let [4, coordinates @ ..] = point else {
        return Err(KeyFault::Unsupported("a compressed point".to_owned()));
    };
    let (x, y) = coordinates.split_at_checked(32).ok_or(KeyFault::Invalid)?;
    Ok(Material::P256 { x: x.to_vec(), y: y.to_vec(), private })
}

fn ed25519_private(der: &[u8]) -> Result<Material, KeyFault> {
    let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_| KeyFault::Invalid)?;
    Ok(Material::Ed25519 { x: pair.public_key().as_ref().to_vec(), private: Some(pair) })
}
