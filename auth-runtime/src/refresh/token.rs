//! The text of a refresh token: `rt_OWNER.FAMILY.SECRET.MAC`. In: its parts. Out: text; or text in,
//! and parts only if this service wrote it.
//!
//! Owner and family say where to look, and the secret, 256 random bits, is what counts. The MAC
//! lets a token be told from an invented one without asking the store: only a token that was
//! really issued can count as reuse, so nobody can end a family by guessing.

use aws_lc_rs::{digest, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    clock::Timestamp,
    random::{Random, RandomError, SystemRandom, token},
    secret::Secret,
    store::{Collection, Key, Owner, Store, StoreError},
};

/// What a refresh token begins with, so that secret scanners know it.
const PREFIX: &str = "rt_";
/// The bytes of a secret and of a MAC.
const SECRET_BYTES: usize = 32;
const MAC_BYTES: usize = 16;
/// The most bytes of a token: longer text is none.
const MAX_BYTES: usize = 512;

/// The parts of a token.
pub(super) struct Token {
    pub(super) owner: Owner,
    pub(super) family: String,
    secret: Zeroizing<Vec<u8>>,
}

impl Token {
    /// A new token of that family.
    pub(super) fn random(owner: Owner, family: String) -> Result<Self, RandomError> {
        let mut secret = Zeroizing::new(vec![0; SECRET_BYTES]);
        SystemRandom.fill(&mut secret)?;
        Ok(Self { owner, family, secret })
    }

    /// Another token of the same family.
    pub(super) fn sibling(&self, secret: Zeroizing<Vec<u8>>) -> Self {
        Self { owner: self.owner.clone(), family: self.family.clone(), secret }
    }

    pub(super) fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// SHA-256 of the secret, as a family keeps it.
    pub(super) fn hash(&self) -> String {
        let hash = digest::digest(&digest::SHA256, &self.secret);
        URL_SAFE_NO_PAD.encode(hash.as_ref())
    }

    pub(super) fn write(&self, server: &ServerSecret) -> Secret {
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(&*self.secret));
        let message =
            Zeroizing::new(format!("{}.{}.{}", self.owner.as_str(), self.family, *secret));
        let mac = URL_SAFE_NO_PAD.encode(server.mac(&message));
        Secret::from(format!("{PREFIX}{}.{mac}", *message))
    }

    /// The parts of a token that this service wrote.
    pub(super) fn read(text: &str, server: &ServerSecret) -> Option<Self> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let (message, mac) = text.strip_prefix(PREFIX)?.rsplit_once('.')?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        if !bool::from(server.mac(message).as_slice().ct_eq(&mac)) {
            return None;
        }
        let mut parts = message.split('.');
        let (owner, family, secret) = (parts.next()?, parts.next()?, parts.next()?);
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.decode(secret).ok()?);
        Some(Self { owner: Owner::new(owner)?, family: family.to_owned(), secret })
    }
}

/// 256 bits that every process of a service shares: made at the first start, kept in the store.
///
/// # Security
///
/// It opens nothing by itself. With it and a stolen copy of the store one still has no token: the
/// store holds hashes, and successors sealed under what the client alone has.
#[derive(Clone)]
pub struct ServerSecret(Zeroizing<Vec<u8>>);

impl ServerSecret {
    /// The secret of the services on that store.
    ///
    /// # Errors
    ///
    /// When the store or the source of randomness fails.
    pub async fn of(store: &dyn Store, now: Timestamp) -> Result<Self, StoreError> {
        let no_key = || StoreError::Damaged("the name of the server secret".to_owned());
        let owner = Owner::new("server").ok_or_else(no_key)?;
        let key = Key::new(Collection("server"), owner, "secret").ok_or_else(no_key)?;
        let random = |_| StoreError::Unavailable("there are no random bytes".to_owned());
        let made = Zeroizing::new(token(SECRET_BYTES).map_err(random)?);
        // Whoever is first decides; everybody reads what that one wrote.
        store.insert(&key, made.as_bytes(), None, now).await?;
        let record = store.get(&key, now).await?.ok_or_else(no_key)?;
        Ok(Self(Zeroizing::new(record.value)))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn mac(&self, message: &str) -> [u8; MAC_BYTES] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let tag = hmac::sign(&key, message.as_bytes());
        let mut mac = [0; MAC_BYTES];
        mac.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        mac
    }
}

impl std::fmt::Debug for ServerSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServerSecret(..)")
    }
}
