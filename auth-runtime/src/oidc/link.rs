//! Which account a provider's somebody has. In: an issuer and a subject. Out: the account they have
//! had since they first came.
//!
//! SECURITY: nothing else leads to an account. An e-mail address is a claim that changes hands, and
//! that any provider may make (OC8).

use auth_policy::settings::{NewAccounts, Seconds};
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    Creating, People, Profile,
    failure::{Code, Failure},
    linked,
};
use crate::{
    Auth,
    account::Account,
    audit::Kind,
    clock::Timestamp,
    store::{Collection, Key, Owner, Store, StoreError},
};

const IDENTITIES: Collection = Collection("identity");

/// How long a first sign-in may take before another may be the first.
pub(super) const RESERVED: Seconds = Seconds(60);

/// The account of whom the profile is of; a new one for somebody who comes for the first time, if
/// the policy lets them have one.
pub(super) async fn account(
    auth: &Auth,
    people: &dyn People,
    profile: &Profile,
    new_accounts: NewAccounts,
) -> Result<Account, Failure> {
    let internal = || Failure::Denied(crate::Denial::internal(), "internal");
    let (store, accounts) = (auth.store().ok_or_else(internal)?, auth.accounts());
    let key = identity_key(&profile.issuer, &profile.subject).ok_or_else(internal)?;
    let now = auth.now();
    let Some(record) = store.get(&key, now).await? else {
        if new_accounts == NewAccounts::Refuse {
            return Err(Failure::Ended(Code::NoAccount, "new-accounts-refused"));
        }
        return create(auth, &**store, people, &key, profile).await;
    };
    if record.value.is_empty() {
        return Err(busy());
    }
    let id = String::from_utf8(record.value)
        .map_err(|_| StoreError::Damaged("the identity of an account".to_owned()))?;
    let account = accounts.ok_or_else(internal)?.by_id(&id, now).await?;
    let account = account.filter(|account| !account.disabled);
    let account = account.ok_or(Failure::Ended(Code::NoAccount, "account-closed"))?;
    people.update(&account, profile, now).await?;
    Ok(account)
}

/// The link first, and for a while only; then the account; then the link for good. Whoever dies in
/// between leaves a link that ends by itself, and of two at once one makes an account.
async fn create(
    auth: &Auth,
    store: &dyn Store,
    people: &dyn People,
    key: &Key,
    profile: &Profile,
) -> Result<Account, Failure> {
    let now: Timestamp = auth.now();
    if !store.insert(key, &[], Some(now.plus(RESERVED)), now).await? {
        return Err(busy());
    }
    let Creating::Created(account) = people.create(profile, now).await? else {
        store.delete(key, now).await?;
        return Err(Failure::Ended(Code::NoAccount, "no-account"));
    };
    linked::note(store, &account.id, key, profile, now).await?;
    linked::note_made(store, &account, now).await?;
    if !store.swap(key, 1, account.id.as_bytes(), None, auth.now()).await? {
        return Err(busy());
    }
    auth.report(Kind::AccountCreated, Some(&auth.subject(&account.id)), Ok(()));
    Ok(account)
}

/// Somebody is signing in for the first time, twice at once.
pub(super) const fn busy() -> Failure {
    Failure::Ended(Code::TemporarilyUnavailable, "first-sign-in-running")
}

/// Issuer and subject may be anything; the hash of both is a name in the store. The length of the
/// first keeps two pairs from being the same text.
pub(super) fn identity_key(issuer: &str, subject: &str) -> Option<Key> {
    let pair = format!("{} {issuer} {subject}", issuer.len());
    let hash = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, pair.as_bytes()).as_ref());
    key_of(&hash)
}

/// The same by the hash of the pair, which is the id of an identity.
pub(super) fn key_of(hash: &str) -> Option<Key> {
    Key::new(IDENTITIES, Owner::new(hash)?, "identity")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oc8_no_two_pairs_have_the_same_key() {
        let key = identity_key;
        assert_ne!(key("https://a", "b c"), key("https://a b", "c"));
        assert_ne!(key("https://a", "b"), key("https://b", "b"));
        assert_eq!(key("https://a", "b"), key("https://a", "b"));
    }
}
