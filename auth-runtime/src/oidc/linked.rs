//! What an account is linked to. In: an account. Out: the identities at providers that lead to it,
//! listed, added by somebody who is signed in, and removed.
//!
//! Which account an identity leads to is one record, and that an account has it is another, for the
//! list. The first alone decides: of two that do not agree, the second is not shown.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{
    Profile,
    failure::{Code, Failure},
    link::{RESERVED, busy, identity_key, key_of},
};
use crate::{
    Auth,
    account::Account,
    audit::Kind,
    clock::Timestamp,
    store::{Collection, Key, Owner, Store, StoreError},
};

const LINKED: Collection = Collection("linked");

/// The id of the record that says with which password a provider's account was made.
const MADE: &str = "made";

/// The most identities of an account, so that nobody fills the store by linking.
const MOST: usize = 20;

/// Somebody at a provider who is an account here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkedIdentity {
    /// Which one. Not a secret, and not the subject.
    pub id: String,
    /// The provider, by its name here.
    pub provider: String,
    /// What the provider called them when they were linked, for people to tell two apart.
    pub called: Option<String>,
    /// Since when it leads to the account.
    pub linked_at: Timestamp,
}

/// What came of removing an identity from an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unlinked {
    /// Nobody comes to the account by it any more.
    Done,
    /// The account has no such identity.
    NotThere,
    /// The account was made by a sign-in with a provider, nobody has set a password since, and no
    /// other identity is at a provider that there still is: nobody could sign in any more.
    OnlyWay,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    provider: String,
    called: Option<String>,
    linked_at: i64,
}

/// The identities of an account, sorted by provider.
pub(super) async fn list(
    store: &dyn Store,
    account_id: &str,
    now: Timestamp,
) -> Result<Vec<LinkedIdentity>, StoreError> {
    let Some(owner) = Owner::new(account_id) else { return Ok(Vec::new()) };
    let mut identities = Vec::new();
    for record in store.list(LINKED, &owner, now).await? {
        let id = record.key.id;
        let Some(identity) = key_of(&id).filter(|_| id != MADE) else { continue };
        let leads = store.get(&identity, now).await?;
        if leads.is_none_or(|leads| leads.value != account_id.as_bytes()) {
            continue;
        }
        let Stored { provider, called, linked_at } = serde_json::from_slice(&record.value)
            .map_err(|_| StoreError::Damaged("an identity of an account".to_owned()))?;
        identities.push(LinkedIdentity { id, provider, called, linked_at: Timestamp(linked_at) });
    }
    identities.sort_by(|a, b| (&a.provider, a.linked_at).cmp(&(&b.provider, b.linked_at)));
    Ok(identities)
}

/// Lets an identity lead to an account from now on.
///
/// # Errors
///
/// When it leads to another account: nothing moves from one to another but by its owner, who
/// removes it there first.
pub(super) async fn link(
    auth: &Auth,
    store: &dyn Store,
    account_id: &str,
    profile: &Profile,
) -> Result<(), Failure> {
    let internal = || Failure::Denied(crate::Denial::internal(), "internal");
    let identity = identity_key(&profile.issuer, &profile.subject).ok_or_else(internal)?;
    let now = auth.now();
    match store.get(&identity, now).await? {
        Some(record) if record.value == account_id.as_bytes() => return Ok(()),
        Some(record) if record.value.is_empty() => return Err(busy()),
        Some(_) => return Err(elsewhere()),
        None => {}
    }
    if list(store, account_id, now).await?.len() >= MOST {
        return Err(Failure::failed("too-many-identities"));
    }
    note(store, account_id, &identity, profile, now).await?;
    if !store.insert(&identity, account_id.as_bytes(), None, now).await? {
        return Err(elsewhere());
    }
    auth.report(Kind::IdentityLinked, Some(&auth.subject(account_id)), Ok(()));
    Ok(())
}

/// Removes an identity from an account. One at a provider that is not `served` any more leads nobody
/// in.
pub(super) async fn unlink(
    auth: &Auth,
    store: &dyn Store,
    account: &Account,
    id: &str,
    served: impl Fn(&str) -> bool,
) -> Result<Unlinked, StoreError> {
    let now = auth.now();
    let identities = list(store, &account.id, now).await?;
    if !identities.iter().any(|identity| identity.id == id) {
        return Ok(Unlinked::NotThere);
    }
    let needed = has_no_password(store, account, now).await?;
    let is_way = |identity: &LinkedIdentity| identity.id != id && served(&identity.provider);
    if needed && !identities.iter().any(is_way) {
        return Ok(Unlinked::OnlyWay);
    }
    let (Some(identity), Some(entry)) = (key_of(id), entry(&account.id, id)) else {
        return Ok(Unlinked::NotThere);
    };
    let Some(record) = store.get(&identity, now).await? else { return Ok(Unlinked::NotThere) };
    // SECURITY: written before it is deleted, so that what leads to another account meanwhile stays.
    let ours = record.value == account.id.as_bytes();
    let reserved = Some(now.plus(RESERVED));
    if !ours || !store.swap(&identity, record.version, &[], reserved, now).await? {
        return Ok(Unlinked::NotThere);
    }
    // Of two that are removed at once, each was not the only one when it was looked at first.
    if needed && !list(store, &account.id, now).await?.iter().any(is_way) {
        give_back(store, &identity, &account.id, now).await?;
        return Ok(Unlinked::OnlyWay);
    }
    store.delete(&identity, now).await?;
    store.delete(&entry, now).await?;
    auth.report(Kind::IdentityUnlinked, Some(&auth.subject(&account.id)), Ok(()));
    Ok(Unlinked::Done)
}

/// Lets an identity that was about to be removed lead to its account again.
async fn give_back(
    store: &dyn Store,
    identity: &Key,
    account_id: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    // While it is reserved nobody else writes it.
    if let Some(record) = store.get(identity, now).await? {
        store.swap(identity, record.version, account_id.as_bytes(), None, now).await?;
    }
    Ok(())
}

/// Puts an identity on the list of an account: before it leads there, so that none does that is not
/// listed.
pub(super) async fn note(
    store: &dyn Store,
    account_id: &str,
    identity: &Key,
    profile: &Profile,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(entry) = entry(account_id, identity.owner.as_str()) else { return Ok(()) };
    let called = profile.preferred_username.clone();
    let called = called.or_else(|| profile.email.clone()).or_else(|| profile.name.clone());
    let stored = Stored { provider: profile.provider.clone(), called, linked_at: now.0 };
    // INVARIANT: strings and a number are always written.
    let value = serde_json::to_vec(&stored).unwrap_or_default();
    store.insert(&entry, &value, None, now).await?;
    Ok(())
}

/// Remembers that an account was made for a provider's somebody, and with which password: one that
/// nobody knows.
pub(super) async fn note_made(
    store: &dyn Store,
    account: &Account,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(made) = entry(&account.id, MADE) else { return Ok(()) };
    store.insert(&made, password_mark(account).as_bytes(), None, now).await?;
    Ok(())
}

/// Whether the password of an account is still the one that nobody knows.
async fn has_no_password(
    store: &dyn Store,
    account: &Account,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(made) = entry(&account.id, MADE) else { return Ok(false) };
    let made = store.get(&made, now).await?;
    Ok(made.is_some_and(|record| record.value == password_mark(account).as_bytes()))
}

/// What tells the hash of one password from that of another, and leads back to neither.
fn password_mark(account: &Account) -> String {
    let text = account.password.to_text();
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn entry(account_id: &str, id: &str) -> Option<Key> {
    Key::new(LINKED, Owner::new(account_id)?, id)
}

/// The identity leads to somebody else's account, or to another one of the same person's.
const fn elsewhere() -> Failure {
    Failure::Ended(Code::LinkedElsewhere, "identity-of-another-account")
}
