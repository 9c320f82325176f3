//! Accounts. In: a name and a password's hash. Out: the account, found by either of its names.
//!
//! An application with a table of its own implements [`Accounts`]; [`StoredAccounts`] keeps them in
//! a [`Store`]. A name is a record of its own that leads to the account, because names are looked up
//! before one knows whose they are.

use std::{error::Error, fmt, sync::Arc};

use auth_policy::settings::Seconds;
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    password::PasswordHash,
    random::{self, RandomError},
    store::{Answer, Collection, Key, Owner, Reader, Record, Store, StoreError},
};

const ACCOUNTS: Collection = Collection("account");
const NAMES: Collection = Collection("name");

/// How long a name is held for a registration that has not finished.
const RESERVED: Seconds = Seconds(60);

/// How often a change tries again when others change the same account at the same time.
const ATTEMPTS: usize = 8;

/// Somebody who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// Never changes and is given to nobody else: the subject of the tokens, and the owner of
    /// everything the account has.
    pub id: String,
    /// The name to sign in with.
    pub username: String,
    /// The roles it holds, by their names in the policy.
    pub roles: Vec<String>,
    /// The hash of its password.
    pub password: PasswordHash,
    /// Whether it is closed.
    pub disabled: bool,
}

impl Account {
    /// An open account.
    pub fn new(id: String, username: String, roles: Vec<String>, password: PasswordHash) -> Self {
        Self { id, username, roles, password, disabled: false }
    }

    /// Whose records the account's are; `None` for an id that is no name in a store.
    pub fn owner(&self) -> Option<Owner> {
        Owner::new(self.id.as_str())
    }
}

/// What an account may do: all that a guard asks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// The roles it holds, by their names in the policy.
    pub roles: Vec<String>,
    /// Whether it is closed.
    pub disabled: bool,
}

impl Standing {
    /// That of an account, open or closed, with those roles.
    pub const fn new(roles: Vec<String>, disabled: bool) -> Self {
        Self { roles, disabled }
    }
}

impl From<Account> for Standing {
    fn from(account: Account) -> Self {
        Self { roles: account.roles, disabled: account.disabled }
    }
}

/// An answer that nobody waits for, if there is one.
pub type AtOnce<T> = Option<Result<T, StoreError>>;

/// What the account with that id may do now, asked in the way that costs least.
pub(crate) async fn standing(
    accounts: &dyn Accounts,
    id: &Owner,
    now: Timestamp,
) -> Result<Option<Arc<Standing>>, StoreError> {
    match accounts.standing_at_once(id, now) {
        Some(standing) => standing,
        None => Ok(accounts.standing(id.as_str(), now).await?.map(Arc::new)),
    }
}

/// Where accounts come from.
pub trait Accounts: fmt::Debug + Send + Sync + 'static {
    /// The account that signs in with that name. Names are compared as they are.
    fn by_name<'a>(&'a self, name: &'a str, now: Timestamp) -> Answer<'a, Option<Account>>;

    /// The account with that id.
    fn by_id<'a>(&'a self, id: &'a str, now: Timestamp) -> Answer<'a, Option<Account>>;

    /// What the account with that id may do now: asked for each request that comes with a session
    /// or an API key. By default all of the account is read for it.
    ///
    /// # Security
    ///
    /// An answer from memory keeps an account open that was closed meanwhile.
    fn standing<'a>(&'a self, id: &'a str, now: Timestamp) -> Answer<'a, Option<Standing>> {
        Box::pin(async move { Ok(self.by_id(id, now).await?.map(Standing::from)) })
    }

    /// The same, of accounts that can say it without waiting for anybody; `None`, which is the
    /// default, has [`standing`](Self::standing) asked instead.
    ///
    /// # Security
    ///
    /// It is held to what `standing` is held to.
    fn standing_at_once(&self, _id: &Owner, _now: Timestamp) -> AtOnce<Option<Arc<Standing>>> {
        None
    }

    /// Writes another hash for the password of the account with that id, if its hash is still
    /// `was`: `false` says that it was not written, which is all the default does. Then a hash that
    /// is out of date stays, and nobody can change a password here.
    ///
    /// # Security
    ///
    /// Comparing and writing are one step, as in `UPDATE .. WHERE id = .. AND password = ..`:
    /// whoever knew the password before a reset, and asks for another at the same moment, must not
    /// write over what was reset.
    fn set_password<'a>(
        &'a self,
        _id: &'a str,
        _was: &'a PasswordHash,
        _password: &'a PasswordHash,
        _now: Timestamp,
    ) -> Answer<'a, bool> {
        Box::pin(async { Ok(false) })
    }
}

/// Accounts in a [`Store`].
#[derive(Clone, Debug)]
pub struct StoredAccounts {
    store: Arc<dyn Store>,
    standings: Arc<Reader<Arc<Standing>>>,
}

impl StoredAccounts {
    /// The accounts of that store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, standings: Arc::new(Reader::new(read_standing)) }
    }

    /// Registers an account under a name that nobody has.
    ///
    /// # Errors
    ///
    /// [`AccountError::NameTaken`], and when the store or the source of randomness fails. What is
    /// left of a registration that was cut short frees the name within a minute.
    pub async fn register(
        &self,
        username: &str,
        roles: Vec<String>,
        password: PasswordHash,
        now: Timestamp,
    ) -> Result<Account, AccountError> {
        let id = random::token(16)?;
        let account = Account::new(id, username.to_owned(), roles, password);
        let name = name_key(username).ok_or(AccountError::NoSuchAccount)?;
        let key = account_key(&account.id).ok_or(AccountError::NoSuchAccount)?;

        // The name first, and for a while only; then the account; then the name for good. Whoever
        // dies in between leaves a name that frees itself, and never an account that is half there.
        let reserved = Some(now.plus(RESERVED));
        if !self.store.insert(&name, account.id.as_bytes(), reserved, now).await? {
            return Err(AccountError::NameTaken);
        }
        self.store.insert(&key, &Stored::from(&account).to_bytes(), None, now).await?;
        if !self.store.swap(&name, 1, account.id.as_bytes(), None, now).await? {
            return Err(AccountError::NameTaken);
        }
        Ok(account)
    }

    /// Changes an account, and returns it as it is then.
    ///
    /// # Errors
    ///
    /// [`AccountError::NoSuchAccount`], and when the store fails.
    pub async fn change(
        &self,
        id: &str,
        change: impl Fn(&mut Account) + Send,
        now: Timestamp,
    ) -> Result<Account, AccountError> {
        let key = account_key(id).ok_or(AccountError::NoSuchAccount)?;
        for _ in 0..ATTEMPTS {
            let record = self.store.get(&key, now).await?.ok_or(AccountError::NoSuchAccount)?;
            let mut account = read(&record)?;
            change(&mut account);
            let value = Stored::from(&account).to_bytes();
            if self.store.swap(&key, record.version, &value, None, now).await? {
                return Ok(account);
            }
        }
        Err(busy().into())
    }

    async fn replace_password(
        &self,
        id: &str,
        was: &PasswordHash,
        password: &PasswordHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(key) = account_key(id) else { return Ok(false) };
        for _ in 0..ATTEMPTS {
            let Some(record) = self.store.get(&key, now).await? else { return Ok(false) };
            let account = read(&record)?;
            if account.password != *was {
                return Ok(false);
            }
            let renewed = Account { password: password.clone(), ..account };
            let value = Stored::from(&renewed).to_bytes();
            if self.store.swap(&key, record.version, &value, None, now).await? {
                return Ok(true);
            }
        }
        Err(busy())
    }

    async fn find_by_id(&self, id: &str, now: Timestamp) -> Result<Option<Account>, StoreError> {
        let Some(key) = account_key(id) else { return Ok(None) };
        let record = self.store.get(&key, now).await?;
        record.as_ref().map(read).transpose()
    }

    async fn find_standing(
        &self,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<Standing>, StoreError> {
        let Some(key) = account_key(id) else { return Ok(None) };
        let found = self.standings.find(&*self.store, &key, now).await?;
        Ok(found.map(|found| Standing::clone(&found.said)))
    }

    async fn find_by_name(
        &self,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<Account>, StoreError> {
        let Some(key) = name_key(name) else { return Ok(None) };
        let Some(record) = self.store.get(&key, now).await? else { return Ok(None) };
        let id = String::from_utf8(record.value)
            .map_err(|_| StoreError::Damaged("the name of an account".to_owned()))?;
        self.find_by_id(&id, now).await
    }
}

impl Accounts for StoredAccounts {
    fn by_name<'a>(&'a self, name: &'a str, now: Timestamp) -> Answer<'a, Option<Account>> {
        Box::pin(self.find_by_name(name, now))
    }

    fn by_id<'a>(&'a self, id: &'a str, now: Timestamp) -> Answer<'a, Option<Account>> {
        Box::pin(self.find_by_id(id, now))
    }

    fn standing<'a>(&'a self, id: &'a str, now: Timestamp) -> Answer<'a, Option<Standing>> {
        Box::pin(self.find_standing(id, now))
    }

    fn standing_at_once(&self, id: &Owner, now: Timestamp) -> AtOnce<Option<Arc<Standing>>> {
        let key = account_of(id.clone());
        let found = self.standings.find_at_once(&*self.store, &key, now)?;
        Some(found.map(|found| found.map(|found| Arc::clone(&found.said))))
    }

    fn set_password<'a>(
        &'a self,
        id: &'a str,
        was: &'a PasswordHash,
        password: &'a PasswordHash,
        now: Timestamp,
    ) -> Answer<'a, bool> {
        Box::pin(self.replace_password(id, was, password, now))
    }
}

fn busy() -> StoreError {
    StoreError::Unavailable("an account changed under every attempt".to_owned())
}

fn account_key(id: &str) -> Option<Key> {
    Owner::new(id).map(account_of)
}

fn account_of(owner: Owner) -> Key {
    Key { collection: ACCOUNTS, owner, id: "account".to_owned() }
}

/// A name may be anything; its hash is a name in the store.
fn name_key(name: &str) -> Option<Key> {
    let hash = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, name.as_bytes()).as_ref());
    Key::new(NAMES, Owner::new(hash)?, "name")
}

/// An account as it is written.
#[derive(Serialize, Deserialize)]
struct Stored {
    id: String,
    username: String,
    roles: Vec<String>,
    /// A PHC string.
    password: String,
    disabled: bool,
}

/// As much of it as says what it may do. The rest is not even read.
#[derive(Deserialize)]
struct StoredStanding {
    roles: Vec<String>,
    disabled: bool,
}

impl From<&Account> for Stored {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id.clone(),
            username: account.username.clone(),
            roles: account.roles.clone(),
            password: account.password.to_text(),
            disabled: account.disabled,
        }
    }
}

impl Stored {
    fn to_bytes(&self) -> Vec<u8> {
        // INVARIANT: strings, flags and lists of strings are always written.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

fn read_standing(value: &[u8]) -> Result<Arc<Standing>, StoreError> {
    let StoredStanding { roles, disabled } =
        serde_json::from_slice(value).map_err(|_| damaged())?;
    Ok(Arc::new(Standing { roles, disabled }))
}

fn damaged() -> StoreError {
    StoreError::Damaged("an account".to_owned())
}

fn read(record: &Record) -> Result<Account, StoreError> {
    let stored: Stored = serde_json::from_slice(&record.value).map_err(|_| damaged())?;
    let password = stored.password.parse().map_err(|_| damaged())?;
    let Stored { id, username, roles, disabled, .. } = stored;
    Ok(Account { id, username, roles, password, disabled })
}

/// Why an account was not made or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountError {
    /// Somebody has that name.
    NameTaken,
    /// There is no account of that id.
    NoSuchAccount,
    /// There was no randomness.
    Random,
    /// The store gave no answer.
    Store(StoreError),
}

impl From<StoreError> for AccountError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<RandomError> for AccountError {
    fn from(_: RandomError) -> Self {
        Self::Random
    }
}

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTaken => f.write_str("the name is taken"),
            Self::NoSuchAccount => f.write_str("there is no such account"),
            Self::Random => f.write_str("there were no random bytes for an account's id"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl Error for AccountError {}
