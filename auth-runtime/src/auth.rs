//! The engine. In: a policy, and what its references lead to. Out: [`Auth`], which stands behind
//! every guard: keys, clock, audit sink, and the policy's tables.

use std::{collections::BTreeMap, error::Error, fmt, sync::Arc, time::Duration};

use auth_policy::{
    EmbedError, Policy, Structure,
    policy::{Scheme, SchemeId, SchemeKind},
    settings::Reference,
};

use crate::{
    audit::{AuditSink, Decision, Event, Kind, TracingSink},
    clock::{Clock, SystemClock, Timestamp},
    credential::Carriers,
    identity::Subject,
    jwt::{Issuer, KeyError, KeySet, SetupError, Verifier},
    reference::{self, ReferenceError},
    revocation::Revocations,
    store::{Store, StoreError},
};

/// The engine behind the guards: cheap to clone, the same engine in every clone.
#[derive(Clone)]
pub struct Auth(Arc<Engine>);

struct Engine {
    policy: Arc<Policy>,
    carriers: Carriers,
    verifiers: Vec<Verifier>,
    issuer: Option<Issuer>,
    clock: Box<dyn Clock>,
    audit: Box<dyn AuditSink>,
    memory: Option<Memory>,
}

/// What an engine remembers beyond one request.
struct Memory {
    store: Arc<dyn Store>,
    revocations: Arc<Revocations>,
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
            clock: Box::new(SystemClock),
            audit: Box::new(TracingSink),
            store: None,
        }
    }

    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// Issues this service's own access tokens; `None` when the policy declares no `jwt` scheme.
    pub fn issuer(&self) -> Option<&Issuer> {
        self.0.issuer.as_ref()
    }

    /// The present moment, by the engine's clock.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Reports that somebody signed in, or tried to and why that was refused.
    ///
    /// `cause` is a stable kebab-case word for those who read the audit log, such as
    /// `wrong-password`; it must not hold anything the caller sent.
    pub fn report_login(&self, subject: Option<&Subject>, outcome: Result<(), &'static str>) {
        self.report(Kind::Login, subject, outcome);
    }

    pub(crate) fn report(
        &self,
        kind: Kind,
        subject: Option<&Subject>,
        outcome: Result<(), &'static str>,
    ) {
        self.audit().record(&Event {
            at: self.now(),
            kind,
            decision: if outcome.is_ok() { Decision::Allow } else { Decision::Deny },
            subject,
            scheme: None,
            credential: None,
            method: None,
            route: None,
            rule: None,
            cause: outcome.err(),
            policy: self.policy().revision(),
            request_id: None,
        });
    }

    /// The store the engine was given.
    pub fn store(&self) -> Option<&Arc<dyn Store>> {
        self.0.memory.as_ref().map(|memory| &memory.store)
    }

    /// The revocations in force; `None` when the engine has no store.
    pub fn revocations(&self) -> Option<&Arc<Revocations>> {
        self.0.memory.as_ref().map(|memory| &memory.revocations)
    }

    /// Follows what other processes revoke, for as long as the engine lives.
    fn follow_revocations(&self) {
        let Some((_, scheme)) = self.policy().jwt() else { return };
        let Some(revocations) = self.revocations().map(Arc::clone) else { return };
        let within = scheme.revocation.within.as_duration();
        let engine = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            // The task holds no engine while it waits: it ends soon after the last clone does.
            while let Some(now) = engine.upgrade().map(|engine| engine.clock.now()) {
                if let Err(error) = revocations.follow(now).await {
                    tracing::warn!(target: "auth", %error, "revocations could not be read");
                }
                pause(within, revocations.changed(now)).await;
            }
        });
    }

    pub(crate) fn audit(&self) -> &dyn AuditSink {
        &*self.0.audit
    }

    pub(crate) fn shared_policy(&self) -> Arc<Policy> {
        Arc::clone(&self.0.policy)
    }

    pub(crate) fn carriers(&self) -> &Carriers {
        &self.0.carriers
    }

    /// The verifiers of those schemes.
    pub(crate) fn verifiers(&self, schemes: u64) -> impl Iterator<Item = &Verifier> + Clone {
        self.0.verifiers.iter().filter(move |verifier| {
            schemes.checked_shr(verifier.scheme().0).is_some_and(|rest| rest & 1 == 1)
        })
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("policy", &self.policy().path())
            .field("revision", self.policy().revision())
            .finish_non_exhaustive()
    }
}

/// An engine being put together.
#[must_use = "an engine is made by `build`"]
pub struct AuthBuilder {
    policy: EmbeddedPolicy,
    keys: BTreeMap<String, KeySet>,
    clock: Box<dyn Clock>,
    audit: Box<dyn AuditSink>,
    store: Option<Arc<dyn Store>>,
}

impl AuthBuilder {
    /// Hands over the keys of a scheme or foreign issuer, instead of those its policy refers to.
    pub fn keys(mut self, scheme: impl Into<String>, keys: KeySet) -> Self {
        self.keys.insert(scheme.into(), keys);
        self
    }

    /// Takes the time from this clock. Default [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Sends events to this sink. Default [`TracingSink`].
    pub fn audit(mut self, sink: impl AuditSink) -> Self {
        self.audit = Box::new(sink);
        self
    }

    /// Remembers in this store what has to be remembered: revocations, and what
    /// [`Tokens`](crate::tokens::Tokens) needs. Without one nothing can be revoked.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Reads the keys and makes the engine.
    ///
    /// # Errors
    ///
    /// When a reference leads nowhere, a key is weak or does not fit its scheme, keys are handed
    /// over for a scheme the policy does not declare, or the embedded policy cannot be read.
    pub async fn build(mut self) -> Result<Auth, BuildError> {
        let policy = Arc::new(self.policy.read().map_err(BuildError::Policy)?);
        let mut verifiers = Vec::new();
        let mut issuer = None;
        for (scheme, index) in policy.schemes().iter().zip(0u32..) {
            let name = scheme.name.as_str();
            let refused = |error| BuildError::Keys { scheme: name.to_owned(), error };
            match &scheme.kind {
                SchemeKind::Jwt(jwt) => {
                    let keys = self.keys_of(scheme, Some(&jwt.keys), |text| {
                        KeySet::parse(text, &jwt.algorithms)
                    })?;
                    let keys = Arc::new(keys);
                    issuer = Some(Issuer::new(&policy, Arc::clone(&keys)).map_err(refused)?);
                    verifiers.push(Verifier::own(&policy, keys).map_err(refused)?);
                }
                SchemeKind::Issuer(foreign) => {
                    let keys = self.keys_of(scheme, foreign.keys.as_ref(), |text| {
                        KeySet::published(text, &foreign.algorithms)
                    })?;
                    let verifier = Verifier::foreign(&policy, SchemeId(index), keys);
                    verifiers.push(verifier.map_err(refused)?);
                }
                SchemeKind::ApiKey(_) | SchemeKind::Session(_) => {}
            }
        }
        if let Some(name) = self.keys.into_keys().next() {
            return Err(BuildError::NoSuchScheme(name));
        }
        let carriers = Carriers::new(&policy);
        let memory = remember(self.store, &policy, self.clock.now()).await?;
        let (clock, audit) = (self.clock, self.audit);
        let auth =
            Auth(Arc::new(Engine { policy, carriers, verifiers, issuer, clock, audit, memory }));
        auth.follow_revocations();
        Ok(auth)
    }

    /// The keys of a scheme: those handed over, else those it refers to.
    fn keys_of(
        &mut self,
        scheme: &Scheme,
        reference: Option<&Reference>,
        parse: impl FnOnce(&str) -> Result<KeySet, KeyError>,
    ) -> Result<KeySet, BuildError> {
        let name = &scheme.name;
        if let Some(keys) = self.keys.remove(name) {
            return Ok(keys);
        }
        let reference = reference.ok_or_else(|| BuildError::NoKeys(name.clone()))?;
        let text = reference::resolve(reference)
            .map_err(|error| BuildError::Reference { scheme: name.clone(), error })?;
        // The keys are inside the text: parsing them is what it is for.
        parse(text.expose())
            .map_err(|error| BuildError::Keys { scheme: name.clone(), error: error.into() })
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
            std::future::pending::<()>().await;
        }
    };
    let _ = tokio::time::timeout(within, news).await;
    tokio::time::sleep(BREATH.min(within)).await;
}

/// The revocations of a store, if there is one and the policy has tokens to revoke.
async fn remember(
    store: Option<Arc<dyn Store>>,
    policy: &Policy,
    now: Timestamp,
) -> Result<Option<Memory>, BuildError> {
    let (Some(store), Some((_, scheme))) = (store, policy.jwt()) else { return Ok(None) };
    let opened = Revocations::open(Arc::clone(&store), scheme, now).await;
    let revocations = Arc::new(opened.map_err(BuildError::Store)?);
    Ok(Some(Memory { store, revocations }))
}

impl fmt::Debug for AuthBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthBuilder").field("keys", &self.keys.keys()).finish_non_exhaustive()
    }
}

/// Why an engine could not be made.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The embedded policy cannot be read.
    Policy(EmbedError),
    /// What the policy refers to is not there.
    Reference {
        /// The scheme that refers to it.
        scheme: String,
        /// What is missing.
        error: ReferenceError,
    },
    /// The keys of a scheme cannot be used.
    Keys {
        /// The scheme.
        scheme: String,
        /// What is wrong with them.
        error: SetupError,
    },
    /// The foreign issuer of that name has no keys.
    NoKeys(String),
    /// Keys were handed over for a scheme the policy does not declare.
    NoSuchScheme(String),
    /// The store does not answer.
    Store(StoreError),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy(error) => write!(f, "{error}"),
            Self::Reference { scheme, error } => {
                write!(f, "scheme `{scheme}` has no keys: {error}")
            }
            Self::Keys { scheme, error } => {
                write!(f, "scheme `{scheme}` cannot use its keys: {error}")
            }
            Self::NoKeys(issuer) => write!(
                f,
                "issuer `{issuer}` has no keys: give it `keys` in the policy, or hand them to the builder"
            ),
            Self::Store(error) => write!(f, "{error}"),
            Self::NoSuchScheme(name) => write!(
                f,
                "keys were handed over for `{name}`, which the policy does not declare as a scheme with keys"
            ),
        }
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Policy(error) => Some(error),
            Self::Reference { error, .. } => Some(error),
            Self::Keys { error, .. } => Some(error),
            Self::Store(error) => Some(error),
            Self::NoKeys(_) | Self::NoSuchScheme(_) => None,
        }
    }
}
