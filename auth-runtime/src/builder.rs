//! How an engine is made. In: a policy, and what its references lead to. Out: an [`Auth`]; or what
//! does not go together, before the first request.

use std::{collections::BTreeMap, fmt, sync::Arc};

use auth_policy::{
    EmbedError, Policy, Structure,
    policy::{Scheme, SchemeId, SchemeKind},
    settings::{ForeignIssuer, KeyEnvironment},
};

use crate::{
    account::{Accounts, StoredAccounts},
    api_key::Keep,
    audit::{AuditSink, TracingSink},
    auth::{Auth, Memory, Parts},
    build_error::BuildError,
    clock::{Clock, SystemClock, Timestamp},
    discovery::{Discovery, RemoteKeys, Surroundings},
    in_force::InForce,
    jwt::{KeySet, Keyring},
    limit::{Limiter, MemoryLimiter},
    refresh::ServerSecret,
    revocation::Revocations,
    rotation::referred_to,
    session::Book,
    store::Store,
    transport::Https,
};

/// How many bytes of tokens are remembered for each issuer, unless told otherwise.
const REMEMBERED_TOKENS: usize = 16 * 1024 * 1024;

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
        AuthBuilder::new(policy)
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
    remembered_tokens: usize,
    #[cfg(feature = "reload")]
    policy_file: Option<std::path::PathBuf>,
}

impl AuthBuilder {
    fn new(policy: EmbeddedPolicy) -> Self {
        Self {
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
            remembered_tokens: REMEMBERED_TOKENS,
            #[cfg(feature = "reload")]
            policy_file: None,
        }
    }

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

    /// How many bytes of access tokens that verified are remembered, for each issuer: one that comes
    /// again is compared instead of verified. Default 16 MiB, which is about 8,000 tokens of 500
    /// bytes; 0 verifies each anew.
    ///
    /// # Security
    ///
    /// A token that is remembered is judged like every other for what may change: its expiry, its
    /// revocation, its client's ceiling. Other keys or another policy forget all of them. The
    /// memory holds what was sent, so that a copy of the process's memory shows tokens that are
    /// still good; without this it shows those that are being verified.
    pub fn remembered_tokens(mut self, bytes: usize) -> Self {
        self.remembered_tokens = bytes;
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
        let mut in_force = InForce::new(Arc::clone(&policy), self.remembered_tokens);
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
        let https = self.https;
        Ok(Auth::start(Parts { in_force, remote, clock, audit, limiter, https, memory }))
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
