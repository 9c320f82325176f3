//! Access tokens that ended before their time. In: what was revoked, here or in another process.
//! Out: an answer for each token, without a look-up: a set in memory, fed by the store. A policy may
//! ask for the look-up all the same, with `check: every_request`.
//!
//! A revocation is a record that lives as long as the tokens it concerns could. Records are kept
//! by the minute they were made in, so that following the store reads the last minutes and not all.

use std::{
    collections::HashMap,
    error::Error,
    fmt,
    future::{Future, pending},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use auth_policy::settings::{JwtScheme, OnStoreDown, Revocation, RevocationCheck, Seconds};

use crate::{
    clock::Timestamp,
    jwt::VerifiedToken,
    store::{Collection, Key, Owner, Store, StoreError},
};

/// Where revocations are kept.
const COLLECTION: Collection = Collection("revocation");

/// How far the clocks of two processes may disagree about the minute.
const SKEW: i64 = 1;

/// How much later than its revocation a token may still be issued.
const LATECOMERS: Seconds = Seconds(60);

/// The claim that names the family of an access token.
pub(crate) const FAMILY_CLAIM: &str = "sid";

/// The revocations in force.
#[derive(Debug)]
pub struct Revocations {
    store: Arc<dyn Store>,
    terms: ArcSwap<Terms>,
    ended: RwLock<Ended>,
    /// When the store last answered, in seconds since 1970.
    heard_at: AtomicI64,
}

/// What the policy says of revocations.
#[derive(Debug)]
struct Terms {
    settings: Revocation,
    /// How long a revocation is kept.
    lifetime: Seconds,
}

/// What is revoked, by its id, with the moment from which on nobody would ask any more.
#[derive(Debug, Default)]
struct Ended {
    tokens: HashMap<Box<str>, Timestamp>,
    families: HashMap<Box<str>, Timestamp>,
}

/// What the id of a record begins with: a token's `jti` or a family's id follows.
const TOKEN: &str = "t-";
const FAMILY: &str = "f-";

/// Why a token that verified is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disbelief {
    /// It was revoked.
    Revoked,
    /// Nothing was heard of the store for too long.
    Stale,
}

impl Revocations {
    /// The revocations in that store, for the tokens of that scheme.
    ///
    /// # Errors
    ///
    /// When the store does not answer: a service must not start on an empty list.
    pub async fn open(
        store: Arc<dyn Store>,
        scheme: &JwtScheme,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let terms = Terms { settings: scheme.revocation, lifetime: lifetime(scheme) };
        let revocations = Self {
            store,
            terms: ArcSwap::from_pointee(terms),
            ended: RwLock::default(),
            heard_at: AtomicI64::new(i64::MIN),
        };
        revocations.read_since(revocations.oldest(now), now).await?;
        Ok(revocations)
    }

    /// Revokes the access token with that `jti`.
    ///
    /// # Errors
    ///
    /// When the store does not answer. The token is revoked in this process all the same.
    pub async fn token(&self, token_id: &str, now: Timestamp) -> Result<(), StoreError> {
        self.end(token_record(token_id), now).await
    }

    /// Revokes every access token of that refresh family.
    ///
    /// # Errors
    ///
    /// When the store does not answer. They are revoked in this process all the same.
    pub async fn family(&self, family_id: &str, now: Timestamp) -> Result<(), StoreError> {
        self.end(family_record(family_id), now).await
    }

    /// Reads what other processes have revoked of late; an engine does so every
    /// `revocation.within`.
    ///
    /// # Errors
    ///
    /// When the store does not answer. Until it does, tokens are believed for `max_stale`, and
    /// then what `on_store_down` says.
    pub async fn follow(&self, now: Timestamp) -> Result<(), StoreError> {
        // A clock that was ahead and went back has heard nothing of the minutes in between.
        let heard = self.heard_at.load(Ordering::Acquire).min(now.0);
        let since = minute(Timestamp(heard)).saturating_sub(SKEW).max(self.oldest(now));
        self.read_since(since, now).await
    }

    /// Reads what other processes have revoked of late, and waits until they may have revoked
    /// more: for `within` at most. A store that does not answer is asked again then. `heard` is
    /// told whether it answered, before the waiting.
    pub(crate) async fn listen(&self, now: Timestamp, heard: impl FnOnce(Result<(), StoreError>)) {
        let within = self.settings().within.as_duration();
        let Some(owner) = bucket(minute(now)) else { return pause(within, pending()).await };
        // Before reading, so that nothing is missed in between.
        let news = self.store.changed(COLLECTION, &owner);
        heard(self.follow(now).await);
        pause(within, news).await;
    }

    /// Does from now on as another policy says. Tokens that were issued before live as long as they
    /// were told, so what concerns them is kept no shorter than before.
    #[cfg(feature = "reload")]
    pub(crate) fn adopt(&self, scheme: &JwtScheme) {
        let lifetime = lifetime(scheme).max(self.terms.load().lifetime);
        self.terms.store(Arc::new(Terms { settings: scheme.revocation, lifetime }));
    }

    fn settings(&self) -> Revocation {
        self.terms.load().settings
    }

    /// Whether a token that verified is to be believed.
    pub(crate) async fn judge(
        &self,
        token: &VerifiedToken,
        now: Timestamp,
    ) -> Result<(), Disbelief> {
        match self.judge_at_once(token, now) {
            Some(judged) => judged,
            None => self.look_up(token, now).await,
        }
    }

    /// The same, as far as it is known here; `None` where the policy has the store asked.
    pub(crate) fn judge_at_once(
        &self,
        token: &VerifiedToken,
        now: Timestamp,
    ) -> Option<Result<(), Disbelief>> {
        if self.is_ended(token) {
            return Some(Err(Disbelief::Revoked));
        }
        let settings = self.settings();
        match settings.check {
            RevocationCheck::Feed => Some(self.unless_stale(settings, now)),
            RevocationCheck::EveryRequest => None,
        }
    }

    fn unless_stale(&self, settings: Revocation, now: Timestamp) -> Result<(), Disbelief> {
        let heard_at = Timestamp(self.heard_at.load(Ordering::Acquire));
        if heard_at.plus(settings.max_stale) < now { self.silence() } else { Ok(()) }
    }

    /// Asks the store about this token and its family.
    async fn look_up(&self, token: &VerifiedToken, now: Timestamp) -> Result<(), Disbelief> {
        let ids = [token.token_id().map(token_record), token.family_id().map(family_record)];
        for key in ids.into_iter().flatten().filter_map(|id| record(&id)) {
            match self.store.get(&key, now).await {
                Ok(Some(_)) => return Err(Disbelief::Revoked),
                Ok(None) => {}
                Err(_) => return self.silence(),
            }
        }
        Ok(())
    }

    /// What a store that does not answer means.
    fn silence(&self) -> Result<(), Disbelief> {
        match self.settings().on_store_down {
            OnStoreDown::Refuse => Err(Disbelief::Stale),
            OnStoreDown::AcceptUntilExpiry => Ok(()),
        }
    }

    fn is_ended(&self, token: &VerifiedToken) -> bool {
        let ended = self.ended.read().unwrap_or_else(PoisonError::into_inner);
        token.token_id().is_some_and(|id| ended.tokens.contains_key(id))
            || token.family_id().is_some_and(|id| ended.families.contains_key(id))
    }

    async fn end(&self, id: String, now: Timestamp) -> Result<(), StoreError> {
        let until = now.plus(self.terms.load().lifetime);
        self.ended.write().unwrap_or_else(PoisonError::into_inner).add(&id, until, now);
        // An id that is no name is no id of ours, and no token has it.
        let looked_up = self.settings().check == RevocationCheck::EveryRequest;
        if let Some(key) = record(&id).filter(|_| looked_up) {
            self.store.insert(&key, &[], Some(until), now).await?;
        }
        let owner = bucket(minute(now));
        let Some(key) = owner.and_then(|owner| Key::new(COLLECTION, owner, id)) else {
            return Ok(());
        };
        self.store.insert(&key, &[], Some(until), now).await.map(drop)
    }

    async fn read_since(&self, since: i64, now: Timestamp) -> Result<(), StoreError> {
        for minute in since..=minute(now).saturating_add(SKEW) {
            let Some(owner) = bucket(minute) else { continue };
            let records = self.store.list(COLLECTION, &owner, now).await?;
            let mut ended = self.ended.write().unwrap_or_else(PoisonError::into_inner);
            for record in records {
                ended.add(&record.key.id, record.expires_at.unwrap_or(now), now);
            }
        }
        // Not the latest moment of all: from a clock that was ahead it would hide every silence
        // until the clock is there again.
        self.heard_at.store(now.0, Ordering::Release);
        Ok(())
    }

    /// The first minute whose revocations may still concern a token.
    fn oldest(&self, now: Timestamp) -> i64 {
        let lifetime = i64::try_from(self.terms.load().lifetime.0).unwrap_or(i64::MAX);
        minute(Timestamp(now.0.saturating_sub(lifetime))).saturating_sub(SKEW)
    }
}

/// How long the store is left alone after each reading, however much is written.
const BREATH: Duration = Duration::from_millis(50);

/// Waits for news, for `within` at most and [`BREATH`] at least. Without news, or from a store that
/// cannot tell, it waits for all of `within`.
#[allow(clippy::disallowed_methods, reason = "the pace of reading, not a moment that is compared")]
async fn pause(within: Duration, news: impl Future<Output = Result<(), StoreError>>) {
    let news = async {
        if news.await.is_err() {
            pending::<()>().await;
        }
    };
    let _ = tokio::time::timeout(within, news).await;
    tokio::time::sleep(BREATH.min(within)).await;
}

impl Ended {
    /// Adds one, and forgets those that concern nobody any more before the set would grow.
    fn add(&mut self, id: &str, until: Timestamp, now: Timestamp) {
        let (ids, id) = match (id.strip_prefix(TOKEN), id.strip_prefix(FAMILY)) {
            (Some(id), _) => (&mut self.tokens, id),
            (None, Some(id)) => (&mut self.families, id),
            (None, None) => return,
        };
        if ids.len() == ids.capacity() {
            ids.retain(|_, end| *end > now);
        }
        ids.insert(id.into(), until);
    }
}

/// How long a revocation is kept: until no token it concerns is believed any more. SECURITY: that
/// counts a token's leeway, and one that is issued while its family ends, or by a process whose
/// clock is ahead.
const fn lifetime(scheme: &JwtScheme) -> Seconds {
    Seconds(scheme.access_ttl.0.saturating_add(scheme.leeway.0).saturating_add(LATECOMERS.0))
}

fn token_record(token_id: &str) -> String {
    format!("{TOKEN}{token_id}")
}

fn family_record(family_id: &str) -> String {
    format!("{FAMILY}{family_id}")
}

/// Where a revocation is found by its id alone: it is its own owner.
fn record(id: &str) -> Option<Key> {
    Key::new(COLLECTION, Owner::new(id)?, id)
}

const fn minute(now: Timestamp) -> i64 {
    now.0.div_euclid(60)
}

fn bucket(minute: i64) -> Option<Owner> {
    Owner::new(format!("minute-{minute}"))
}

impl fmt::Display for Disbelief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Revoked => "the token was revoked",
            Self::Stale => "nothing was heard of the store for too long",
        })
    }
}

impl Error for Disbelief {}
