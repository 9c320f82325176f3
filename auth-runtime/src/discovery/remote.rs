//! The keys of one foreign issuer over time. In: moments, tokens that name keys, documents. Out:
//! a key ring that is as new as the issuer lets it be, and fetched no oftener than is allowed.
//!
//! A fetch runs in a task of its own, one at a time; requests that need it wait for that one. No
//! lock is held while it runs, and a client that hangs up does not end it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use auth_policy::{
    Policy,
    policy::SchemeId,
    settings::{ForeignIssuer, Seconds},
};
use tokio::sync::{Semaphore, watch};

use super::{Discovery, FetchError, document};
use crate::{
    audit::{AuditSink, Decision, Event, Kind, PolicyLine},
    clock::{Clock, Timestamp},
    jwt::{Freshness, KeySet, Keyring, TokenError, Unverified, VerifiedToken},
};

/// How long all the documents of one fetch may take together.
const FETCH_LIMIT: Duration = Duration::from_secs(5);
/// How many requests may wait for one fetch; those beyond are answered with what is known.
const MAX_WAITING: usize = 1024;
/// How long keys are fresh when the issuer does not say.
const DEFAULT_FRESH: i64 = 10 * 60;
/// The bounds of what the issuer may say, in seconds.
const FRESH: (i64, i64) = (60, 60 * 60);

/// The keys of one entry of `issuers`.
pub(crate) struct RemoteKeys {
    scheme: SchemeId,
    issuer: ForeignIssuer,
    discovery: Discovery,
    /// The policy in force, which events name.
    policy: ArcSwap<Policy>,
    clock: Arc<dyn Clock>,
    audit: Arc<dyn AuditSink>,
    keyring: Keyring,
    fetching: Mutex<Fetching>,
    places: Semaphore,
}

/// What the engine has that a fetch needs.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) policy: Arc<Policy>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) audit: Arc<dyn AuditSink>,
}

/// What is known about fetches.
struct Fetching {
    /// Closed when the last one ended.
    ended: watch::Receiver<()>,
    /// From when on there may be another.
    next: Timestamp,
    /// Whether the last one that ended brought nothing.
    failed: bool,
}

/// Why keys are fetched.
#[derive(Clone, Copy)]
enum Why {
    /// Those at hand are old, or there are none.
    Due,
    /// A token names a key that is not among them.
    UnknownKey,
}

impl RemoteKeys {
    pub(crate) fn new(
        scheme: SchemeId,
        issuer: ForeignIssuer,
        discovery: Discovery,
        around: Surroundings,
    ) -> Arc<Self> {
        let (_, ended) = watch::channel(());
        let Surroundings { policy, clock, audit } = around;
        let fetching = Fetching { ended, next: Timestamp(i64::MIN), failed: false };
        Arc::new(Self {
            scheme,
            issuer,
            discovery,
            policy: ArcSwap::new(policy),
            clock,
            audit,
            keyring: Keyring::waiting(),
            fetching: Mutex::new(fetching),
            places: Semaphore::new(MAX_WAITING),
        })
    }

    /// Names that policy in events from now on.
    #[cfg(feature = "reload")]
    pub(crate) fn adopt(&self, policy: &Arc<Policy>) {
        self.policy.store(Arc::clone(policy));
    }

    pub(crate) const fn scheme(&self) -> SchemeId {
        self.scheme
    }

    /// The keys, for the verifier of this issuer's tokens.
    pub(crate) const fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Verifies a token of this issuer with the keys at hand, if nothing has to be fetched for it.
    pub(crate) fn verify_at_once(
        &self,
        token: &Unverified<'_, '_>,
        now: Timestamp,
    ) -> Option<Result<VerifiedToken, TokenError>> {
        let due = self.keyring.load().freshness().is_some_and(|freshness| now >= freshness.due);
        let verified = (!due).then(|| token.verify(now));
        verified.filter(|verified| !matches!(verified, Err(TokenError::KeyUnknown)))
    }

    /// Verifies a token of this issuer, with keys fetched anew if those at hand are too old for it
    /// or the one it names is not among them.
    pub(crate) async fn verify(
        self: &Arc<Self>,
        token: &Unverified<'_, '_>,
        now: Timestamp,
    ) -> Result<VerifiedToken, TokenError> {
        self.keep_fresh(now).await;
        match token.verify(now) {
            // SECURITY: `kid` is anything a stranger likes; what it causes is bounded by `fetch`.
            Err(TokenError::KeyUnknown) => {
                self.wait(self.fetch(Why::UnknownKey, now)).await;
                token.verify(now)
            }
            verified => verified,
        }
    }

    /// In how many seconds another fetch may find the issuer back: at least 1.
    pub(crate) fn retry_after(&self, now: Timestamp) -> Seconds {
        let left = self.fetching().next.0.saturating_sub(now.0).max(1);
        Seconds(u64::try_from(left).unwrap_or(1).min(self.discovery.cool_down.0))
    }

    /// Has keys fetched that are due, and waits for them if those at hand had better not be used.
    async fn keep_fresh(self: &Arc<Self>, now: Timestamp) {
        let Some(freshness) = self.keyring.load().freshness() else { return };
        if now < freshness.due {
            return;
        }
        // An issuer that cannot be reached holds nobody up for long: after one failure the keys
        // at hand serve while the next fetch runs, until they are dead.
        let wait = now >= freshness.dead || (now >= freshness.overdue && !self.fetching().failed);
        let fetch = self.fetch(Why::Due, now);
        if wait {
            self.wait(fetch).await;
        }
    }

    /// The fetch that is running, or one begun now; none if the last began not long ago.
    fn fetch(self: &Arc<Self>, why: Why, now: Timestamp) -> Option<watch::Receiver<()>> {
        let (ending, ended) = watch::channel(());
        {
            let mut fetching = self.fetching();
            if fetching.ended.has_changed().is_ok() {
                return Some(fetching.ended.clone());
            }
            if !fetching.may_begin(now, self.discovery.cool_down) {
                return None;
            }
            fetching.ended = ended.clone();
            fetching.next = later(now, self.discovery.cool_down);
        }
        let keys = Arc::clone(self);
        tokio::spawn(async move {
            keys.renew(why).await;
            drop(ending);
        });
        Some(ended)
    }

    /// Waits for a fetch to end, if there is a place to wait.
    async fn wait(&self, fetch: Option<watch::Receiver<()>>) {
        let (Some(mut ended), Ok(_place)) = (fetch, self.places.try_acquire()) else { return };
        // Nothing is ever sent: it ends by being closed, also when the fetch panics.
        while ended.changed().await.is_ok() {}
    }

    async fn renew(&self, why: Why) {
        let limited = tokio::time::timeout(FETCH_LIMIT, self.published()).await;
        let published = limited.unwrap_or(Err(FetchError::Timeout));
        let now = self.clock.now();
        self.fetching().failed = published.is_err();
        let outcome = published.map(|(keys, max_age)| {
            self.keyring.replace(Arc::new(keys), Some(self.freshness(now, max_age)));
        });
        self.report(why, outcome.err().as_ref(), now);
    }

    /// What the issuer publishes now, and for how long it says that is good.
    async fn published(&self) -> Result<(KeySet, Option<Seconds>), FetchError> {
        let fetch = &*self.discovery.fetch;
        let [openid, oauth] = document::locations(&self.issuer.issuer);
        let metadata = match fetch.get(&openid).await {
            Err(FetchError::Status(404)) => fetch.get(&oauth).await,
            found => found,
        }?;
        let location = document::keys_location(&metadata.body, &self.issuer.issuer)?;
        let found = fetch.get(&location).await?;
        if !found.body.trim_start().starts_with('{') {
            return Err(FetchError::NotJson);
        }
        let keys = KeySet::published(&found.body, &self.issuer.algorithms);
        Ok((keys.map_err(FetchError::Keys)?, found.max_age))
    }

    fn freshness(&self, now: Timestamp, max_age: Option<Seconds>) -> Freshness {
        let said = max_age.map(|age| i64::try_from(age.0).unwrap_or(i64::MAX));
        let fresh = said.unwrap_or(DEFAULT_FRESH).clamp(FRESH.0, FRESH.1);
        let dead = later(now, self.discovery.max_stale);
        let within = |seconds: i64| Timestamp(now.0.saturating_add(seconds)).min(dead);
        Freshness { due: within(fresh), overdue: within(2 * fresh), dead }
    }

    fn fetching(&self) -> MutexGuard<'_, Fetching> {
        // INVARIANT: no code that could panic runs while it is locked.
        self.fetching.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report(&self, why: Why, failure: Option<&FetchError>, at: Timestamp) {
        let policy = self.policy.load();
        let declared = policy.scheme(self.scheme);
        let place = declared.map(|scheme| PolicyLine::of_scheme(&policy, scheme));
        let scheme = declared.map(|scheme| scheme.name.as_str());
        let (decision, cause) = match failure {
            None => (Decision::Allow, why.code()),
            Some(error) => {
                tracing::warn!(target: "auth", scheme, %error, "keys could not be fetched");
                (Decision::Error, error.code())
            }
        };
        let event = Event::new(at, Kind::Keys, policy.revision().clone());
        let event = Event { decision, scheme, place, ..event };
        self.audit.record(&Event { cause: Some(cause), ..event });
    }
}

impl Fetching {
    fn may_begin(&self, now: Timestamp, cool_down: Seconds) -> bool {
        // A clock that was set back must not put the next fetch off by more than it says.
        now >= self.next || self.next > later(now, cool_down)
    }
}

impl Why {
    /// The cause in the event of a fetch that succeeded.
    const fn code(self) -> &'static str {
        match self {
            Self::Due => "keys-due",
            Self::UnknownKey => "key-unknown",
        }
    }
}

fn later(moment: Timestamp, span: Seconds) -> Timestamp {
    Timestamp(moment.0.saturating_add_unsigned(span.0))
}
