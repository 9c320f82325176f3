//! Why keys were refused. In: a fault and the key it is in. Out: a code, and a sentence that says
//! which key, what is wrong and what to do about it. Never a part of the key.

use std::{error::Error, fmt};

use auth_policy::settings::Algorithm;

/// Keys that cannot be used: a mistake of whoever set them up, found at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyError {
    key: Option<KeyName>,
    fault: KeyFault,
}

/// Which key of a set an error or a warning is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName {
    /// Its place in the set, from 1.
    pub position: usize,
    /// Its `kid`, if it has one.
    pub kid: Option<String>,
}

/// What can be wrong with keys.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFault {
    /// The text is longer than a key set can be.
    TooLong,
    /// The text is neither JSON nor PEM.
    NeitherJsonNorPem,
    /// The text is not a JWK or a JWK set.
    Json {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// A JSON object names a member twice.
    DuplicateMember,
    /// There is no key in it.
    Empty,
    /// There are more keys than a set may hold.
    TooMany,
    /// A member the key type requires is missing.
    Missing(&'static str),
    /// A member is not unpadded base64url, or not of the right length.
    Malformed(&'static str),
    /// A key type, curve or PEM block that no supported algorithm uses.
    Unsupported(String),
    /// `alg` names an algorithm that is not supported.
    UnknownAlgorithm(String),
    /// `alg` and the key type disagree.
    AlgorithmDisagrees(Algorithm),
    /// An RSA key without `alg`, where more than one algorithm would do.
    AlgorithmAmbiguous,
    /// The key's algorithm is not among those the policy accepts of this issuer.
    AlgorithmNotListed(Algorithm),
    /// `use` or `key_ops` say that it is for something else than signatures.
    NotForSignatures,
    /// An HMAC secret of fewer than 256 bits.
    ShortSecret {
        /// How many it has.
        bits: usize,
    },
    /// An HMAC secret out of a tutorial, or one that repeats itself.
    Placeholder,
    /// An HMAC secret that is the text or the bytes of a public key.
    PublicAsSecret,
    /// An RSA modulus of fewer than 2048 bits.
    RsaTooSmall {
        /// How many it has.
        bits: usize,
    },
    /// An RSA modulus of more than 8192 bits.
    RsaTooLarge {
        /// How many it has.
        bits: usize,
    },
    /// The numbers are no key of that type.
    Invalid,
    /// The private half belongs to another public half.
    PrivateMismatch,
    /// A `kid` that is empty or too long.
    BadKid,
    /// Two keys have the same `kid`.
    DuplicateKid,
    /// The same key is in the set twice.
    DuplicateKey,
    /// No key can sign with the issuer's first algorithm.
    NoSigningKey(Algorithm),
    /// A private or shared key of somebody else's issuer.
    ForeignSecret,
    /// A PEM block is cut off or not base64.
    Pem,
    /// A private key under a passphrase.
    Encrypted,
    /// The cryptographic library would not make a key.
    Generation,
}

impl KeyError {
    pub(super) const fn of_set(fault: KeyFault) -> Self {
        Self { key: None, fault }
    }

    pub(super) const fn of_key(key: KeyName, fault: KeyFault) -> Self {
        Self { key: Some(key), fault }
    }

    /// The key it is about; none where it is about the set.
    pub const fn key(&self) -> Option<&KeyName> {
        self.key.as_ref()
    }

    /// What is wrong.
    pub const fn fault(&self) -> &KeyFault {
        &self.fault
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(key) = &self.key {
            write!(f, "{key}: ")?;
        }
        self.fault.fmt(f)
    }
}

impl Error for KeyError {}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {}", self.position)?;
        match &self.kid {
            // Escaped, because a `kid` may hold anything and this goes to a log.
            Some(kid) => write!(f, " (kid `{}`)", kid.escape_debug()),
            None => Ok(()),
        }
    }
}

impl KeyFault {
    /// A stable name for programs and documentation.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "key-set-too-long",
            Self::NeitherJsonNorPem => "key-set-neither-json-nor-pem",
            Self::Json { .. } => "key-set-json",
            Self::DuplicateMember => "key-duplicate-member",
            Self::Empty => "key-set-empty",
            Self::TooMany => "key-set-too-many",
            Self::Missing(_) => "key-member-missing",
            Self::Malformed(_) => "key-member-malformed",
            Self::Unsupported(_) => "key-unsupported",
            Self::UnknownAlgorithm(_) => "key-algorithm-unknown",
            Self::AlgorithmDisagrees(_) => "key-algorithm-disagrees",
            Self::AlgorithmAmbiguous => "key-algorithm-ambiguous",
            Self::AlgorithmNotListed(_) => "key-algorithm-not-listed",
            Self::NotForSignatures => "key-not-for-signatures",
            Self::ShortSecret { .. } => "key-secret-short",
            Self::Placeholder => "key-secret-placeholder",
            Self::PublicAsSecret => "key-secret-public",
            Self::RsaTooSmall { .. } => "key-rsa-too-small",
            Self::RsaTooLarge { .. } => "key-rsa-too-large",
            Self::Invalid => "key-invalid",
            Self::PrivateMismatch => "key-private-mismatch",
            Self::BadKid => "key-kid-malformed",
            Self::DuplicateKid => "key-kid-duplicate",
            Self::DuplicateKey => "key-duplicate",
            Self::NoSigningKey(_) => "key-none-signs",
            Self::ForeignSecret => "key-foreign-secret",
            Self::Pem => "key-pem-malformed",
            Self::Encrypted => "key-encrypted",
            Self::Generation => "key-generation",
        }
    }
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("the key set is longer than 1 MiB; is it the right file?"),
            Self::NeitherJsonNorPem => f.write_str(
                "the keys are neither a JWK set (`{\"keys\": [..]}`) nor PEM (`-----BEGIN ..`); \
                 `cargo auth keys generate` makes a set",
            ),
            Self::Json { line, column } => write!(
                f,
                "line {line}, column {column} is not as a JWK or a JWK set (RFC 7517) has it"
            ),
            Self::DuplicateMember => {
                f.write_str("an object names a member twice; which one counts is anybody's guess")
            }
            Self::Empty => f.write_str("there is no key that can be used in the set"),
            Self::TooMany => f.write_str("more than 100 keys in one set; retire the old ones"),
            Self::Missing(member) => write!(f, "`{member}` is missing"),
            Self::Malformed(member) => {
                write!(f, "`{member}` is not unpadded base64url of the length its key type has")
            }
            Self::Unsupported(what) => write!(
                f,
                "`{}` belongs to no supported algorithm; use Ed25519, P-256, RSA or `oct` keys",
                what.escape_debug()
            ),
            Self::UnknownAlgorithm(name) => write!(
                f,
                "`alg` is `{}`; supported are HS256, RS256, PS256, ES256 and EdDSA",
                name.escape_debug()
            ),
            Self::AlgorithmDisagrees(algorithm) => {
                write!(f, "its type is none that {} uses", algorithm.name())
            }
            Self::AlgorithmAmbiguous => {
                f.write_str("it could serve RS256 and PS256; add `\"alg\"` to say which one")
            }
            Self::AlgorithmNotListed(algorithm) => write!(
                f,
                "it is for {}, which the policy does not list under `algorithms` of this issuer",
                algorithm.name()
            ),
            Self::NotForSignatures => {
                f.write_str("`use` or `key_ops` say that it is not for signatures; remove it")
            }
            Self::ShortSecret { bits } => write!(
                f,
                "its secret has {bits} bits, HS256 needs 256 from a random generator; \
                 `cargo auth keys generate` makes one"
            ),
            Self::Placeholder => f.write_str(
                "its secret is a placeholder that anybody can guess; \
                 `cargo auth keys generate` makes a random one",
            ),
            Self::PublicAsSecret => f.write_str(
                "its secret is a public key, which everybody has; give that key its own type",
            ),
            Self::RsaTooSmall { bits } => {
                write!(f, "its RSA modulus has {bits} bits, below 2048; make a new key")
            }
            Self::RsaTooLarge { bits } => {
                write!(f, "its RSA modulus has {bits} bits; above 8192 a signature costs too much")
            }
            Self::Invalid => f.write_str("its numbers are not a key of its type"),
            Self::PrivateMismatch => {
                f.write_str("its private members do not belong to its public ones")
            }
            Self::BadKid => f.write_str("its `kid` is empty or longer than 256 bytes"),
            Self::DuplicateKid => {
                f.write_str("another key has the same `kid`, so neither can be told by it")
            }
            Self::DuplicateKey => f.write_str(
                "the same key is listed twice; one key serves one algorithm under one `kid`",
            ),
            Self::NoSigningKey(algorithm) => write!(
                f,
                "no key can sign with {}, the first of `algorithms`; the private key is missing",
                algorithm.name()
            ),
            Self::ForeignSecret => f.write_str(
                "it is a private or shared key; of somebody else's issuer take only public ones",
            ),
            Self::Pem => f.write_str(
                "a PEM block is cut off or not base64; line breaks must be real ones, not `\\n`",
            ),
            Self::Encrypted => f.write_str(
                "the private key is encrypted; `openssl pkey -in key.pem` prints it decrypted",
            ),
            Self::Generation => f.write_str("the cryptographic library could not make a key"),
        }
    }
}
