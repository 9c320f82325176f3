//! Accounts for a test. In: roles. Out: an account that holds these and no others.

use crate::{
    account::{Account, StoredAccounts},
    clock::Timestamp,
    password::PasswordHash,
    random,
    store::{Answer, StoreError},
};

/// Makes accounts in a table of the application's own.
///
/// Implement it where the engine was given [`accounts`](crate::AuthBuilder::accounts) of the
/// application: credentials of sessions and keys lead to an account, and nobody else can make one
/// there.
///
/// ```
/// use auth_runtime::{
///     account::Account, clock::Timestamp, password::PasswordHash, store::Answer, testing::People,
/// };
///
/// /// A test's view of the table of users.
/// struct Table;
///
/// impl People for Table {
///     fn account<'a>(&'a self, roles: &'a [String], _: Timestamp) -> Answer<'a, Account> {
///         Box::pin(async move {
///             // INSERT INTO users ..
///             let hash = "$2b$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";
///             let hash = hash.parse::<PasswordHash>().expect("a hash");
///             Ok(Account::new("1".into(), "ada".into(), roles.to_vec(), hash))
///         })
///     }
/// }
/// ```
pub trait People: Send + Sync {
    /// A new account that holds these roles, and which the engine finds by its id from now on. One
    /// with other roles says that nobody can have just these: then the expectation is not tried.
    fn account<'a>(&'a self, roles: &'a [String], now: Timestamp) -> Answer<'a, Account>;
}

/// The hash of a password that nobody has.
const NO_PASSWORD: &str = "$2b$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";

/// An account in the engine's own store.
pub(super) async fn stored(
    accounts: &StoredAccounts,
    roles: Vec<String>,
    now: Timestamp,
) -> Result<Account, String> {
    let name = random::token(12).map_err(|error| error.to_string())?;
    let password: PasswordHash =
        NO_PASSWORD.parse().map_err(|error| format!("a password's hash: {error}"))?;
    let name = format!("policy-test-{name}");
    accounts.register(&name, roles, password, now).await.map_err(|error| error.to_string())
}

/// What a store that failed says.
pub(super) fn said(error: &StoreError) -> String {
    format!("no account could be made: {error}")
}
