//! JSON Web Keys (RFC 7517, 7518, 8037). In: one JWK, public, private or symmetric. Out: a
//! [`Key`]; and back again, the public half as a JWK.

use auth_policy::settings::Algorithm;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    der,
    key::{Key, Material, Public},
    key_error::KeyFault,
};
use crate::secret::Secret;

/// The members of a JWK that count here; RFC 7517 has others ignored.
#[derive(Deserialize)]
pub(super) struct Jwk {
    kty: Option<String>,
    alg: Option<String>,
    pub(super) kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    k: Option<Secret>,
    d: Option<Secret>,
    p: Option<Secret>,
    q: Option<Secret>,
    dp: Option<Secret>,
    dq: Option<Secret>,
    qi: Option<Secret>,
    /// Further primes, which nothing here can use.
    oth: Option<serde::de::IgnoredAny>,
}

impl Jwk {
    /// The key this says, for the algorithm it names or the only one on the list that suits it.
    pub(super) fn into_key(self, algorithms: &[Algorithm]) -> Result<Key, KeyFault> {
        let verify_only = self.refuse_other_purposes()?;
        let named = self.algorithm()?;
        let material = self.material()?;
        let algorithm = match named {
            Some(algorithm) => algorithm,
            None => infer(&material, algorithms)?,
        };
        let mut key = Key::new(material, algorithm, self.kid)?;
        if verify_only {
            key.verify_only();
        }
        Ok(key)
    }

    /// Whether it holds something that must stay with its owner.
    pub(super) const fn is_secret(&self) -> bool {
        self.k.is_some() || self.d.is_some()
    }

    /// Whether `use` and `key_ops` allow signatures; true if they allow verifying alone.
    fn refuse_other_purposes(&self) -> Result<bool, KeyFault> {
        if self.purpose.as_ref().is_some_and(|purpose| purpose != "sig") {
            return Err(KeyFault::NotForSignatures);
        }
        let Some(operations) = &self.key_ops else { return Ok(false) };
        let may = |wanted: &str| operations.iter().any(|operation| operation == wanted);
        match (may("sign"), may("verify")) {
            (true, _) => Ok(false),
            (false, true) => Ok(true),
            (false, false) => Err(KeyFault::NotForSignatures),
        }
    }

    fn algorithm(&self) -> Result<Option<Algorithm>, KeyFault> {
        let Some(name) = &self.alg else { return Ok(None) };
        match Algorithm::from_name(name) {
            Some(algorithm) => Ok(Some(algorithm)),
            // RFC 9864 names the curve; the key is the same.
            None if name == "Ed25519" => Ok(Some(Algorithm::EdDSA)),
            None => Err(KeyFault::UnknownAlgorithm(name.clone())),
        }
    }

    fn material(&self) -> Result<Material, KeyFault> {
        let kty = self.kty.as_deref().ok_or(KeyFault::Missing("kty"))?;
        match (kty, self.crv.as_deref()) {
            ("oct", _) => Ok(Material::Secret(secret("k", self.k.as_ref())?)),
            ("RSA", _) => self.rsa(),
            ("EC", Some("P-256")) => self.p256(),
            ("OKP", Some("Ed25519")) => self.ed25519(),
            ("EC" | "OKP", None) => Err(KeyFault::Missing("crv")),
            ("EC" | "OKP", Some(curve)) => Err(KeyFault::Unsupported(curve.to_owned())),
            (kty, _) => Err(KeyFault::Unsupported(kty.to_owned())),
        }
    }

    fn rsa(&self) -> Result<Material, KeyFault> {
        let n = number("n", self.n.as_deref())?;
        let e = number("e", self.e.as_deref())?;
        let private = match &self.d {
            Some(_) => Some(self.pkcs1(&n, &e)?),
            None => None,
        };
        Ok(Material::Rsa { n, e, private })
    }

    /// The private key as PKCS#1. All its numbers must be there: RFC 7518 allows `d` alone, but
    /// then the primes would have to be searched for.
    fn pkcs1(&self, n: &[u8], e: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
        if self.oth.is_some() {
            return Err(KeyFault::Unsupported("oth".to_owned()));
        }
        let d = secret("d", self.d.as_ref())?;
        let p = secret("p", self.p.as_ref())?;
        let q = secret("q", self.q.as_ref())?;
        let dp = secret("dp", self.dp.as_ref())?;
        let dq = secret("dq", self.dq.as_ref())?;
        let qi = secret("qi", self.qi.as_ref())?;
        Ok(der::integers(&[&[], n, e, &d, &p, &q, &dp, &dq, &qi]))
    }

    fn p256(&self) -> Result<Material, KeyFault> {
        let x = fixed("x", self.x.as_deref())?;
        let y = fixed("y", self.y.as_deref())?;
        let private = match &self.d {
            Some(d) => Some(p256_pair(&secret("d", Some(d))?, &x, &y)?),
            None => None,
        };
        Ok(Material::P256 { x, y, private })
    }

    fn ed25519(&self) -> Result<Material, KeyFault> {
        let x = fixed("x", self.x.as_deref())?;
        let private = match &self.d {
            Some(d) => Some(ed25519_pair(&secret("d", Some(d))?, &x)?),
            None => None,
        };
        Ok(Material::Ed25519 { x, private })
    }
}

/// The public half of a key as the JWK that is published; nothing for a symmetric key.
pub(super) fn published(key: &Key) -> Option<Value> {
    let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let mut jwk = match key.public()? {
        Public::Rsa { n, e } => json!({ "kty": "RSA", "n": b64(n), "e": b64(e) }),
        Public::P256 { x, y } => json!({ "kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y) }),
        Public::Ed25519 { x } => json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(x) }),
    };
    let members = jwk.as_object_mut()?;
    members.insert("alg".to_owned(), key.algorithm().name().into());
    members.insert("use".to_owned(), "sig".into());
    if let Some(kid) = key.kid() {
        members.insert("kid".to_owned(), kid.into());
    }
    Some(jwk)
}

/// The one algorithm a key without `alg` can be for (J04: one key, one algorithm).
pub(super) fn infer(material: &Material, algorithms: &[Algorithm]) -> Result<Algorithm, KeyFault> {
    let suits = |algorithm: &&Algorithm| material.suits(**algorithm);
    let mut listed = algorithms.iter().filter(suits);
    match (listed.next(), listed.next()) {
        (Some(only), None) => Ok(*only),
        (Some(_), Some(_)) => Err(KeyFault::AlgorithmAmbiguous),
        // None on the list: say which one, so that the check of the list names it.
        (None, _) => Algorithm::ALL.iter().find(suits).copied().ok_or(KeyFault::Invalid),
    }
}

fn p256_pair(d: &[u8], x: &[u8], y: &[u8]) -> Result<EcdsaKeyPair, KeyFault> {
    if d.len() != 32 {
        return Err(KeyFault::Malformed("d"));
    }
    let point = [&[4], x, y].concat();
    EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, d, &point)
        .map_err(|_| KeyFault::PrivateMismatch)
}

fn ed25519_pair(d: &[u8], x: &[u8]) -> Result<Ed25519KeyPair, KeyFault> {
    if d.len() != 32 {
        return Err(KeyFault::Malformed("d"));
    }
    Ed25519KeyPair::from_seed_and_public_key(d, x).map_err(|_| KeyFault::PrivateMismatch)
}

/// A public number, without the leading zeros some tools write.
fn number(member: &'static str, text: Option<&str>) -> Result<Vec<u8>, KeyFault> {
    let bytes = decode(member, text)?;
    match der::magnitude(&bytes) {
        [] => Err(KeyFault::Malformed(member)),
        number => Ok(number.to_vec()),
    }
}

/// A public coordinate of 32 bytes.
fn fixed(member: &'static str, text: Option<&str>) -> Result<Vec<u8>, KeyFault> {
    let bytes = decode(member, text)?;
    if bytes.len() == 32 { Ok(bytes.to_vec()) } else { Err(KeyFault::Malformed(member)) }
}

fn secret(member: &'static str, text: Option<&Secret>) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
    // SECURITY: exposed to be decoded into a buffer that is wiped as well.
    decode(member, text.map(Secret::expose))
}

fn decode(member: &'static str, text: Option<&str>) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
    let text = text.ok_or(KeyFault::Missing(member))?;
    // Room for all of it at once, so that no copy is left behind by a reallocation.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    match URL_SAFE_NO_PAD.decode_vec(text, &mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(KeyFault::Malformed(member)),
    }
}
