//! A forgotten password. In: an account. Out: a token that sets a new password once, soon, and only
//! for whoever reads the account's messages.

use std::{error::Error, fmt, future::Future, pin::Pin, sync::Arc};

use auth_policy::settings::Seconds;
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::{
    account::Account,
    clock::Timestamp,
    random::{self, RandomError},
    secret::Secret,
    store::{Collection, Key, Owner, Record, Store, StoreError},
};

const COLLECTION: Collection = Collection("reset");
/// What a token begins with, so that secret scanners know it.
const PREFIX: &str = "pr_";
const SECRET_BYTES: usize = 32;
/// The most bytes of a token: longer text is none.
const MAX_BYTES: usize = 256;

/// Tells people what they need to know outside of the service: by mail, as a rule.
pub trait Notifier: fmt::Debug + Send + Sync + 'static {
    /// Sends the token with which the account's owner sets a new password.
    ///
    /// # Errors
    ///
    /// When the message could not be handed on. The caller of the service is not told.
    ///
    /// # Security
    ///
    /// Whoever has the token has the account. It goes to an address that was verified, and into no
    /// log.
    fn password_reset<'a>(
        &'a self,
        account: &'a Account,
        token: &'a Secret,
    ) -> Pin<Box<dyn Future<Output = Result<(), NotifyError>> + Send + 'a>>;
}

/// A message that could not be handed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyError(pub String);

impl fmt::Display for NotifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a message could not be sent: {}", self.0)
    }
}

impl Error for NotifyError {}

/// The password resets under way.
#[derive(Clone, Debug)]
pub struct PasswordResets {
    store: Arc<dyn Store>,
    lifetime: Seconds,
}

impl PasswordResets {
    /// How long a token works: 30 minutes.
    pub const LIFETIME: Seconds = Seconds(30 * 60);

    /// The resets in that store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, lifetime: Self::LIFETIME }
    }

    /// Makes a token for an account; one that was made before works no more.
    ///
    /// # Errors
    ///
    /// When the store or the source of randomness fails.
    pub async fn begin(&self, account: &Account, now: Timestamp) -> Result<Secret, ResetError> {
        let owner = account.owner().ok_or(ResetError::Invalid)?;
        self.store.delete_owned(COLLECTION, &owner, now).await?;
        let secret = Zeroizing::new(random::token(SECRET_BYTES)?);
        let key = key(&owner, &secret).ok_or(ResetError::Invalid)?;
        let until = Some(now.plus(self.lifetime));
        self.store.insert(&key, account.id.as_bytes(), until, now).await?;
        Ok(Secret::from(format!("{PREFIX}{}.{}", owner.as_str(), *secret)))
    }

    /// Uses a token up, and returns the id of the account it was made for.
    ///
    /// # Errors
    ///
    /// [`ResetError::Invalid`] for a token that is none, has been used or has expired.
    pub async fn finish(&self, token: &Secret, now: Timestamp) -> Result<String, ResetError> {
        let key = find(token).ok_or(ResetError::Invalid)?;
        account_id(self.store.take(&key, now).await?)
    }

    /// Makes every token of an account worthless: after its password was changed.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn end_all(&self, account_id: &str, now: Timestamp) -> Result<(), StoreError> {
        let Some(owner) = Owner::new(account_id) else { return Ok(()) };
        self.store.delete_owned(COLLECTION, &owner, now).await.map(drop)
    }

    /// The id of the account a token was made for; the token still works.
    ///
    /// # Errors
    ///
    /// The same as those of [`finish`](Self::finish).
    pub async fn look(&self, token: &Secret, now: Timestamp) -> Result<String, ResetError> {
        let key = find(token).ok_or(ResetError::Invalid)?;
        account_id(self.store.get(&key, now).await?)
    }
}

/// Where the record of a token is.
fn find(token: &Secret) -> Option<Key> {
    // The token is read to be looked up.
    let text = token.expose();
    let parts = text.strip_prefix(PREFIX).filter(|_| text.len() <= MAX_BYTES)?;
    let (owner, secret) = parts.split_once('.')?;
    key(&Owner::new(owner)?, secret)
}

fn account_id(record: Option<Record>) -> Result<String, ResetError> {
    let record = record.ok_or(ResetError::Invalid)?;
    String::from_utf8(record.value)
        .map_err(|_| StoreError::Damaged("a password reset".to_owned()).into())
}

/// SECURITY: the store is asked for the hash of the secret, so it holds nothing to send in, and how
/// long the look-up takes says nothing about the secret.
fn key(owner: &Owner, secret: &str) -> Option<Key> {
    let hash = digest::digest(&digest::SHA256, secret.as_bytes());
    Key::new(COLLECTION, owner.clone(), URL_SAFE_NO_PAD.encode(hash.as_ref()))
}

/// Why a password was not reset.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResetError {
    /// The token is none of ours, was used, or has expired.
    Invalid,
    /// There was no randomness.
    Random,
    /// The store gave no answer.
    Store(StoreError),
}

impl From<StoreError> for ResetError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<RandomError> for ResetError {
    fn from(_: RandomError) -> Self {
        Self::Random
    }
}

impl fmt::Display for ResetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid => f.write_str("the reset token is not valid"),
            Self::Random => f.write_str("there were no random bytes for a reset token"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl Error for ResetError {}
