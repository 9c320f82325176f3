//! The engine. In: a policy, and what its references lead to. Out: [`Auth`], which stands behind
//! every guard: keys, clock, audit sink, and the policy's tables.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use arc_swap::ArcSwap;
use auth_policy::{
    EmbedError, Policy, Structure,
    policy::{Scheme, SchemeId, SchemeKind},
    settings::{ForeignIssuer, KeyEnvironment},
};

use crate::{
    account::{Accounts, StoredAccounts},
    api_key::{ApiKeys, Keep},
    audit::{AuditSink, Decision, Event, Kind, Scene, TracingSink},
    build_error::BuildError,
    clock::{Clock, Moment, SystemClock, Timestamp},
    csrf::CsrfKey,
    discovery::{Discovery, RemoteKeys, Surroundings},
    identity::Subject,
    in_force::InForce,
    jwt::{Issuer, KeySet, Keyring},
    limit::{Limiter, MemoryLimiter},
    refresh::ServerSecret,
    revocation::Revocations,
    rotation::referred_to,
    session::Book,
    store::{Store, StoreError},
    transport::Https,
};

/// The engine behind the guards: cheap to clone, the same engine in every clone.
#[derive(Clone)]
pub struct Auth(Arc<Engine>);

/// An engine, for as long as there is one.
pub(crate) struct WeakAuth(Weak<Engine>);

struct Engine {
    in_force: ArcSwap<InForce>,
    /// The foreign issuers whose keys are fetched.
    remote: Vec<Arc<RemoteKeys>>,
    clock: Arc<dyn Clock>,
    audit: Arc<dyn AuditSink>,
    limiter: Arc<dyn Limiter>,
    limiter_answers: AtomicBool,
    https: Https,
    memory: Option<Memory>,
}

/// What an engine remembers beyond one request.
struct Memory {
    store: Arc<dyn Store>,
    accounts: Arc<dyn Accounts>,
    revocations: Option<Arc<Revocations>>,
    sessions: Option<Arc<Book>>,
    /// What the tokens against forged requests are derived from, where tokens travel in cookies.
    csrf: Option<ServerSecret>,
    keys: Option<Keep>,
}

/// A checked policy inside the binary, as `policy!()` leaves it.
#[derive(Clone, Copy, Debug)]
pub struct EmbeddedPolicy {
    text: &'static str,
    structure: u64,
}

impl EmbeddedPolicy {
    #[doc(hidden)]
    pub const fn new(text: &'static str, structure: u64) -> Self {
        Self { text, structure }
    }

    fn read(self) -> Result<Policy, EmbedError> {
        Policy::from_embedded(self.text, Structure(self.structure))
    }
}

impl Auth {
    /// Begins an engine for a policy: `Auth::from_policy(policy!())`.
    pub fn from_policy(policy: EmbeddedPolicy) -> AuthBuilder {
        AuthBuilder {
            policy,
            keys: BTreeMap::new(),
            discovery: None,
            clock: Arc::new(SystemClock),
            audit: Arc::new(TracingSink),
            limiter: None,
            store: None,
            accounts: None,
            key_environment: None,
            https: Https::default(),
            #[cfg(feature = "reload")]
            policy_file: None,
        }
    }

    /// The policy in force. Of two calls the second may return another, where policies are reloaded:
    /// who compares two of its values asks once.
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.0.in_force.load().policy)
    }

    /// Decides all requests that begin from now on by that.
    #[cfg(feature = "reload")]
    pub(crate) fn put_in_force(&self, new: InForce) {
        self.0.in_force.store(Arc::new(new));
    }

    /// All that a request is decided by, as it is now.
    pub(crate) fn in_force(&self) -> Arc<InForce> {
        self.0.in_force.load_full()
    }

    /// Who gives the ids of our own accounts: the issuer of `schemes.jwt`, so that somebody is the
    /// same [`Subject`] by token, key and session; without one, `local`.
    pub fn own_issuer(&self) -> Arc<str> {
        self.policy()
            .jwt()
            .map_or_else(|| "local".into(), |(_, scheme)| scheme.issuer.as_str().into())
    }

    /// The subject that an account of this service is.
    pub fn subject(&self, account_id: &str) -> Subject {
        Subject { issuer: self.own_issuer(), id: account_id.into() }
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
        Scene::complete(event, |event| self.audit().record(event));
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

    /// Looks after the API keys of accounts; `None` when the policy has none.
    pub fn api_keys(&self) -> Option<ApiKeys> {
        ApiKeys::of(self)
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

/// An engine being put together.
#[must_use = "an engine is made by `build`"]
pub struct AuthBuilder {
    policy: EmbeddedPolicy,
    keys: BTreeMap<String, KeySet>,
    discovery: Option<Discovery>,
    clock: Arc<dyn Clock>,
    audit: Arc<dyn AuditSink>,
    limiter: Option<Arc<dyn Limiter>>,
    store: Option<Arc<dyn Store>>,
    accounts: Option<Arc<dyn Accounts>>,
    key_environment: Option<KeyEnvironment>,
    https: Https,
    #[cfg(feature = "reload")]
    policy_file: Option<std::path::PathBuf>,
}

impl AuthBuilder {
    /// Hands over the keys of a scheme or foreign issuer, instead of those its policy refers to.
    pub fn keys(mut self, scheme: impl Into<String>, keys: KeySet) -> Self {
        self.keys.insert(scheme.into(), keys);
        self
    }

    /// Fetches the keys of foreign issuers that have none of their own in this way. Without this
    /// call nothing is fetched, and such an issuer stops the start.
    pub fn discovery(mut self, discovery: Discovery) -> Self {
        self.discovery = Some(discovery);
        self
    }

    /// Takes the time from this clock. Default [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sends events to this sink. Default [`TracingSink`].
    pub fn audit(mut self, sink: impl AuditSink) -> Self {
        self.audit = Arc::new(sink);
        self
    }

    /// Counts requests here where the policy limits them. Default a [`MemoryLimiter`], which counts
    /// what reaches this process.
    pub fn limiter(mut self, limiter: Arc<dyn Limiter>) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// Remembers in this store what has to be remembered: revocations, sessions, API keys, and what
    /// [`Tokens`](crate::tokens::Tokens) needs. Without one no token can be revoked, and a policy
    /// with sessions, API keys or tokens in cookies stops the start.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Asks for accounts here: what a session or an API key may do is what its account may do now.
    /// Default [`StoredAccounts`] in the store.
    pub fn accounts(mut self, accounts: Arc<dyn Accounts>) -> Self {
        self.accounts = Some(accounts);
        self
    }

    /// Makes and takes API keys of this environment, whatever the policy says: where one policy
    /// serves a production and a test system, keys of the one do not count in the other.
    pub fn key_environment(mut self, environment: KeyEnvironment) -> Self {
        self.key_environment = Some(environment);
        self
    }

    /// Whether requests have to come by TLS. Default [`Https::Optional`]; in production say
    /// [`Https::Required`].
    pub fn https(mut self, https: Https) -> Self {
        self.https = https;
        self
    }

    /// Takes the values of the policy in this file instead of those compiled in. Its structure is
    /// compared, and must be the same. [`Auth::follow_policy`] reloads it when it changes.
    #[cfg(feature = "reload")]
    pub fn policy_file(mut self, file: impl Into<std::path::PathBuf>) -> Self {
        self.policy_file = Some(file.into());
        self
    }

    /// The policy compiled in, or the one that was named instead of it.
    fn read_policy(&self) -> Result<Policy, BuildError> {
        let compiled = self.policy.read().map_err(BuildError::Policy)?;
        #[cfg(feature = "reload")]
        if let Some(file) = &self.policy_file {
            let policy = crate::reload::read(file).map_err(BuildError::PolicyFile)?;
            return if policy.structure() == compiled.structure() {
                Ok(policy)
            } else {
                Err(BuildError::PolicyFile(crate::ReloadError::OtherStructure))
            };
        }
        Ok(compiled)
    }

    /// Reads the keys and makes the engine.
    ///
    /// # Errors
    ///
    /// When a reference leads nowhere, a key is weak or does not fit its scheme, keys are handed
    /// over for a scheme the policy does not declare, the policy has sessions, API keys or tokens in
    /// cookies and there is no store, or the embedded policy cannot be read.
    pub async fn build(mut self) -> Result<Auth, BuildError> {
        let policy = Arc::new(self.read_policy()?);
        let mut in_force = InForce::new(Arc::clone(&policy));
        let mut remote = Vec::new();
        for (scheme, index) in policy.schemes().iter().zip(0u32..) {
            let name = scheme.name.as_str();
            let refused = |error| BuildError::Keys { scheme: name.to_owned(), error };
            match &scheme.kind {
                SchemeKind::Jwt(jwt) if jwt.cookies.is_some() && self.store.is_none() => {
                    return Err(BuildError::NoStore(name.to_owned()));
                }
                SchemeKind::Jwt(_) => {
                    let keys = Keyring::new(self.keys_of(scheme)?);
                    in_force.sign_with(keys).map_err(refused)?;
                }
                SchemeKind::Issuer(foreign) => {
                    let id = SchemeId(index);
                    let (keys, fetched) = self.foreign_keys(id, scheme, foreign, &policy)?;
                    remote.extend(fetched);
                    in_force.trust(id, keys).map_err(refused)?;
                }
                SchemeKind::ApiKey(_) | SchemeKind::Session(_) if self.store.is_none() => {
                    return Err(BuildError::NoStore(name.to_owned()));
                }
                SchemeKind::ApiKey(_) | SchemeKind::Session(_) => {}
            }
        }
        if let Some(name) = self.keys.into_keys().next() {
            return Err(BuildError::NoSuchScheme(name));
        }
        let keys = Keep::new(&policy, self.key_environment)?;
        let memory = remember(self.store, self.accounts, &policy, keys, self.clock.now()).await?;
        let (clock, audit) = (self.clock, self.audit);
        let limiter = self.limiter.unwrap_or_else(|| Arc::new(MemoryLimiter::new()));
        let engine = Engine {
            in_force: ArcSwap::from_pointee(in_force),
            remote,
            clock,
            audit,
            limiter,
            limiter_answers: AtomicBool::new(true),
            https: self.https,
            memory,
        };
        let auth = Auth(Arc::new(engine));
        auth.follow_revocations();
        auth.write_batches();
        Ok(auth)
    }

    /// The keys of a foreign issuer: its own, or none yet and what fetches them.
    fn foreign_keys(
        &mut self,
        id: SchemeId,
        scheme: &Scheme,
        issuer: &ForeignIssuer,
        policy: &Arc<Policy>,
    ) -> Result<(Keyring, Option<Arc<RemoteKeys>>), BuildError> {
        if issuer.keys.is_some() || self.keys.contains_key(&scheme.name) {
            return Ok((Keyring::new(self.keys_of(scheme)?), None));
        }
        let discovery = self.discovery.clone();
        let discovery = discovery.ok_or_else(|| BuildError::NoKeys(scheme.name.clone()))?;
        let (policy, clock) = (Arc::clone(policy), Arc::clone(&self.clock));
        let around = Surroundings { policy, clock, audit: Arc::clone(&self.audit) };
        let remote = RemoteKeys::new(id, issuer.clone(), discovery, around);
        Ok((remote.keyring().clone(), Some(remote)))
    }

    /// The keys of a scheme: those handed over, else those it refers to.
    fn keys_of(&mut self, scheme: &Scheme) -> Result<KeySet, BuildError> {
        match self.keys.remove(&scheme.name) {
            Some(keys) => Ok(keys),
            None => referred_to(scheme),
        }
    }
}

/// What is remembered, if there is a store.
async fn remember(
    store: Option<Arc<dyn Store>>,
    accounts: Option<Arc<dyn Accounts>>,
    policy: &Policy,
    keys: Option<Keep>,
    now: Timestamp,
) -> Result<Option<Memory>, BuildError> {
    let Some(store) = store else { return Ok(None) };
    let revocations = match policy.jwt() {
        Some((_, scheme)) => {
            let opened = Revocations::open(Arc::clone(&store), scheme, now).await;
            Some(Arc::new(opened.map_err(BuildError::Store)?))
        }
        None => None,
    };
    let csrf = match policy.jwt().and_then(|(_, scheme)| scheme.cookies.as_ref()) {
        Some(_) => Some(ServerSecret::of(&*store, now).await.map_err(BuildError::Store)?),
        None => None,
    };
    let accounts = accounts.unwrap_or_else(|| Arc::new(StoredAccounts::new(Arc::clone(&store))));
    let sessions = Book::new(policy, &store).map(Arc::new);
    Ok(Some(Memory { store, accounts, revocations, sessions, csrf, keys }))
}

impl fmt::Debug for AuthBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthBuilder").field("keys", &self.keys.keys()).finish_non_exhaustive()
    }
}
