//! The table of users that was there before. In: rows. Out: accounts, as sign-in knows them.
//!
//! [`Accounts`] is all that an application with a table of its own implements: find somebody by the
//! name they sign in with, and by the id that their tokens carry.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use auth_runtime::{
    account::{Account, Accounts},
    clock::Timestamp,
    password::PasswordHash,
    store::{Answer, StoreError},
};

/// A row. In your application this is a struct that your database fills.
#[derive(Clone, Debug)]
pub struct Person {
    /// The primary key.
    pub number: u32,
    /// What they sign in with.
    pub email: String,
    /// Argon2id, or bcrypt from before, as text.
    pub password_hash: String,
    /// Whether they see what others earn.
    pub is_manager: bool,
    /// Whether they work here no more.
    pub has_left: bool,
}

/// The table.
#[derive(Clone, Debug, Default)]
pub struct People(Arc<RwLock<HashMap<u32, Person>>>);

impl People {
    /// Writes a row.
    pub fn save(&self, person: Person) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(person.number, person);
    }

    /// The addresses of those who work here, sorted.
    pub fn addresses(&self) -> Vec<String> {
        let rows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let here = rows.values().filter(|person| !person.has_left);
        let mut addresses: Vec<_> = here.map(|person| person.email.clone()).collect();
        addresses.sort();
        addresses
    }

    /// `UPDATE people SET password_hash = .. WHERE number = .. AND password_hash = ..`, and whether
    /// there was such a row.
    fn set_password_hash(&self, id: &str, was: &str, hash: String) -> bool {
        let mut rows = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let row = id.parse().ok().and_then(|number: u32| rows.get_mut(&number));
        let row = row.filter(|person| person.password_hash == was);
        row.map(|person| person.password_hash = hash).is_some()
    }

    /// `SELECT * FROM people WHERE ..`
    fn find(&self, which: impl Fn(&Person) -> bool) -> Option<Person> {
        let rows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        rows.values().find(|person| which(person)).cloned()
    }
}

impl Accounts for People {
    fn by_name<'a>(&'a self, name: &'a str, _now: Timestamp) -> Answer<'a, Option<Account>> {
        Box::pin(async move { self.find(|person| person.email == name).map(account).transpose() })
    }

    fn by_id<'a>(&'a self, id: &'a str, _now: Timestamp) -> Answer<'a, Option<Account>> {
        Box::pin(async move {
            self.find(|person| person.number.to_string() == id).map(account).transpose()
        })
    }

    /// Without this nobody could change a password, and hashes from before would stay as they are.
    fn set_password<'a>(
        &'a self,
        id: &'a str,
        was: &'a PasswordHash,
        password: &'a PasswordHash,
        _now: Timestamp,
    ) -> Answer<'a, bool> {
        Box::pin(async move { Ok(self.set_password_hash(id, &was.to_text(), password.to_text())) })
    }
}

/// What a row means. Roles are not stored: they follow from what the application knows.
fn account(person: Person) -> Result<Account, StoreError> {
    let damaged = |_| StoreError::Damaged("the password hash of a person".to_owned());
    let hash = person.password_hash.parse().map_err(damaged)?;
    let role = if person.is_manager { "manager" } else { "staff" };
    let roles = vec![role.to_owned()];
    let mut account = Account::new(person.number.to_string(), person.email, roles, hash);
    account.disabled = person.has_left;
    Ok(account)
}
