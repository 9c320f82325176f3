//! Refresh tokens. In: a sign-in, or a token it led to. Out: the next token of its family, once.
//!
//! A sign-in begins a family. Each use of its token retires that token and makes a successor, so a
//! family has one live token. Whoever presents a retired one has either lost an answer, and gets
//! the same successor again within a short window, or is somebody else: then the family ends.
//! A family also ends, whatever happens, when its lifetime does.

mod family;
mod seal;
mod token;

use std::{error::Error, fmt, sync::Arc};

use auth_policy::settings::Seconds;

pub use family::Family;
use family::Presented;
pub use token::ServerSecret;
use token::Token;

use crate::{
    clock::Timestamp,
    random::{self, RandomError},
    secret::Secret,
    store::{Collection, Key, Owner, Record, Store, StoreError},
};

/// Where families are kept.
const COLLECTION: Collection = Collection("refresh");

/// How often a rotation tries again when others rotate the same family at the same time. Each
/// lost attempt means that somebody else's succeeded, after which the next read answers.
const ATTEMPTS: usize = 8;

/// The refresh tokens of a service.
#[derive(Clone, Debug)]
pub struct RefreshTokens {
    store: Arc<dyn Store>,
    secret: ServerSecret,
    lifetime: Seconds,
    window: Seconds,
    acr: Option<Arc<str>>,
}

/// A token of a family, with what it stands for.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// The token to hand out.
    pub token: Secret,
    /// Whose family it is.
    pub owner: Owner,
    /// The family's id: the `sid` of the access tokens that come with it. Not a secret.
    pub family_id: String,
    /// What the family was begun for.
    pub family: Family,
}

/// What somebody let a client have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Consented<'c> {
    pub(crate) client_id: &'c str,
    pub(crate) scopes: &'c [&'c str],
    /// The id of the family that is to begin.
    pub(crate) family_id: &'c str,
    /// When they had proved who they are, and how surely.
    pub(crate) authenticated_at: Option<Timestamp>,
    pub(crate) acr: Option<&'c str>,
}

/// A family that is there.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) owner: Owner,
    pub(crate) family_id: String,
    pub(crate) family: Family,
    /// When it ends whatever happens.
    pub(crate) ends_at: Timestamp,
}

impl RefreshTokens {
    /// How long a retired token still leads to its successor, unless told otherwise.
    pub const WINDOW: Seconds = Seconds(10);

    /// Families in that store, which live for `lifetime` in all.
    pub fn new(store: Arc<dyn Store>, secret: ServerSecret, lifetime: Seconds) -> Self {
        Self { store, secret, lifetime, window: Self::WINDOW, acr: None }
    }

    /// The same with another lifetime for families that begin from now on.
    #[must_use]
    pub fn lasting(self, lifetime: Seconds) -> Self {
        Self { lifetime, ..self }
    }

    /// The same for families that begin with a proof of that strength: see
    /// [`Tokens::with_acr`](crate::tokens::Tokens::with_acr).
    #[must_use]
    pub fn with_acr(self, acr: &str) -> Self {
        Self { acr: Some(acr.into()), ..self }
    }

    /// The same with another window for parallel retries; zero allows none.
    #[must_use]
    pub fn with_window(self, window: Seconds) -> Self {
        Self { window, ..self }
    }

    /// Begins a family.
    ///
    /// # Errors
    ///
    /// When the store or the source of randomness fails.
    pub async fn begin(
        &self,
        owner: &Owner,
        client_id: Option<String>,
        scopes: Option<Vec<String>>,
        now: Timestamp,
    ) -> Result<Refreshed, RefreshError> {
        let token = Token::random(owner.clone(), random::token(16)?)?;
        let ends_at = now.plus(self.lifetime);
        let mut family = Family::begin(&token, client_id, scopes, now, ends_at);
        family.acr = self.acr.as_deref().map(str::to_owned);
        self.insert(token, family, ends_at, now).await
    }

    /// Begins the family that a consent led to, under the id that was set aside for it.
    pub(crate) async fn begin_consented(
        &self,
        owner: &Owner,
        consented: Consented<'_>,
        now: Timestamp,
    ) -> Result<Refreshed, RefreshError> {
        let token = Token::random(owner.clone(), consented.family_id.to_owned())?;
        let ends_at = now.plus(self.lifetime);
        let scopes = consented.scopes.iter().map(|name| (*name).to_owned()).collect();
        let client_id = Some(consented.client_id.to_owned());
        let mut family = Family::begin(&token, client_id, Some(scopes), now, ends_at);
        family.acr = consented.acr.map(str::to_owned);
        family.authenticated_at = consented.authenticated_at.map(|moment| moment.0);
        self.insert(token, family, ends_at, now).await
    }

    async fn insert(
        &self,
        token: Token,
        family: Family,
        ends_at: Timestamp,
        now: Timestamp,
    ) -> Result<Refreshed, RefreshError> {
        let key = key(&token).ok_or(RefreshError::Invalid)?;
        if !self.store.insert(&key, &family.to_bytes(), Some(ends_at), now).await? {
            return Err(RefreshError::Random);
        }
        Ok(self.refreshed(token, family))
    }

    /// Retires a token and returns its successor.
    ///
    /// Within the window a token that was retired already leads to the same successor, until that
    /// one has been used itself.
    ///
    /// # Errors
    ///
    /// [`RefreshError::Reused`] for a token retired longer ago: its family has ended then.
    pub async fn rotate(
        &self,
        presented: &Secret,
        client_id: Option<&str>,
        now: Timestamp,
    ) -> Result<Refreshed, RefreshError> {
        let rotated = self.rotate_unless_reused(presented, client_id, now).await;
        if let Err(RefreshError::Reused { owner, family_id }) = &rotated {
            self.end(owner, family_id, now).await?;
        }
        rotated
    }

    /// The same, but that the caller has to end the family of a token retired longer ago: after
    /// whatever has to end before it.
    pub(crate) async fn rotate_unless_reused(
        &self,
        presented: &Secret,
        client_id: Option<&str>,
        now: Timestamp,
    ) -> Result<Refreshed, RefreshError> {
        // The token is read to be looked up.
        let token = Token::read(presented.expose(), &self.secret).ok_or(RefreshError::Invalid)?;
        let key = key(&token).ok_or(RefreshError::Invalid)?;
        for _ in 0..ATTEMPTS {
            let record = self.store.get(&key, now).await?.ok_or(RefreshError::Invalid)?;
            let family = Family::from_bytes(&record.value)?;
            if family.client_id.as_deref() != client_id {
                return Err(RefreshError::OtherClient);
            }
            match family.recognize(&token, self.window, now) {
                Presented::Current => {
                    if let Some(next) = self.advance(&record, &family, &token, now).await? {
                        return Ok(next);
                    }
                }
                Presented::JustRetired(sealed) => {
                    let successor = self.unseal(sealed, &token)?;
                    return Ok(self.refreshed(successor, family));
                }
                Presented::Retired => {
                    let Token { owner, family: family_id, .. } = token;
                    return Err(RefreshError::Reused { owner, family_id });
                }
            }
        }
        Err(StoreError::Unavailable("a family changed under every attempt".to_owned()).into())
    }

    /// The family of a token that this service wrote for that client, whether or not the token is
    /// the live one; nothing if the family has ended.
    pub(crate) async fn look_up(
        &self,
        presented: &Secret,
        client_id: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Live>, RefreshError> {
        // The token is read to be looked up.
        let Some(token) = Token::read(presented.expose(), &self.secret) else { return Ok(None) };
        let Some(found) = self.found(&token, now).await? else { return Ok(None) };
        match found.family.client_id.as_deref() == client_id {
            true => Ok(Some(found)),
            false => Err(RefreshError::OtherClient),
        }
    }

    /// The family of a token, if the token is the live one, whichever client it is for.
    pub(crate) async fn live(
        &self,
        presented: &Secret,
        now: Timestamp,
    ) -> Result<Option<Live>, StoreError> {
        // The token is read to be looked up.
        let Some(token) = Token::read(presented.expose(), &self.secret) else { return Ok(None) };
        let found = self.found(&token, now).await?;
        Ok(found.filter(|found| {
            matches!(found.family.recognize(&token, self.window, now), Presented::Current)
        }))
    }

    async fn found(&self, token: &Token, now: Timestamp) -> Result<Option<Live>, StoreError> {
        let Some(key) = key(token) else { return Ok(None) };
        let Some(record) = self.store.get(&key, now).await? else { return Ok(None) };
        let family = Family::from_bytes(&record.value)?;
        let ends_at = now.plus(family.left(now));
        Ok(Some(Live {
            owner: token.owner.clone(),
            family_id: token.family.clone(),
            family,
            ends_at,
        }))
    }

    /// The id of the family of a token that this service wrote.
    pub(crate) fn family_of(&self, presented: &Secret) -> Option<String> {
        // The token is read to be looked up.
        Token::read(presented.expose(), &self.secret).map(|token| token.family)
    }

    /// Ends a family: `false` says that there was none.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn end(
        &self,
        owner: &Owner,
        family_id: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        match Key::new(COLLECTION, owner.clone(), family_id) {
            Some(key) => self.store.delete(&key, now).await,
            None => Ok(false),
        }
    }

    /// The ids of an owner's families.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn of(&self, owner: &Owner, now: Timestamp) -> Result<Vec<String>, StoreError> {
        let records = self.store.list(COLLECTION, owner, now).await?;
        Ok(records.into_iter().map(|record| record.key.id).collect())
    }

    /// The ids of an owner's families, those that began first in front.
    pub(crate) async fn by_age(
        &self,
        owner: &Owner,
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let records = self.store.list(COLLECTION, owner, now).await?;
        let mut families = Vec::with_capacity(records.len());
        for record in records {
            families.push((Family::from_bytes(&record.value)?.began_at(), record.key.id));
        }
        families.sort();
        Ok(families.into_iter().map(|(_, id)| id).collect())
    }

    /// Retires the current token in the store; `None` when somebody else was faster.
    async fn advance(
        &self,
        record: &Record,
        family: &Family,
        token: &Token,
        now: Timestamp,
    ) -> Result<Option<Refreshed>, RefreshError> {
        let successor = Token::random(token.owner.clone(), token.family.clone())?;
        let sealed = seal::seal(successor.secret(), token.secret(), &self.secret)
            .ok_or(RefreshError::Random)?;
        let next = family.advance(&successor, sealed, now);
        let written = self
            .store
            .swap(&record.key, record.version, &next.to_bytes(), record.expires_at, now)
            .await?;
        Ok(written.then(|| self.refreshed(successor, next)))
    }

    fn unseal(&self, sealed: &str, token: &Token) -> Result<Token, RefreshError> {
        let secret = seal::unseal(sealed, token.secret(), &self.secret);
        let secret = secret.ok_or_else(|| StoreError::Damaged("a refresh family".to_owned()))?;
        Ok(token.sibling(secret))
    }

    fn refreshed(&self, token: Token, family: Family) -> Refreshed {
        let text = token.write(&self.secret);
        Refreshed { token: text, owner: token.owner, family_id: token.family, family }
    }
}

fn key(token: &Token) -> Option<Key> {
    Key::new(COLLECTION, token.owner.clone(), token.family.clone())
}

/// Why a refresh token led to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefreshError {
    /// It is none of ours, or its family has ended.
    Invalid,
    /// It was retired longer ago than the window, so its family has just been ended: what came
    /// with the family must be revoked, and somebody should look.
    Reused {
        /// Whose family it was.
        owner: Owner,
        /// Which one.
        family_id: String,
    },
    /// It was issued to another client.
    OtherClient,
    /// There was no randomness.
    Random,
    /// The store gave no answer.
    Store(StoreError),
}

impl From<StoreError> for RefreshError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<RandomError> for RefreshError {
    fn from(_: RandomError) -> Self {
        Self::Random
    }
}

impl fmt::Display for RefreshError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid => f.write_str("the refresh token is not valid"),
            Self::Reused { .. } => f.write_str("a retired refresh token was presented"),
            Self::OtherClient => f.write_str("the refresh token was issued to another client"),
            Self::Random => f.write_str("there were no random bytes for a refresh token"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl Error for RefreshError {}
