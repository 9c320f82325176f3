//! The engine. In: the parts that [`AuthBuilder`] has put together. Out: [`Auth`], which stands
//! behind every guard: keys, clock, audit sink, and the policy's tables.

use std::{
    fmt,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use arc_swap::ArcSwap;
use auth_policy::{Policy, policy::SchemeId};

use crate::{
    account::Accounts,
    api_key::Keep,
    audit::{AuditSink, Decision, Event, Kind},
    clock::{Clock, Moment, Timestamp},
    csrf::CsrfKey,
    discovery::RemoteKeys,
    identity::Subject,
    in_force::InForce,
    jwt::Issuer,
    limit::Limiter,
    refresh::ServerSecret,
    revocation::Revocations,
    session::Book,
    store::{Store, StoreError},
    transport::Https,
    visit::Visit,
};

/// The engine behind the guards: cheap to clone, the same engine in every clone.
#[derive(Clone)]
pub struct Auth(Arc<Engine>);

/// An engine, for as long as there is one.
pub(crate) struct WeakAuth(Weak<Engine>);

/// What an engine is made of.
pub(crate) struct Parts {
    pub(crate) in_force: InForce,
    /// The foreign issuers whose keys are fetched.
    pub(crate) remote: Vec<Arc<RemoteKeys>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) audit: Arc<dyn AuditSink>,
    pub(crate) limiter: Arc<dyn Limiter>,
    pub(crate) https: Https,
    pub(crate) memory: Option<Memory>,
}

/// What an engine remembers beyond one request.
pub(crate) struct Memory {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) accounts: Arc<dyn Accounts>,
    pub(crate) revocations: Option<Arc<Revocations>>,
    pub(crate) sessions: Option<Arc<Book>>,
    /// What the tokens against forged requests are derived from, where tokens travel in cookies.
    pub(crate) csrf: Option<ServerSecret>,
    pub(crate) keys: Option<Keep>,
}

struct Engine {
    in_force: ArcSwap<InForce>,
    remote: Vec<Arc<RemoteKeys>>,
    clock: Arc<dyn Clock>,
    audit: Arc<dyn AuditSink>,
    limiter: Arc<dyn Limiter>,
    limiter_answers: AtomicBool,
    https: Https,
    memory: Option<Memory>,
    /// Held while one policy takes the place of another.
    #[cfg(feature = "reload")]
    replacing: std::sync::Mutex<()>,
    /// What is served by applications of this engine.
    #[cfg(feature = "reload")]
    served: std::sync::Mutex<Vec<Weak<crate::Inventory>>>,
    /// What is made anew of each policy.
    #[cfg(feature = "reload")]
    followers: std::sync::Mutex<Vec<Weak<dyn crate::reload::Follower>>>,
}

impl Auth {
    /// Sets an engine going: it follows what is revoked elsewhere, and writes its batches.
    pub(crate) fn start(parts: Parts) -> Self {
        let Parts { in_force, remote, clock, audit, limiter, memory, https } = parts;
        let auth = Self(Arc::new(Engine {
            in_force: ArcSwap::from_pointee(in_force),
            remote,
            clock,
            audit,
            limiter,
            limiter_answers: AtomicBool::new(true),
            memory,
            https,
            #[cfg(feature = "reload")]
            replacing: std::sync::Mutex::default(),
            #[cfg(feature = "reload")]
            served: std::sync::Mutex::default(),
            #[cfg(feature = "reload")]
            followers: std::sync::Mutex::default(),
        }));
        auth.follow_revocations();
        auth.write_batches();
        auth
    }

    /// The policy in force. Of two calls the second may return another, where policies are reloaded:
    /// who compares two of its values asks once.
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.0.in_force.load().policy)
    }

    /// Decides all requests that begin from now on by that.
    #[cfg(feature = "reload")]
    pub(crate) fn put_in_force(&self, new: InForce) {
        self.0.remote.iter().for_each(|remote| remote.adopt(&new.policy));
        self.0.in_force.store(Arc::new(new));
    }

    /// Waits until nobody else replaces the policy, and keeps it so while the guard lives.
    #[cfg(feature = "reload")]
    pub(crate) fn replacing(&self) -> std::sync::MutexGuard<'_, ()> {
        // It guards nothing that a panic could leave half done.
        self.0.replacing.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Remembers what an application serves, for as long as it lives.
    #[cfg(feature = "reload")]
    pub(crate) fn serves(&self, inventory: &Arc<crate::Inventory>) {
        let mut served = self.0.served.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        served.retain(|served| served.strong_count() > 0);
        served.push(Arc::downgrade(inventory));
    }

    /// What the applications of this engine serve.
    #[cfg(feature = "reload")]
    pub(crate) fn served(&self) -> Vec<Arc<crate::Inventory>> {
        let served = self.0.served.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        served.iter().filter_map(Weak::upgrade).collect()
    }

    /// Has something made anew of each policy that is taken, for as long as it lives.
    #[cfg(feature = "reload")]
    #[allow(dead_code, reason = "called by the feature `oidc` alone")]
    pub(crate) fn followed_by(&self, follower: &Arc<dyn crate::reload::Follower>) {
        let followers = self.0.followers.lock();
        let mut followers = followers.unwrap_or_else(std::sync::PoisonError::into_inner);
        followers.retain(|follower| follower.strong_count() > 0);
        followers.push(Arc::downgrade(follower));
    }

    /// What is made anew of each policy.
    #[cfg(feature = "reload")]
    pub(crate) fn followers(&self) -> Vec<Arc<dyn crate::reload::Follower>> {
        let followers = self.0.followers.lock();
        let followers = followers.unwrap_or_else(std::sync::PoisonError::into_inner);
        followers.iter().filter_map(Weak::upgrade).collect()
    }

    /// All that a request is decided by, as it is now.
    pub(crate) fn in_force(&self) -> Arc<InForce> {
        self.0.in_force.load_full()
    }

    /// Who gives the ids of our own accounts: the issuer of `schemes.jwt`, so that somebody is the
    /// same [`Subject`] by token, key and session; without one, `local`.
    pub fn own_issuer(&self) -> Arc<str> {
        Arc::clone(self.0.in_force.load().own_issuer())
    }

    /// The subject that an account of this service is.
    pub fn subject(&self, account_id: &str) -> Subject {
        self.0.in_force.load().subject(account_id)
    }

    /// Issues this service's own access tokens; `None` when the policy declares no `jwt` scheme.
    pub fn issuer(&self) -> Option<Arc<Issuer>> {
        self.0.in_force.load().issuer.clone()
    }

    /// The present moment, by the engine's clock.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The same, in microseconds.
    pub(crate) fn moment(&self) -> Moment {
        self.0.clock.moment()
    }

    /// Reports that somebody signed in, or tried to and why that was refused.
    ///
    /// `cause` is a stable kebab-case word for those who read the audit log, such as
    /// `wrong-password`; it must not hold anything the caller sent.
    pub fn report_login(&self, subject: Option<&Subject>, outcome: Result<(), &'static str>) {
        self.report(Kind::Login, subject, outcome);
    }

    /// Reports something else that happened to an account of this service: an admin closed it, its
    /// password changed.
    ///
    /// `cause` is as for [`report_login`](Self::report_login). Where there is more to say, such as
    /// who did it, make an [`event`](Self::event) and [`record`](Self::record) it.
    pub fn report(&self, kind: Kind, subject: Option<&Subject>, outcome: Result<(), &'static str>) {
        self.record(&Event {
            decision: if outcome.is_ok() { Decision::Allow } else { Decision::Deny },
            subject,
            cause: outcome.err(),
            ..self.event(kind)
        });
    }

    /// An event of now, to be filled in and [`record`](Self::record)ed.
    ///
    /// ```
    /// use auth_runtime::{Auth, Identity, audit::Kind};
    ///
    /// fn report_closed(auth: &Auth, admin: &Identity, account_id: &str) {
    ///     let closed = auth.subject(account_id);
    ///     let mut event = auth.event(Kind::AccountDisabled);
    ///     event.subject = Some(&closed);
    ///     event.actor = Some(admin.subject());
    ///     auth.record(&event);
    /// }
    /// ```
    pub fn event(&self, kind: Kind) -> Event<'_> {
        Event::new(self.now(), kind, self.policy().revision().clone())
    }

    /// Sends an event to the sink. While a request is answered, the event is told of it: method,
    /// path as routed, request id and address, as far as it does not say so itself.
    ///
    /// An event of a refusal gets an id. A [`Denial`](crate::Denial) of this crate that is made in
    /// the same request, after it, has the same id as `instance`.
    pub fn record(&self, event: &Event<'_>) {
        Visit::complete(event, |event| self.audit().record(event));
    }

    /// The store the engine was given.
    pub fn store(&self) -> Option<&Arc<dyn Store>> {
        self.0.memory.as_ref().map(|memory| &memory.store)
    }

    /// Where accounts come from; `None` when the engine has no store.
    pub fn accounts(&self) -> Option<&Arc<dyn Accounts>> {
        self.0.memory.as_ref().map(|memory| &memory.accounts)
    }

    /// The revocations in force; `None` when the engine has no store, or the policy no `jwt` scheme.
    pub fn revocations(&self) -> Option<&Arc<Revocations>> {
        self.0.memory.as_ref().and_then(|memory| memory.revocations.as_ref())
    }

    /// The sessions as records; `None` when the policy declares none.
    pub(crate) fn session_book(&self) -> Option<&Arc<Book>> {
        self.0.memory.as_ref().and_then(|memory| memory.sessions.as_ref())
    }

    pub(crate) fn key_keep(&self) -> Option<&Keep> {
        self.0.memory.as_ref().and_then(|memory| memory.keys.as_ref())
    }

    /// The same engine, without keeping it alive.
    pub(crate) fn downgrade(&self) -> WeakAuth {
        WeakAuth(Arc::downgrade(&self.0))
    }

    /// What the tokens against forged requests are made with, for the access and refresh tokens of
    /// that family; `None` where the policy lets no token travel in a cookie.
    pub(crate) fn family_csrf(&self, family_id: &str) -> Option<CsrfKey> {
        let secret = self.0.memory.as_ref()?.csrf.as_ref()?;
        Some(CsrfKey::of_family(secret, family_id))
    }

    /// Follows what other processes revoke, for as long as the engine lives.
    fn follow_revocations(&self) {
        let Some(revocations) = self.revocations().map(Arc::clone) else { return };
        let engine = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            // The task holds no engine while it waits: it ends soon after the last clone does.
            let mut reachable = true;
            while let Some(now) = engine.upgrade().map(|engine| engine.clock.now()) {
                let heard = |answer: Result<(), StoreError>| {
                    let was_reachable = std::mem::replace(&mut reachable, answer.is_ok());
                    if let Err(error) = answer {
                        tracing::warn!(target: "auth", %error, "revocations could not be read");
                    }
                    if let Some(engine) = engine.upgrade().filter(|_| was_reachable != reachable) {
                        Self(engine).report_store(reachable);
                    }
                };
                revocations.listen(now, heard).await;
            }
        });
    }

    /// Reports that the store stopped answering, or answers again: once for each change.
    fn report_store(&self, reachable: bool) {
        let (decision, cause) = match reachable {
            true => (Decision::Allow, "store-reachable"),
            false => (Decision::Error, "store-unreachable"),
        };
        self.record(&Event { decision, cause: Some(cause), ..self.event(Kind::Outage) });
    }

    /// Reports that the limiter stopped answering, or answers again: once for each change.
    pub(crate) fn report_limiter(&self, reachable: bool) {
        if self.0.limiter_answers.swap(reachable, Ordering::Relaxed) == reachable {
            return;
        }
        let (decision, cause) = match reachable {
            true => (Decision::Allow, "limiter-reachable"),
            false => (Decision::Error, "limiter-unreachable"),
        };
        self.record(&Event { decision, cause: Some(cause), ..self.event(Kind::Outage) });
    }

    pub(crate) fn audit(&self) -> &dyn AuditSink {
        &*self.0.audit
    }

    /// Whether requests have to come by TLS.
    pub(crate) fn https(&self) -> Https {
        self.0.https
    }

    /// Where the buckets of limits are.
    pub(crate) fn limiter(&self) -> &dyn Limiter {
        &*self.0.limiter
    }

    /// What fetches the keys of that scheme, if they are fetched.
    pub(crate) fn remote_keys(&self, scheme: SchemeId) -> Option<&Arc<RemoteKeys>> {
        self.0.remote.iter().find(|remote| remote.scheme() == scheme)
    }
}

impl WeakAuth {
    /// The engine, if there still is one.
    pub(crate) fn upgrade(&self) -> Option<Auth> {
        self.0.upgrade().map(Auth)
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("policy", &self.policy().path())
            .field("revision", &self.policy().revision())
            .finish_non_exhaustive()
    }
}
