//! The value of a session's cookie: `OWNER.HANDLE.SECRET`. In: its parts. Out: text; or bytes that
//! anybody may have sent in, and parts out if they have the form.
//!
//! Owner and handle say where to look, and are no secrets. The secret, 256 random bits, is what
//! counts; the store has its hash alone.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    csrf::CsrfKey,
    random::{self, Random, RandomError, SystemRandom},
    secret::Secret,
    store::{Collection, Key, Owner},
};

/// Where sessions are kept.
pub(super) const COLLECTION: Collection = Collection("session");

/// The random bytes of a handle and of a secret.
const HANDLE_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;

/// The characters of 32 bytes in base64url: of a secret, and of its SHA-256.
const SECRET_CHARACTERS: usize = 43;
const HASH_CHARACTERS: usize = 43;

/// The most bytes of a value: an owner, a handle, 43 characters of secret and two dots. A longer
/// one is nobody's.
const MAX_BYTES: usize = 128 + 1 + 128 + 1 + SECRET_CHARACTERS;

/// The parts of a cookie's value.
pub(super) struct Token {
    /// Where its record is: whose it is, and the handle.
    pub(super) key: Key,
    pub(super) secret: Zeroizing<Vec<u8>>,
}

impl Token {
    /// A new one. Nobody has had its handle or secret before.
    pub(super) fn random(owner: Owner) -> Result<Self, RandomError> {
        let mut secret = Zeroizing::new(vec![0; SECRET_BYTES]);
        SystemRandom.fill(&mut secret)?;
        let id = random::token(HANDLE_BYTES)?;
        Ok(Self { key: Key { collection: COLLECTION, owner, id }, secret })
    }

    /// The parts of a value, if it has the form of one.
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        let text = str::from_utf8(value).ok().filter(|text| text.len() <= MAX_BYTES)?;
        let (place, secret) = text.split_at_checked(text.len().checked_sub(SECRET_CHARACTERS)?)?;
        // Neither names nor base64url have a dot, so there are two.
        let (owner, id) = place.strip_suffix('.')?.split_once('.')?;
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.decode(secret).ok()?);
        if secret.len() != SECRET_BYTES {
            return None;
        }
        Some(Self { key: Key::new(COLLECTION, Owner::new(owner)?, id)?, secret })
    }

    /// The value.
    pub(super) fn write(&self) -> Secret {
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(&*self.secret));
        Secret::from(format!("{}.{}.{}", self.key.owner.as_str(), self.key.id, *secret))
    }

    /// SHA-256 of the secret, as the record keeps it.
    pub(super) fn hash(&self) -> String {
        let hash = digest::digest(&digest::SHA256, &self.secret);
        URL_SAFE_NO_PAD.encode(hash.as_ref())
    }

    /// Whether that is the hash of its secret, in the same time whatever differs.
    pub(super) fn matches(&self, hash: &str) -> bool {
        let mut text = [0; HASH_CHARACTERS];
        let own = digest::digest(&digest::SHA256, &self.secret);
        // INVARIANT: it fits, to the character.
        let written = URL_SAFE_NO_PAD.encode_slice(own.as_ref(), &mut text);
        written.is_ok() && bool::from(text.ct_eq(hash.as_bytes()))
    }

    /// What the tokens against forged requests are made with.
    pub(super) fn csrf(&self) -> CsrfKey {
        CsrfKey::new(&self.secret)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token() -> Token {
        Token::random(Owner::new("ada").unwrap()).unwrap()
    }

    #[test]
    fn s1_a_value_leads_back_to_its_parts() {
        let token = token();
        let value = token.write();
        let read = Token::read(value.expose().as_bytes()).unwrap();
        assert_eq!((&read.key, read.hash()), (&token.key, token.hash()));
        assert!(read.matches(&token.hash()));
    }

    #[test]
    fn s1_handle_and_secret_cannot_be_guessed() {
        let (one, other) = (token(), token());
        assert_eq!((one.key.id.len(), one.secret.len()), (22, 32));
        assert_ne!(one.key.id, other.key.id);
        assert!(!one.matches(&other.hash()));
    }

    #[test]
    fn s1_the_hash_says_nothing_of_the_secret() {
        let token = token();
        let value = token.write();
        let secret = value.expose().rsplit('.').next().unwrap().to_owned();
        assert!(!token.matches(&secret));
        assert_ne!(token.hash(), secret);
    }

    #[test]
    fn s1_what_has_another_form_is_none() {
        let value = token().write().expose().to_owned();
        let (place, secret) = value.rsplit_once('.').unwrap();
        let short = secret.get(..42).unwrap();
        for value in [
            String::new(),
            "..".to_owned(),
            place.to_owned(),
            format!("{value}."),
            format!("{value}.{secret}"),
            format!("{place}.{short}"),
            format!("{place}.{secret}A"),
            format!("{place}.{short}="),
            format!("a}}b.x.{secret}"),
            format!("{}.{}.{secret}", "o".repeat(129), "h"),
            format!("{}.{}.{secret}", "o", "h".repeat(129)),
        ] {
            assert!(Token::read(value.as_bytes()).is_none(), "{value}");
        }
    }

    proptest! {
        #[test]
        fn s1_no_bytes_are_read_as_what_they_are_not(bytes: Vec<u8>) {
            if let Some(token) = Token::read(&bytes) {
                let written = token.write();
                prop_assert_eq!(written.expose().as_bytes(), &bytes[..]);
            }
        }

        #[test]
        fn s1_a_value_that_reads_is_the_one_that_was_written(
            owner in "[A-Za-z0-9_-]{1,20}", handle in "[A-Za-z0-9_.-]{0,20}", secret in "[A-Za-z0-9_=-]{42,44}",
        ) {
            let value = format!("{owner}.{handle}.{secret}");
            if let Some(token) = Token::read(value.as_bytes()) {
                let written = token.write();
                prop_assert_eq!(written.expose(), &value);
            }
        }
    }
}
