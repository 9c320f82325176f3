//! New signing keys. In: an algorithm. Out: a private JWK set as text, to be put where the policy
//! says the keys are.

use auth_policy::settings::Algorithm;
use aws_lc_rs::{
    encoding::{AsBigEndian, AsDer, Curve25519SeedBin, EcPrivateKeyBin, Pkcs8V1Der},
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::{
    der::{OCTET_STRING, Reader, SEQUENCE},
    key::Public,
    key_error::KeyFault,
    thumbprint,
};
use crate::{
    random::{Random, SystemRandom},
    secret::Secret,
};

/// A private key of its own for one algorithm: 256 random bits for HS256, a modulus of 3072 bits
/// for RSA. Its `kid` is the RFC 7638 thumbprint; of a symmetric key a random name, because a hash
/// of a secret does not belong in a token's header.
pub(super) fn jwk_set(algorithm: Algorithm) -> Result<Secret, KeyFault> {
    let members = match algorithm {
        Algorithm::HS256 => symmetric(),
        Algorithm::RS256 | Algorithm::PS256 => rsa(),
        Algorithm::ES256 => p256(),
        Algorithm::EdDSA => ed25519(),
    }?;
    let (name, members) = (algorithm.name(), members.as_str());
    Ok(Secret::from(format!(r#"{{"keys":[{{{members},"alg":"{name}","use":"sig"}}]}}"#)))
}

/// The members of a JWK, without the braces.
type Members = Result<Zeroizing<String>, KeyFault>;

fn symmetric() -> Members {
    let (mut secret, mut name) = (Zeroizing::new([0; 32]), [0; 16]);
    SystemRandom.fill(secret.as_mut()).map_err(|_| KeyFault::Generation)?;
    SystemRandom.fill(&mut name).map_err(|_| KeyFault::Generation)?;
    let (k, kid) = (encode(secret.as_ref()), URL_SAFE_NO_PAD.encode(name));
    Ok(Zeroizing::new(format!(r#""kty":"oct","kid":"{kid}","k":"{}""#, *k)))
}

fn p256() -> Members {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
        .map_err(|_| KeyFault::Generation)?;
    let d: EcPrivateKeyBin<'_> =
        pair.private_key().as_be_bytes().map_err(|_| KeyFault::Generation)?;
    let [4, coordinates @ ..] = pair.public_key().as_ref() else {
        return Err(KeyFault::Generation);
    };
    let (x, y) = coordinates.split_at_checked(32).ok_or(KeyFault::Generation)?;
    let kid = kid(&Public::P256 { x: x.to_vec(), y: y.to_vec() });
    Ok(Zeroizing::new(format!(
        r#""kty":"EC","crv":"P-256","kid":"{kid}","x":"{}","y":"{}","d":"{}""#,
        *encode(x),
        *encode(y),
        *encode(d.as_ref()),
    )))
}

fn ed25519() -> Members {
    let pair = Ed25519KeyPair::generate().map_err(|_| KeyFault::Generation)?;
    let seed = pair.seed().map_err(|_| KeyFault::Generation)?;
    let d: Curve25519SeedBin<'_> = seed.as_be_bytes().map_err(|_| KeyFault::Generation)?;
    let x = pair.public_key().as_ref();
    let kid = kid(&Public::Ed25519 { x: x.to_vec() });
    Ok(Zeroizing::new(format!(
        r#""kty":"OKP","crv":"Ed25519","kid":"{kid}","x":"{}","d":"{}""#,
        *encode(x),
        *encode(d.as_ref()),
    )))
}

fn rsa() -> Members {
    let pair = RsaKeyPair::generate(KeySize::Rsa3072).map_err(|_| KeyFault::Generation)?;
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyFault::Generation)?;
    rsa_members(pkcs8.as_ref()).ok_or(KeyFault::Generation)
}

/// The numbers of an RSA key in PKCS#8: version, algorithm, and PKCS#1 in an octet string.
fn rsa_members(pkcs8: &[u8]) -> Option<Zeroizing<String>> {
    let mut info = Reader::new(pkcs8).sequence()?;
    info.unsigned()?;
    info.read(SEQUENCE)?;
    let mut key = Reader::new(info.read(OCTET_STRING)?).sequence()?;
    key.unsigned()?;
    let (n, e) = (key.unsigned()?, key.unsigned()?);
    let kid = kid(&Public::Rsa { n: n.to_vec(), e: e.to_vec() });
    // Room for all of it at once, so that no copy is left behind by a reallocation.
    let mut members = Zeroizing::new(String::with_capacity(8 * 1024));
    members.push_str(&format!(
        r#""kty":"RSA","kid":"{kid}","n":"{}","e":"{}""#,
        *encode(n),
        *encode(e)
    ));
    for name in ["d", "p", "q", "dp", "dq", "qi"] {
        let number = encode(key.unsigned()?);
        [",\"", name, "\":\"", &number, "\""].iter().for_each(|part| members.push_str(part));
    }
    Some(members)
}

fn kid(public: &Public) -> String {
    thumbprint::text(&thumbprint::of_public(public))
}

fn encode(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes))
}
