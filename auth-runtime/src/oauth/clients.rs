//! The clients of a service. In: what an operator wants registered or changed. Out: records in the
//! store, and of a secret the one look that anybody gets.

use std::{error::Error, fmt, sync::Arc};

use auth_policy::settings::{Algorithm, GrantType};

use super::{
    client::{Client, NewClient},
    record::{self, Stored},
    redirect_uri,
};
use crate::{
    Auth, Identity,
    audit::{Event, Kind},
    identity::Subject,
    jwt::{KeyError, KeySet},
    random::{self, RandomError},
    secret::Secret,
    store::{Store, StoreError},
};

/// The bytes of a secret.
const SECRET_BYTES: usize = 32;
const MAX_ID_BYTES: usize = 64;
const MAX_NAME_BYTES: usize = 100;
const MAX_REDIRECT_URIS: usize = 20;
/// The keys of a client: the one in use, and others during a rotation. Each is tried.
const MAX_CLIENT_KEYS: usize = 4;
/// How often a change tries again when others change the same client at the same time.
const ATTEMPTS: usize = 8;

/// What clients may sign their assertions with: never a shared key.
pub(super) const ASSERTION_ALGORITHMS: [Algorithm; 4] =
    [Algorithm::EdDSA, Algorithm::ES256, Algorithm::PS256, Algorithm::RS256];

/// Looks after the clients of a service.
///
/// # Security
///
/// A secret has 256 random bits and is kept as a hash; nobody sees it twice. What changes here
/// counts from the next request on, for tokens that are out already too.
///
/// # Example
///
/// ```
/// # use std::sync::Arc;
/// # use auth_runtime::{jwt::KeySet, store::MemoryStore};
/// use auth_runtime::{Auth, oauth::{Clients, NewClient}, policy, policy_types::{Algorithm, GrantType}};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let partner = KeySet::parse(KeySet::generate(Algorithm::ES256)?.expose(), &[])?;
/// # let partner = KeySet::published(&partner.public_jwk_set().to_string(), &[Algorithm::ES256])?;
/// # let keys = KeySet::from_jwk_set(KeySet::generate(Algorithm::EdDSA)?.expose())?;
/// let auth = Auth::from_policy(policy!())
///     # .keys("jwt", keys).keys("partner", partner)
///     .store(Arc::new(MemoryStore::new()))
///     .build()
///     .await?;
/// let clients = Clients::of(&auth).ok_or("the engine has no store")?;
/// let report = NewClient::new("report", "Nightly report")
///     .grants([GrantType::ClientCredentials])
///     .scopes(["read:posts"]);
/// let registered = clients.register(report).await?;
/// assert_eq!(registered.client.subject(), "client:report");
/// assert!(registered.secret.is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Clients {
    auth: Auth,
    store: Arc<dyn Store>,
    actor: Option<Subject>,
}

/// A client that was registered.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The client.
    pub client: Client,
    /// Its secret, if it has one: the only time that it is seen.
    pub secret: Option<Secret>,
}

impl Clients {
    /// The clients of an engine; `None` when it has no store.
    pub fn of(auth: &Auth) -> Option<Self> {
        let store = Arc::clone(auth.store()?);
        Some(Self { auth: auth.clone(), store, actor: None })
    }

    /// The same, changed by that caller from here on: audit events name who it was.
    #[must_use]
    pub fn by(&self, actor: &Identity) -> Self {
        Self { actor: Some(actor.subject().clone()), ..self.clone() }
    }

    /// Registers a client.
    ///
    /// # Errors
    ///
    /// [`ClientError::Taken`] for an id that some client has; the other variants for what no client
    /// may be, and when the store or the source of randomness fails.
    pub async fn register(&self, new: NewClient) -> Result<Registered, ClientError> {
        let NewClient { mut client, jwks } = new;
        client.registered_at = self.auth.now();
        self.check(&client)?;
        check_keys(&client, jwks.as_deref())?;
        let secret = match client.public || jwks.is_some() {
            true => None,
            false => Some(new_secret()?),
        };
        let key = record::key(&client.id).ok_or(ClientError::BadId)?;
        let stored = Stored::new(client.clone(), secret.as_ref(), jwks);
        if !self.store.insert(&key, &stored.to_bytes(), None, self.auth.now()).await? {
            return Err(ClientError::Taken);
        }
        self.report(Kind::ClientCreated, &client.id, None);
        Ok(Registered { client, secret })
    }

    /// The client of that id.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn by_id(&self, id: &str) -> Result<Option<Client>, StoreError> {
        Ok(self.stored(id).await?.map(Stored::client))
    }

    /// A new secret. The one before it stays good beside it, so that nothing stops while the new one
    /// is brought to where it is used: until [`retire_secrets`](Self::retire_secrets), or the next.
    ///
    /// # Errors
    ///
    /// [`ClientError::NoSecret`] for a client that has none; [`ClientError::NoSuchClient`].
    pub async fn new_secret(&self, id: &str) -> Result<Secret, ClientError> {
        let secret = new_secret()?;
        self.change(id, |stored| {
            if !stored.has_secrets() {
                return Err(ClientError::NoSecret);
            }
            stored.add_secret(&secret);
            Ok(())
        })
        .await?;
        self.report(Kind::ClientRotated, id, Some("secret-added"));
        Ok(secret)
    }

    /// Ends a rotation: only the newest secret stays good.
    ///
    /// # Errors
    ///
    /// [`ClientError::NoSuchClient`], and when the store fails.
    pub async fn retire_secrets(&self, id: &str) -> Result<(), ClientError> {
        self.change(id, |stored| {
            stored.retire_secrets();
            Ok(())
        })
        .await?;
        self.report(Kind::ClientRotated, id, Some("secrets-retired"));
        Ok(())
    }

    /// Closes a client, or opens it again. A closed one gets no tokens, and those it has are refused.
    ///
    /// # Errors
    ///
    /// [`ClientError::NoSuchClient`], and when the store fails.
    pub async fn set_disabled(&self, id: &str, disabled: bool) -> Result<(), ClientError> {
        self.change(id, |stored| {
            stored.set_disabled(disabled);
            Ok(())
        })
        .await?;
        self.report(
            Kind::ClientChanged,
            id,
            Some(if disabled { "client-closed" } else { "client-opened" }),
        );
        Ok(())
    }

    /// Sets the ceiling of a client anew: also that of the tokens it has.
    ///
    /// # Errors
    ///
    /// [`ClientError::UnknownScope`], [`ClientError::NoSuchClient`], and when the store fails.
    pub async fn set_scopes(&self, id: &str, scopes: Vec<String>) -> Result<(), ClientError> {
        self.check_scopes(&scopes)?;
        self.change(id, |stored| {
            stored.set_scopes(scopes.clone());
            Ok(())
        })
        .await?;
        self.report(Kind::ClientChanged, id, Some("client-scopes"));
        Ok(())
    }

    /// Sets anew where browsers may be sent back to. What is on its way to another address arrives
    /// nowhere.
    ///
    /// # Errors
    ///
    /// [`ClientError::BadRedirectUri`], [`ClientError::TooManyRedirectUris`],
    /// [`ClientError::NoSuchClient`], and when the store fails.
    pub async fn set_redirect_uris(&self, id: &str, uris: Vec<String>) -> Result<(), ClientError> {
        check_redirect_uris(&uris)?;
        self.change(id, |stored| {
            stored.set_redirect_uris(uris.clone());
            Ok(())
        })
        .await?;
        self.report(Kind::ClientChanged, id, Some("client-redirect-uris"));
        Ok(())
    }

    /// Forgets a client: `false` says that there was none. Its tokens are refused, also when another
    /// is registered under its id in a second after that.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn delete(&self, id: &str) -> Result<bool, StoreError> {
        let Some(key) = record::key(id) else { return Ok(false) };
        let deleted = self.store.delete(&key, self.auth.now()).await?;
        if deleted {
            self.report(Kind::ClientRemoved, id, None);
        }
        Ok(deleted)
    }

    fn report(&self, kind: Kind, id: &str, cause: Option<&'static str>) {
        self.auth.record(&Event {
            client: Some(id),
            actor: self.actor.as_ref(),
            cause,
            ..self.auth.event(kind)
        });
    }

    pub(super) async fn stored(&self, id: &str) -> Result<Option<Stored>, StoreError> {
        let Some(key) = record::key(id) else { return Ok(None) };
        let record = self.store.get(&key, self.auth.now()).await?;
        record.map(|record| Stored::from_bytes(&record.value)).transpose()
    }

    async fn change(
        &self,
        id: &str,
        change: impl Fn(&mut Stored) -> Result<(), ClientError>,
    ) -> Result<(), ClientError> {
        let (key, now) = (record::key(id).ok_or(ClientError::NoSuchClient)?, self.auth.now());
        for _ in 0..ATTEMPTS {
            let record = self.store.get(&key, now).await?.ok_or(ClientError::NoSuchClient)?;
            let mut stored = Stored::from_bytes(&record.value)?;
            change(&mut stored)?;
            if self.store.swap(&key, record.version, &stored.to_bytes(), None, now).await? {
                return Ok(());
            }
        }
        Err(StoreError::Unavailable("a client changed under every attempt".to_owned()).into())
    }

    fn check(&self, client: &Client) -> Result<(), ClientError> {
        if client.id.len() > MAX_ID_BYTES || record::key(&client.id).is_none() {
            return Err(ClientError::BadId);
        }
        if client.name.trim().is_empty() || client.name.len() > MAX_NAME_BYTES {
            return Err(ClientError::BadName);
        }
        // SECURITY: whoever has no secret is whoever says so, and must not act for itself.
        if client.public && (client.may(GrantType::ClientCredentials) || client.introspects) {
            return Err(ClientError::Public);
        }
        check_redirect_uris(&client.redirect_uris)?;
        self.check_scopes(&client.scopes)
    }

    fn check_scopes(&self, scopes: &[String]) -> Result<(), ClientError> {
        let policy = self.auth.policy();
        match scopes.iter().find(|scope| policy.scope_id(scope).is_none()) {
            Some(unknown) => Err(ClientError::UnknownScope(unknown.clone())),
            None => Ok(()),
        }
    }
}

fn new_secret() -> Result<Secret, RandomError> {
    random::token(SECRET_BYTES).map(Secret::from)
}

fn check_redirect_uris(uris: &[String]) -> Result<(), ClientError> {
    if let Some(bad) = uris.iter().find(|uri| !redirect_uri::may_be_registered(uri)) {
        return Err(ClientError::BadRedirectUri(bad.clone()));
    }
    match uris.len() {
        0..=MAX_REDIRECT_URIS => Ok(()),
        _ => Err(ClientError::TooManyRedirectUris),
    }
}

fn check_keys(client: &Client, jwks: Option<&str>) -> Result<(), ClientError> {
    let Some(jwks) = jwks else { return Ok(()) };
    if client.public {
        return Err(ClientError::Public);
    }
    let keys = KeySet::published(jwks, &ASSERTION_ALGORITHMS).map_err(ClientError::Keys)?;
    if keys.keys().len() > MAX_CLIENT_KEYS { Err(ClientError::TooManyKeys) } else { Ok(()) }
}

/// Why a client was not registered or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientError {
    /// The id is empty, too long, or has other characters than letters, digits, `-` and `_`.
    BadId,
    /// The name is empty or longer than 100 bytes.
    BadName,
    /// Some client has that id.
    Taken,
    /// There is no client of that id.
    NoSuchClient,
    /// The client has no secret that could be rotated.
    NoSecret,
    /// A client without a secret was to act for itself, look up tokens, or sign.
    Public,
    /// A scope that the policy does not declare.
    UnknownScope(String),
    /// A redirect URI that no browser may be sent to: see
    /// [`NewClient::redirect_uris`](super::NewClient::redirect_uris).
    BadRedirectUri(String),
    /// More than 20 redirect URIs.
    TooManyRedirectUris,
    /// A key of the client is private, shared, or of no use.
    Keys(KeyError),
    /// More than four keys.
    TooManyKeys,
    /// There was no randomness.
    Random,
    /// The store gave no answer.
    Store(StoreError),
}

impl From<StoreError> for ClientError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<RandomError> for ClientError {
    fn from(_: RandomError) -> Self {
        Self::Random
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadId => f.write_str("a client's id is 1 to 64 letters, digits, `-` and `_`"),
            Self::BadName => f.write_str("a client's name is 1 to 100 bytes"),
            Self::Taken => f.write_str("some client has that id"),
            Self::NoSuchClient => f.write_str("there is no such client"),
            Self::NoSecret => f.write_str("the client has no secret"),
            Self::Public => f.write_str("a client that can keep no secret may not do that"),
            Self::UnknownScope(name) => write!(f, "the policy declares no scope `{name}`"),
            Self::BadRedirectUri(uri) => write!(f, "browsers cannot be sent back to `{uri}`"),
            Self::TooManyRedirectUris => f.write_str("a client has at most 20 redirect URIs"),
            Self::Keys(error) => error.fmt(f),
            Self::TooManyKeys => f.write_str("a client has at most four keys"),
            Self::Random => f.write_str("there were no random bytes for a secret"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl Error for ClientError {}
