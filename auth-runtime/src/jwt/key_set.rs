//! The keys of one issuer. In: a JWK set or PEM. Out: a [`KeySet`] whose every key was judged,
//! found by `kid` or by being the only one of its algorithm.

use std::collections::{HashMap, HashSet};

use auth_policy::settings::Algorithm;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    json::{self, Duplicate},
    jwk::{self, Jwk},
    key::{Key, Material},
    key_error::{KeyError, KeyFault, KeyName},
    pem,
};

/// The most keys one set may hold.
pub const MAX_KEYS: usize = 100;
/// The longest text of a set, in bytes: a hundred of the largest RSA keys fit.
pub const MAX_KEY_SET_BYTES: usize = 1024 * 1024;

/// The keys of one issuer: verifies by `kid`, and signs with the first one that can.
///
/// # Security
///
/// One key serves one algorithm (RFC 8725), so neither `alg` in a token's header nor anything
/// else in it can turn a public key into an HMAC secret. Keys are found by `kid` in a map: a
/// hostile `kid` finds nothing, and is used for nothing else.
///
/// # Example
///
/// ```
/// use auth_policy::settings::Algorithm;
/// use auth_runtime::jwt::KeySet;
///
/// let text = KeySet::generate(Algorithm::EdDSA)?;
/// let keys = KeySet::parse(text.expose(), &[Algorithm::EdDSA])?;
/// keys.check(&[Algorithm::EdDSA])?;
/// assert!(keys.public_jwk_set().to_string().find("\"d\"").is_none());
/// # Ok::<(), auth_runtime::jwt::KeyError>(())
/// ```
#[derive(Debug)]
pub struct KeySet {
    keys: Vec<Key>,
    by_kid: HashMap<Box<str>, usize>,
}

impl KeySet {
    /// Reads a JWK set or PEM, whichever it is. A key that does not name its algorithm is for the
    /// only one on the list that suits it; of PEM, which cannot name one, RSA keys are for the
    /// first RSA algorithm on the list.
    ///
    /// # Errors
    ///
    /// When the text is neither, or a key in it is not fit for use. The error names the key.
    pub fn parse(text: &str, algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        if is_json(text) {
            Self::read_jwk_set(text, algorithms)
        } else if pem::is_pem(text) {
            Self::read_pem(text, algorithms)
        } else {
            Err(KeyError::of_set(KeyFault::NeitherJsonNorPem))
        }
    }

    /// Reads a JWK set, or a single JWK (RFC 7517): public, private and symmetric keys.
    ///
    /// # Errors
    ///
    /// When the text is not a JWK set, or a key in it is not fit for use.
    pub fn from_jwk_set(text: &str) -> Result<Self, KeyError> {
        Self::read_jwk_set(text, &Algorithm::ALL)
    }

    /// Reads PEM, public or private, one or more blocks, all for one algorithm.
    ///
    /// # Errors
    ///
    /// When the text is not PEM, or a key in it is not one of that algorithm.
    pub fn from_pem(text: &str, algorithm: Algorithm) -> Result<Self, KeyError> {
        Self::read_pem(text, &[algorithm])
    }

    /// Reads the keys that somebody else's issuer publishes. Keys of a JWK set that are of no use
    /// here (of other types, for encryption, of algorithms that are not listed) are left out, as
    /// RFC 7517 asks; PEM is read as [`parse`](Self::parse) reads it.
    ///
    /// # Errors
    ///
    /// When the text is neither, when a key in it is private or symmetric, or when none is left;
    /// then the error says why the last one was of no use.
    pub fn published(text: &str, algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        let refuse = |jwk: &Jwk| jwk.is_secret().then_some(KeyFault::ForeignSecret);
        let keys = Self::read_useful(text, algorithms, refuse)?;
        keys.refuse_secrets()?;
        Ok(keys)
    }

    /// Reads the keys that serve one of these algorithms, private and symmetric ones among them:
    /// for a tool that is handed a set by its owner. The others of a JWK set are left out, as RFC
    /// 7517 asks; PEM is read as [`parse`](Self::parse) reads it.
    ///
    /// # Errors
    ///
    /// When the text is neither, or no key is left; then the error says why the last one was of no
    /// use.
    pub fn serving(text: &str, algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        Self::read_useful(text, algorithms, |_| None)
    }

    /// The keys of a set that are of use, unless one of them is refused.
    fn read_useful(
        text: &str,
        algorithms: &[Algorithm],
        refuse: impl Fn(&Jwk) -> Option<KeyFault>,
    ) -> Result<Self, KeyError> {
        if !is_json(text) {
            return Self::parse(text, algorithms);
        }
        let mut of_no_use = KeyError::of_set(KeyFault::Empty);
        let mut keys = Vec::new();
        for (position, jwk) in (1..).zip(read::<Value>(text)?) {
            let Ok(jwk) = serde_json::from_value::<Jwk>(jwk) else { continue };
            let name = KeyName { position, kid: jwk.kid.clone() };
            if let Some(fault) = refuse(&jwk) {
                return Err(KeyError::of_key(name, fault));
            }
            match jwk.into_key(algorithms).and_then(|key| listed(key, algorithms)) {
                Ok(key) => keys.push(key),
                Err(fault) => of_no_use = KeyError::of_key(name, fault),
            }
        }
        if keys.is_empty() { Err(of_no_use) } else { Self::of(keys) }
    }

    /// A new private key for the algorithm, as the text of a JWK set.
    ///
    /// # Errors
    ///
    /// When the cryptographic library cannot make one.
    pub fn generate(algorithm: Algorithm) -> Result<crate::secret::Secret, KeyError> {
        super::generate::jwk_set(algorithm).map_err(KeyError::of_set)
    }

    /// Holds the keys against the algorithms the policy lists for their issuer.
    ///
    /// # Errors
    ///
    /// When a key is for an algorithm that is not listed.
    pub fn check(&self, algorithms: &[Algorithm]) -> Result<(), KeyError> {
        for (key, position) in self.keys.iter().zip(1..) {
            if !algorithms.contains(&key.algorithm()) {
                let fault = KeyFault::AlgorithmNotListed(key.algorithm());
                return Err(KeyError::of_key(key.name(position), fault));
            }
        }
        Ok(())
    }

    /// Which keys are accepted, but ought to be replaced: RSA below 3072 bits.
    pub fn warnings(&self) -> impl Iterator<Item = KeyName> + '_ {
        let short = self.keys.iter().zip(1..).filter(|(key, _)| key.is_short_rsa());
        short.map(|(key, position)| key.name(position))
    }

    /// The keys in their order.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The public keys as the JWK set that is published (M04): never a private or shared member.
    pub fn public_jwk_set(&self) -> Value {
        let keys: Vec<Value> = self.keys.iter().filter_map(jwk::published).collect();
        json!({ "keys": keys })
    }

    /// The first key that can sign with the algorithm.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn signing_key(&self, algorithm: Algorithm) -> Result<&Key, KeyError> {
        let signs = |key: &&Key| key.algorithm() == algorithm && key.can_sign();
        let none = KeyError::of_set(KeyFault::NoSigningKey(algorithm));
        self.keys.iter().find(signs).ok_or(none)
    }

    /// The same for the keys of somebody else's issuer, none of which can be private or symmetric.
    pub(super) fn check_foreign(&self, algorithms: &[Algorithm]) -> Result<(), KeyError> {
        self.refuse_secrets()?;
        self.check(algorithms)
    }

    fn refuse_secrets(&self) -> Result<(), KeyError> {
        match self.keys.iter().zip(1..).find(|(key, _)| key.can_sign()) {
            Some((key, position)) => {
                Err(KeyError::of_key(key.name(position), KeyFault::ForeignSecret))
            }
            None => Ok(()),
        }
    }

    /// The place of the key of that name.
    pub(super) fn by_kid(&self, kid: &str) -> Option<usize> {
        self.by_kid.get(kid).copied()
    }

    /// The place of the only key of that algorithm; none if there are more.
    pub(super) fn sole(&self, algorithm: Algorithm) -> Option<usize> {
        let mut all = self.keys.iter().zip(0..).filter(|(key, _)| key.algorithm() == algorithm);
        match (all.next(), all.next()) {
            (Some((_, place)), None) => Some(place),
            _ => None,
        }
    }

    pub(super) fn get(&self, place: usize) -> Option<&Key> {
        self.keys.get(place)
    }

    fn read_jwk_set(text: &str, algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        for (position, jwk) in (1..).zip(read::<Jwk>(text)?) {
            let name = KeyName { position, kid: jwk.kid.clone() };
            let key = jwk.into_key(algorithms);
            keys.push(key.map_err(|fault| KeyError::of_key(name, fault))?);
        }
        Self::of(keys)
    }

    fn read_pem(text: &str, algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        refuse_length(text)?;
        let mut keys = Vec::new();
        let materials = pem::read(text).map_err(KeyError::of_set)?;
        for (position, material) in (1..).zip(materials) {
            let key = material.and_then(|material| from_pem_block(material, algorithms));
            let name = KeyName { position, kid: None };
            keys.push(key.map_err(|fault| KeyError::of_key(name, fault))?);
        }
        Self::of(keys)
    }

    /// No keys: of an issuer whose keys are yet to be fetched.
    pub(super) fn none() -> Self {
        Self { keys: Vec::new(), by_kid: HashMap::new() }
    }

    /// INVARIANT: the only way to make a set with keys; no `kid` and no key is in it twice.
    fn of(keys: Vec<Key>) -> Result<Self, KeyError> {
        match keys.len() {
            0 => return Err(KeyError::of_set(KeyFault::Empty)),
            1..=MAX_KEYS => {}
            _ => return Err(KeyError::of_set(KeyFault::TooMany)),
        }
        let mut by_kid = HashMap::new();
        let mut identities = HashSet::new();
        for (place, key) in keys.iter().enumerate() {
            if !identities.insert(*key.identity()) {
                return Err(KeyError::of_key(key.name(place + 1), KeyFault::DuplicateKey));
            }
            let Some(kid) = key.kid() else { continue };
            if by_kid.insert(kid.into(), place).is_some() {
                return Err(KeyError::of_key(key.name(place + 1), KeyFault::DuplicateKid));
            }
        }
        Ok(Self { keys, by_kid })
    }
}

/// A JWK set; without `keys` it may be a JWK by itself.
#[derive(Deserialize)]
struct Set<T> {
    keys: Option<Vec<T>>,
}

/// The keys in JSON of bounded length, in which no member is named twice.
fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Result<Vec<T>, KeyError> {
    refuse_length(text)?;
    let duplicate = Duplicate::default();
    let sound = json::refuse_duplicates(text, &duplicate);
    if duplicate.was_found() {
        return Err(KeyError::of_set(KeyFault::DuplicateMember));
    }
    // SECURITY: the place alone is kept; serde's own message may quote the key.
    let place = |error: serde_json::Error| {
        KeyError::of_set(KeyFault::Json { line: error.line(), column: error.column() })
    };
    sound.map_err(place)?;
    match serde_json::from_str::<Set<T>>(text).map_err(place)?.keys {
        Some(keys) if keys.len() > MAX_KEYS => Err(KeyError::of_set(KeyFault::TooMany)),
        Some(keys) => Ok(keys),
        None => Ok(vec![serde_json::from_str(text).map_err(place)?]),
    }
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

fn refuse_length(text: &str) -> Result<(), KeyError> {
    if text.len() > MAX_KEY_SET_BYTES {
        return Err(KeyError::of_set(KeyFault::TooLong));
    }
    Ok(())
}

fn from_pem_block(material: Material, algorithms: &[Algorithm]) -> Result<Key, KeyFault> {
    let first = algorithms.iter().copied().find(|algorithm| material.suits(*algorithm));
    let algorithm = match first {
        Some(algorithm) => algorithm,
        None => jwk::infer(&material, algorithms)?,
    };
    Key::new(material, algorithm, None)
}

fn listed(key: Key, algorithms: &[Algorithm]) -> Result<Key, KeyFault> {
    if algorithms.contains(&key.algorithm()) {
        Ok(key)
    } else {
        Err(KeyFault::AlgorithmNotListed(key.algorithm()))
    }
}
