//! The keys of accounts. In: an engine, and a caller who signed in. Out: keys made, listed, replaced
//! and revoked.

use std::{collections::BTreeSet, sync::Arc};

use auth_policy::{
    Policy,
    policy::ScopeId,
    settings::{ApiKeyScheme, KeyEnvironment, Seconds},
};

use super::{
    ApiKeyError, MAX_KEYS, MAX_NAME,
    keep::Keep,
    record::{COLLECTION, State, StoredKey, key},
    text::KeyText,
};
use crate::{
    Auth, Identity,
    account::{Account, Accounts},
    audit::{CredentialKind, Event, Kind},
    bits::Bits,
    clock::Timestamp,
    secret::Secret,
    store::{Key, Owner, Store, StoreError},
};

/// How often a change tries again when the record changes at the same time.
const ATTEMPTS: usize = 8;

/// The most keys of an account that have ended and are still listed.
const MAX_ENDED: usize = 100;

const DAY: u64 = 24 * 60 * 60;

/// Makes, lists, replaces and revokes the keys of an engine's accounts: see
/// [`Auth::api_keys`](crate::Auth::api_keys).
#[derive(Clone, Debug)]
pub struct ApiKeys {
    auth: Auth,
}

/// What somebody wants a key for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApiKey {
    /// What its owner knows it by: 1 to [`MAX_NAME`] characters, no control characters.
    pub name: String,
    /// What it may do, by the names of scopes: at least one.
    pub scopes: Vec<String>,
    /// How long it lives: at least a day and at most the policy's `max_ttl`. Without one, the
    /// policy's `default_ttl`.
    pub lifetime: Option<Seconds>,
}

/// A key as its owner sees it: never the key itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiKey {
    /// Which one: public, and part of the key itself, so that whoever finds a key can name it.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// What it was made for, by name and sorted. What it may do now can be less.
    pub scopes: Vec<String>,
    /// Where it counts.
    pub environment: KeyEnvironment,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it expires; of a key that was replaced, the end of the overlap.
    pub expires_at: Timestamp,
    /// When it was last used, to within half a minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The id of the key that replaces it.
    pub replaced_by: Option<String>,
}

/// A key that was just made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuedKey {
    /// The key: nobody can show it again.
    pub key: Secret,
    /// What its owner sees from now on.
    pub info: ApiKey,
}

/// A key of an owner: its id, and what is kept of it.
type Owned = (String, StoredKey);

/// The policy's part of a key.
pub(super) struct Terms<'a> {
    policy: Arc<Policy>,
    pub(super) keep: &'a Keep,
    pub(super) store: &'a Arc<dyn Store>,
    pub(super) accounts: &'a Arc<dyn Accounts>,
}

impl Terms<'_> {
    /// What the policy says of keys.
    pub(super) fn settings(&self) -> Result<&ApiKeyScheme, ApiKeyError> {
        let declared = self.policy.api_key().map(|(_, settings)| settings);
        declared.ok_or_else(no_keys)
    }
}

fn no_keys() -> ApiKeyError {
    StoreError::Unsuitable("the engine has no API keys".to_owned()).into()
}

impl Auth {
    /// Looks after the API keys of accounts; `None` when the policy has none.
    pub fn api_keys(&self) -> Option<ApiKeys> {
        ApiKeys::of(self)
    }
}

impl ApiKeys {
    /// The keys of an engine; `None` where its policy has none.
    pub(crate) fn of(auth: &Auth) -> Option<Self> {
        let keys = Self { auth: auth.clone() };
        keys.terms().is_ok().then_some(keys)
    }

    /// Makes a key for the account that signed in.
    ///
    /// # Errors
    ///
    /// [`ApiKeyError::NotAnAccount`] unless the caller is an open account of this service, here by
    /// an access token or a session; [`ApiKeyError::TooMany`] with [`MAX_KEYS`]; and one for each
    /// thing that may be wrong with what is asked for.
    ///
    /// # Security
    ///
    /// A key gets no scope that the caller's own credential lacks: a token that was issued for
    /// little does not lead to a key for more. No key makes another.
    pub async fn create(
        &self,
        caller: &Identity,
        new: NewApiKey,
    ) -> Result<IssuedKey, ApiKeyError> {
        check_name(&new.name)?;
        let (owner, account) = self.account(caller).await?;
        let allowed = self.allowed(caller, &account);
        self.make(&owner, new, &allowed).await
    }

    /// Makes a key for an account of this service: within what a key of that account may do now,
    /// since no credential of its own narrows that.
    ///
    /// For administration without the account's owner: whoever calls this has made sure who asks.
    ///
    /// # Errors
    ///
    /// As for [`create`](Self::create); [`ApiKeyError::NotAnAccount`] unless that is the id of an
    /// open account.
    pub async fn create_for(
        &self,
        account_id: &str,
        new: NewApiKey,
    ) -> Result<IssuedKey, ApiKeyError> {
        check_name(&new.name)?;
        let (owner, account) = self.open_account(account_id).await?;
        let allowed = self.rights(&account);
        self.make(&owner, new, &allowed).await
    }

    /// Makes a key, unless the account is closed or has too many by then.
    async fn make(
        &self,
        owner: &Owner,
        new: NewApiKey,
        allowed: &Bits,
    ) -> Result<IssuedKey, ApiKeyError> {
        let terms = self.terms()?;
        let scopes = self.requested(&new.scopes, allowed)?;
        let lifetime = lifetime(new.lifetime, terms.settings()?)?;
        let issued = self.issue(owner, new.name, scopes, lifetime, terms.keep.environment).await?;
        let room = match self.make_room(owner).await {
            Ok(()) => self.open_account(owner.as_str()).await.map(drop),
            full => full,
        };
        self.unless(room, owner, &issued).await?;
        self.report(Kind::KeyCreated, owner, &issued.info.id);
        Ok(issued)
    }

    /// The keys of an owner, those that ended within 30 days among them; the oldest first.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn list(&self, owner: &str) -> Result<Vec<ApiKey>, ApiKeyError> {
        let Some(owner) = Owner::new(owner) else { return Ok(Vec::new()) };
        let mut keys = self.owned(&owner).await?;
        keys.sort_by(|(a, one), (b, other)| (one.created_at, a).cmp(&(other.created_at, b)));
        Ok(keys.into_iter().map(|(id, stored)| self.shown(&owner, id, stored)).collect())
    }

    /// Makes a key that replaces another: with its name, its scopes and as long a life, within what
    /// the owner may give away today. The other stays good for the policy's `rotation_overlap`, or
    /// until it expires.
    ///
    /// # Errors
    ///
    /// [`ApiKeyError::NotFound`] for a key that is not the caller's, has expired or was revoked;
    /// [`ApiKeyError::Replaced`] for one that was rotated before: of two that rotate a key at once,
    /// one does.
    pub async fn rotate(&self, caller: &Identity, id: &str) -> Result<IssuedKey, ApiKeyError> {
        let terms = self.terms()?;
        let (owner, account) = self.account(caller).await?;
        let key = key(&owner, id).ok_or(ApiKeyError::NotFound)?;
        let old = self.replaceable(&key).await?.1;
        if self.count(&owner, State::Replaced).await? >= MAX_KEYS {
            return Err(ApiKeyError::TooMany);
        }
        let allowed = self.names(&self.allowed(caller, &account));
        let lifetime = old.lifetime_left(terms.settings()?.max_ttl);
        let scopes: Vec<_> = old.scopes.into_iter().filter(|it| allowed.contains(it)).collect();
        if scopes.is_empty() {
            return Err(ApiKeyError::NothingLeft);
        }
        // The new one first: whoever is cut off in between still has a key that works.
        let issued = self.issue(&owner, old.name, scopes, lifetime, old.environment).await?;
        let retired = match self.retire(&key, &issued.info.id).await {
            Ok(()) => self.account(caller).await.map(drop),
            refused => refused,
        };
        self.unless(retired, &owner, &issued).await?;
        self.forget_oldest(&owner).await?;
        self.report(Kind::KeyRotated, &owner, &issued.info.id);
        Ok(issued)
    }

    /// Revokes a key: the next request with it is refused, in every process. One that was revoked
    /// before stays as it is. A key that it replaced has an end of its own.
    ///
    /// For the owner, and for an admin: whoever calls this has made sure who asks.
    ///
    /// # Errors
    ///
    /// [`ApiKeyError::NotFound`] when the owner has no such key, and when the store fails.
    pub async fn revoke(&self, owner: &str, id: &str) -> Result<(), ApiKeyError> {
        let owner = Owner::new(owner).ok_or(ApiKeyError::NotFound)?;
        let key = key(&owner, id).ok_or(ApiKeyError::NotFound)?;
        let now = self.auth.now();
        let revoke = |stored: StoredKey| match stored.state(now) {
            State::Revoked => Ok(None),
            _ => Ok(Some(StoredKey { revoked_at: Some(now.0), ..stored })),
        };
        if self.change(&key, revoke).await? {
            self.report(Kind::KeyRevoked, &owner, id);
        }
        Ok(())
    }

    /// Revokes every key of an owner: when an account is closed. A closed account's keys are
    /// refused in any case; this keeps them so when it is opened again.
    ///
    /// # Errors
    ///
    /// When the store fails; what was revoked until then stays revoked.
    pub async fn revoke_all(&self, owner: &str) -> Result<(), ApiKeyError> {
        let Some(tag) = Owner::new(owner) else { return Ok(()) };
        // Again until none is left: one may be made while the others are revoked.
        loop {
            let mut keys = self.owned(&tag).await?;
            let now = self.auth.now();
            keys.retain(|(_, key)| matches!(key.state(now), State::Current | State::Replaced));
            if keys.is_empty() {
                return Ok(());
            }
            for (id, _) in keys {
                match self.revoke(owner, &id).await {
                    // Somebody else forgot it meanwhile.
                    Ok(()) | Err(ApiKeyError::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Writes down when keys were last used: what was not written stays for the next time.
    pub(crate) async fn flush(&self) -> Result<(), StoreError> {
        let Ok(Terms { keep, store, .. }) = self.terms() else { return Ok(()) };
        keep.seen.flush(&**store, self.auth.now(), StoredKey::used).await
    }

    /// What the engine has for keys: all of it, or it has no keys.
    pub(super) fn terms(&self) -> Result<Terms<'_>, ApiKeyError> {
        let found = || {
            let policy = self.auth.policy();
            policy.api_key()?;
            let (store, accounts) = (self.auth.store()?, self.auth.accounts()?);
            Some(Terms { policy, keep: self.auth.key_keep()?, store, accounts })
        };
        found().ok_or_else(no_keys)
    }

    /// The open account of this service that is calling.
    async fn account(&self, caller: &Identity) -> Result<(Owner, Account), ApiKeyError> {
        let policy = self.auth.policy();
        let own = [policy.jwt().map(|(id, _)| id), policy.session().map(|(id, _)| id)];
        // SECURITY: neither somebody else's token nor a key leads to a key.
        if !own.contains(&Some(caller.scheme_id())) {
            return Err(ApiKeyError::NotAnAccount);
        }
        self.open_account(&caller.subject().id).await
    }

    /// The account of that id, unless it is closed.
    async fn open_account(&self, id: &str) -> Result<(Owner, Account), ApiKeyError> {
        let account = self.terms()?.accounts.by_id(id, self.auth.now()).await?;
        let account = account.filter(|account| !account.disabled);
        let owner = account.as_ref().and_then(Account::owner);
        owner.zip(account).ok_or(ApiKeyError::NotAnAccount)
    }

    /// What a key of that account may do now, as far as this caller may give it away.
    fn allowed(&self, caller: &Identity, account: &Account) -> Bits {
        let (rights, policy) = (self.rights(account), self.auth.policy());
        let names = rights.iter().filter(|id| {
            let scope = policy.scope(ScopeId(*id));
            scope.is_some_and(|scope| caller.has_scope(&scope.name))
        });
        names.map(ScopeId).collect()
    }

    /// What a key of that account may do now.
    pub(super) fn rights(&self, account: &Account) -> Bits {
        self.auth.in_force().key_rights(&account.roles)
    }

    /// The names of scopes, sorted.
    fn names(&self, scopes: &Bits) -> BTreeSet<String> {
        let policy = self.auth.policy();
        let found = scopes.iter().filter_map(|id| policy.scope(ScopeId(id)));
        found.map(|scope| scope.name.clone()).collect()
    }

    /// The scopes somebody asks for, if all of them are allowed.
    fn requested(&self, names: &[String], allowed: &Bits) -> Result<Vec<String>, ApiKeyError> {
        let names: BTreeSet<_> = names.iter().cloned().collect();
        let allowed = self.names(allowed);
        if names.is_empty() {
            return Err(ApiKeyError::NoScopes);
        }
        if names.iter().any(|name| self.auth.policy().scope_id(name).is_none()) {
            return Err(ApiKeyError::UnknownScopes { allowed: allowed.into_iter().collect() });
        }
        let beyond: Vec<_> = names.difference(&allowed).cloned().collect();
        if beyond.is_empty() {
            Ok(names.into_iter().collect())
        } else {
            Err(ApiKeyError::ScopesBeyond(beyond))
        }
    }

    /// Makes a key and keeps what recognizes it.
    async fn issue(
        &self,
        owner: &Owner,
        name: String,
        scopes: Vec<String>,
        lifetime: Seconds,
        environment: KeyEnvironment,
    ) -> Result<IssuedKey, ApiKeyError> {
        let terms = self.terms()?;
        let Terms { keep, store, .. } = &terms;
        let text = KeyText::random(environment, owner.clone())?;
        let now = self.auth.now();
        let stored = StoredKey {
            hash: keep.digester.digest(&text.secret).into_text(),
            name,
            scopes,
            environment,
            created_at: now.0,
            expires_at: now.plus(lifetime).0,
            last_used_at: None,
            revoked_at: None,
            replaced_by: None,
        };
        let key = key(owner, &text.id).ok_or(ApiKeyError::NotFound)?;
        let until = Some(stored.kept_until());
        if !store.insert(&key, &stored.to_bytes(), until, now).await? {
            return Err(ApiKeyError::Random);
        }
        let info = self.shown(owner, text.id.clone(), stored);
        Ok(IssuedKey { key: text.write(&terms.settings()?.prefix), info })
    }

    /// Passes on the outcome of what followed the making of a key, which is taken back unless that
    /// went well. Nobody has seen it yet.
    async fn unless(
        &self,
        outcome: Result<(), ApiKeyError>,
        owner: &Owner,
        issued: &IssuedKey,
    ) -> Result<(), ApiKeyError> {
        // A store that does not answer may have done what it was asked to: then the key stays,
        // which its owner sees in the list and nobody can use.
        let refused = matches!(&outcome, Err(error) if !matches!(error, ApiKeyError::Store(_)));
        if let Some(key) = key(owner, &issued.info.id).filter(|_| refused) {
            self.terms()?.store.delete(&key, self.auth.now()).await?;
        }
        outcome
    }

    /// Makes sure that the owner has no more keys than there may be, the new one among them: each of
    /// several that are made at once counts the others.
    async fn make_room(&self, owner: &Owner) -> Result<(), ApiKeyError> {
        if self.count(owner, State::Current).await? > MAX_KEYS {
            return Err(ApiKeyError::TooMany);
        }
        self.forget_oldest(owner).await
    }

    /// Forgets the keys that ended first, where more have ended than are listed.
    async fn forget_oldest(&self, owner: &Owner) -> Result<(), ApiKeyError> {
        let now = self.auth.now();
        let mut ended = self.owned(owner).await?;
        ended.retain(|(_, key)| matches!(key.state(now), State::Expired | State::Revoked));
        ended.sort_by_key(|(_, key)| key.ends_at());
        let surplus = ended.len().saturating_sub(MAX_ENDED);
        for (id, _) in ended.into_iter().take(surplus) {
            if let Some(key) = key(owner, &id) {
                self.terms()?.store.delete(&key, now).await?;
            }
        }
        Ok(())
    }

    async fn count(&self, owner: &Owner, state: State) -> Result<usize, ApiKeyError> {
        let now = self.auth.now();
        Ok(self.owned(owner).await?.iter().filter(|(_, key)| key.state(now) == state).count())
    }

    /// Lets a key end with the overlap, and says which one replaces it.
    async fn retire(&self, key: &Key, successor: &str) -> Result<(), ApiKeyError> {
        let now = self.auth.now();
        let overlap = now.plus(self.terms()?.settings()?.rotation_overlap);
        let retire = |stored: StoredKey| {
            let expires_at = stored.expires_at.min(overlap.0);
            let replaced_by = Some(successor.to_owned());
            check_replaceable(&stored, now)?;
            Ok(Some(StoredKey { expires_at, replaced_by, ..stored }))
        };
        self.change(key, retire).await.map(drop)
    }

    async fn replaceable(&self, key: &Key) -> Result<(u64, StoredKey), ApiKeyError> {
        let found = self.load(key).await?;
        check_replaceable(&found.1, self.auth.now())?;
        Ok(found)
    }

    /// Changes a record, unless the change is `None`: whether it did.
    async fn change(
        &self,
        key: &Key,
        change: impl Fn(StoredKey) -> Result<Option<StoredKey>, ApiKeyError> + Sync,
    ) -> Result<bool, ApiKeyError> {
        for _ in 0..ATTEMPTS {
            let (version, stored) = self.load(key).await?;
            let Some(next) = change(stored)? else { return Ok(false) };
            let (value, until) = (next.to_bytes(), Some(next.kept_until()));
            let store = self.terms()?.store;
            if store.swap(key, version, &value, until, self.auth.now()).await? {
                return Ok(true);
            }
        }
        Err(StoreError::Unavailable("an API key changed under every attempt".to_owned()).into())
    }

    async fn load(&self, key: &Key) -> Result<(u64, StoredKey), ApiKeyError> {
        let record = self.terms()?.store.get(key, self.auth.now()).await?;
        let record = record.ok_or(ApiKeyError::NotFound)?;
        Ok((record.version, StoredKey::from_bytes(&record.value)?))
    }

    async fn owned(&self, owner: &Owner) -> Result<Vec<Owned>, ApiKeyError> {
        let records = self.terms()?.store.list(COLLECTION, owner, self.auth.now()).await?;
        let read = records
            .into_iter()
            .map(|record| Ok((record.key.id, StoredKey::from_bytes(&record.value)?)));
        read.collect()
    }

    fn shown(&self, owner: &Owner, id: String, stored: StoredKey) -> ApiKey {
        let seen = || self.auth.key_keep()?.seen.of(&key(owner, &id)?);
        let last_used_at = seen().max(stored.last_used_at.map(Timestamp));
        ApiKey {
            id,
            name: stored.name,
            scopes: stored.scopes,
            environment: stored.environment,
            created_at: Timestamp(stored.created_at),
            expires_at: Timestamp(stored.expires_at),
            last_used_at,
            revoked_at: stored.revoked_at.map(Timestamp),
            replaced_by: stored.replaced_by,
        }
    }

    fn report(&self, what: Kind, owner: &Owner, id: &str) {
        let subject = self.auth.subject(owner.as_str());
        let policy = self.auth.policy();
        let scheme = policy.api_key().and_then(|(id, _)| policy.scheme(id));
        self.auth.record(&Event {
            subject: Some(&subject),
            scheme: scheme.map(|scheme| scheme.name.as_str()),
            credential_kind: Some(CredentialKind::ApiKey),
            credential: Some(id),
            ..self.auth.event(what)
        });
    }
}

impl StoredKey {
    /// How long its successor lives.
    fn lifetime_left(&self, cap: Seconds) -> Seconds {
        self.lifetime().min(cap)
    }
}

fn check_replaceable(stored: &StoredKey, now: Timestamp) -> Result<(), ApiKeyError> {
    match stored.state(now) {
        State::Current => Ok(()),
        State::Replaced => Err(ApiKeyError::Replaced),
        State::Expired | State::Revoked => Err(ApiKeyError::NotFound),
    }
}

fn check_name(name: &str) -> Result<(), ApiKeyError> {
    let blank = name.trim().is_empty();
    let fits = name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control);
    if fits && !blank { Ok(()) } else { Err(ApiKeyError::Name) }
}

/// How long a key lives that was asked for with that lifetime. SECURITY: one beyond the cap is
/// refused and not cut, so that nobody believes a key lives longer than it does.
fn lifetime(asked: Option<Seconds>, settings: &ApiKeyScheme) -> Result<Seconds, ApiKeyError> {
    match asked {
        None => Ok(settings.default_ttl.min(settings.max_ttl)),
        Some(span) if (DAY..=settings.max_ttl.0).contains(&span.0) => Ok(span),
        Some(_) => Err(ApiKeyError::Lifetime { max_days: settings.max_ttl.0 / DAY }),
    }
}
