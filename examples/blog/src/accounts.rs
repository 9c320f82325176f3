//! The accounts, in memory. In: what handlers know of a user. Out: copies of accounts; whoever
//! holds one holds no lock.

use std::sync::{PoisonError, RwLock};

use auth_runtime::password::PasswordHash;

/// Somebody who can sign in.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// Never changes and is given to nobody else: the subject of the tokens.
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) display_name: String,
    pub(crate) roles: Vec<String>,
    pub(crate) password: PasswordHash,
    pub(crate) disabled: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Accounts(RwLock<Vec<Account>>);

impl Accounts {
    pub(crate) fn add(&self, account: Account) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(account);
    }

    pub(crate) fn all(&self) -> Vec<Account> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn by_name(&self, username: &str) -> Option<Account> {
        self.find(|account| account.username == username)
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<Account> {
        self.find(|account| account.id == id)
    }

    /// Changes an account and returns it as it is then; `None` if there is none of that id.
    pub(crate) fn change(&self, id: &str, change: impl FnOnce(&mut Account)) -> Option<Account> {
        let mut accounts = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let account = accounts.iter_mut().find(|account| account.id == id)?;
        change(account);
        Some(account.clone())
    }

    fn find(&self, wanted: impl Fn(&Account) -> bool) -> Option<Account> {
        let accounts = self.0.read().unwrap_or_else(PoisonError::into_inner);
        accounts.iter().find(|account| wanted(account)).cloned()
    }
}
