//! Accounts as the blog has them. In: what somebody wants to be called. Out: an account in the
//! store, and beside it what the blog knows of a person.

use std::sync::Arc;

use auth_runtime::{
    account::{Account, AccountError, StoredAccounts},
    clock::Timestamp,
    endpoints::{KnownNames, Profiles},
    password::PasswordHash,
    store::{Answer, Collection, Key, Owner, Store, StoreError},
};
use serde::{Deserialize, Serialize};

/// The longest user name, in bytes.
pub(crate) const MAX_USERNAME: usize = 64;

/// Where profiles and the list of users are kept.
const PROFILES: Collection = Collection("profile");
const USERS: Collection = Collection("user");

/// The blog's people.
#[derive(Clone, Debug)]
pub(crate) struct People {
    pub(crate) accounts: StoredAccounts,
    store: Arc<dyn Store>,
}

/// What the blog knows of somebody.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Profile {
    #[serde(default)]
    pub(crate) display_name: String,
    pub(crate) email: Option<String>,
    /// Whether somebody has seen that the address is theirs.
    #[serde(default)]
    pub(crate) email_verified: bool,
    /// What a provider called them last: what is no other name than this was not chosen here.
    #[serde(default)]
    pub(crate) called: Option<String>,
    #[serde(default)]
    pub(crate) given_name: Option<String>,
    #[serde(default)]
    pub(crate) family_name: Option<String>,
}

impl People {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { accounts: StoredAccounts::new(Arc::clone(&store)), store }
    }

    /// Registers somebody and puts them on the list that admins see.
    pub(crate) async fn register(
        &self,
        username: &str,
        role: &str,
        password: PasswordHash,
        now: Timestamp,
    ) -> Result<Account, AccountError> {
        let roles = vec![role.to_owned()];
        let account = self.accounts.register(username, roles, password, now).await?;
        if let Some(key) = listed(&account.id) {
            self.store.insert(&key, &[], None, now).await?;
        }
        Ok(account)
    }

    /// The ids of everybody, sorted.
    pub(crate) async fn ids(&self, now: Timestamp) -> Result<Vec<String>, StoreError> {
        let Some(owner) = Owner::new("all") else { return Ok(Vec::new()) };
        let records = self.store.list(USERS, &owner, now).await?;
        Ok(records.into_iter().map(|record| record.key.id).collect())
    }

    pub(crate) async fn profile(&self, id: &str, now: Timestamp) -> Result<Profile, StoreError> {
        let Some(key) = profile_key(id) else { return Ok(Profile::default()) };
        match self.store.get(&key, now).await? {
            Some(record) => serde_json::from_slice(&record.value)
                .map_err(|_| StoreError::Damaged("a profile".to_owned())),
            None => Ok(Profile::default()),
        }
    }

    /// Writes a profile over whatever is there.
    pub(crate) async fn set_profile(
        &self,
        id: &str,
        profile: &Profile,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(key) = profile_key(id) else { return Ok(()) };
        let value = serde_json::to_vec(profile).unwrap_or_default();
        // The last writer wins: both are the same person.
        while !self.store.insert(&key, &value, None, now).await? {
            self.store.delete(&key, now).await?;
        }
        Ok(())
    }
}

/// A new password is held against the address too.
impl Profiles for People {
    fn names<'a>(&'a self, account: &'a Account, now: Timestamp) -> Answer<'a, KnownNames> {
        Box::pin(async move {
            let profile = self.profile(&account.id, now).await?;
            Ok(KnownNames { email: profile.email, ..KnownNames::default() })
        })
    }
}

fn listed(id: &str) -> Option<Key> {
    Key::new(USERS, Owner::new("all")?, id)
}

fn profile_key(id: &str) -> Option<Key> {
    Key::new(PROFILES, Owner::new(id)?, "profile")
}

/// Whether somebody may be called that: 1 to 64 visible characters, without blanks at either end.
pub(crate) fn is_username(name: &str) -> bool {
    let visible = !name.chars().any(char::is_control);
    !name.is_empty() && name.len() <= MAX_USERNAME && visible && name.trim() == name
}

/// Whether it looks like an address: only a message that arrives shows that it is one.
pub(crate) fn is_email(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    let plain = !text.chars().any(|letter| letter.is_control() || letter.is_whitespace());
    plain && text.len() <= 254 && parts.is_some_and(|(l, d)| !l.is_empty() && d.contains('.'))
}
