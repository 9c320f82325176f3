//! A provider over time. In: moments, and codes. Out: its metadata and keys, fetched no oftener than
//! needed, and who signed in.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use auth_policy::settings::{ProfileNames, ProviderKind};
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use tokio::sync::Semaphore;

use super::{
    Profile, Provider,
    addresses::Pages,
    exchange::{self, Tokens},
    failure::Failure,
    id_token::Expected,
    metadata::{Metadata, Signing},
    people,
    transaction::Transaction,
};
use crate::{
    Auth,
    clock::Timestamp,
    discovery::{Fetch, FetchError, HttpFetch, locations},
    jwt::{KeySet, Signed, TokenError, signed_by},
    outbound::Outbound,
    secret::Secret,
};

/// How long metadata and keys are fresh, in seconds.
const FRESH: i64 = 600;
/// How long after one fetch of the keys a token with an unknown key may cause the next, in seconds.
const COOL_DOWN: i64 = 60;
/// For how long nobody waits for a provider that did not answer, in seconds.
const PAUSE: i64 = 5;

/// One provider, and what is known of it.
pub(super) struct Remote {
    pub(super) provider: Provider,
    pub(super) pages: Pages,
    /// What the policy says of it, which needs no fetching.
    declared: Option<Arc<Metadata>>,
    /// What it calls what is known of somebody.
    names: ProfileNames,
    outbound: Outbound,
    fetch: HttpFetch,
    fetched: Arc<Fetched>,
}

/// What was fetched from a provider, and the next fetch.
struct Fetched {
    known: Mutex<Known>,
    /// One place to fetch at, so that of many requests one fetches, and the others find what it
    /// brought.
    place: Semaphore,
}

#[derive(Default)]
struct Known {
    metadata: Option<(Timestamp, Arc<Metadata>)>,
    keys: Option<(Timestamp, Arc<KeySet>)>,
    failed: Option<(Timestamp, FetchError)>,
}

impl Remote {
    /// That provider; what was fetched from it `before`, under another policy, is good still.
    pub(super) fn new(
        provider: Provider,
        pages: Pages,
        outbound: Outbound,
        fetch: HttpFetch,
        before: Option<&Arc<Self>>,
    ) -> Self {
        let before = before.filter(|before| before.provider.kind == provider.kind);
        let fetched = before.map(|before| Arc::clone(&before.fetched)).unwrap_or_default();
        let (declared, names) = match &provider.kind {
            ProviderKind::OpenId { .. } => (None, ProfileNames::default()),
            ProviderKind::OAuth(own) => {
                (Some(Arc::new(Metadata::declared(own))), own.profile.clone())
            }
        };
        Self { provider, pages, declared, names, outbound, fetch, fetched }
    }

    /// What a sign-in goes by at the provider: whom it asks, as whom and for what, and how the answer
    /// is read. Under other terms an answer is not what was asked for.
    pub(super) fn terms(&self, metadata: &Metadata) -> String {
        let Metadata { authorization_endpoint, token_endpoint, userinfo_endpoint, .. } = metadata;
        let Provider { kind, client_id, scopes, .. } = &self.provider;
        let endpoints = (authorization_endpoint, token_endpoint, userinfo_endpoint);
        // INVARIANT: texts are always written.
        let terms = serde_json::to_vec(&(kind, client_id, scopes, endpoints)).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &terms).as_ref())
    }

    /// What is known of its endpoints: what it publishes, or what the policy says.
    pub(super) async fn metadata(&self, auth: &Auth) -> Result<Arc<Metadata>, FetchError> {
        if let Some(declared) = &self.declared {
            return Ok(Arc::clone(declared));
        }
        if let Some(metadata) = self.known().metadata(auth.now()) {
            return Ok(metadata);
        }
        let _place = self.fetched.place.acquire().await.map_err(|_| FetchError::Timeout)?;
        // Waiting for the place has taken its time, and so will the answer.
        let now = auth.now();
        if let Some(metadata) = self.known().metadata(now) {
            return Ok(metadata);
        }
        self.known().pause(now)?;
        let issuer = self.provider.identity();
        let [openid, _] = locations(issuer);
        let read = |text: &str| Metadata::read(text, issuer, &self.outbound);
        let found = self.fetch.get(&openid).await.and_then(|fetched| read(&fetched.body));
        let (mut known, now) = (self.known(), auth.now());
        let metadata = Arc::new(known.note(found, now)?);
        known.metadata = Some((now, Arc::clone(&metadata)));
        Ok(metadata)
    }

    /// Who signed in, by the code the browser brought.
    pub(super) async fn identify(
        &self,
        metadata: &Metadata,
        transaction: &Transaction,
        code: &str,
        auth: &Auth,
    ) -> Result<Profile, Failure> {
        let Self { provider, outbound, .. } = self;
        let tokens = exchange::tokens(outbound, provider, metadata, transaction, code).await?;
        let signed = match &metadata.signing {
            Some(signing) => Some(self.signed(signing, &tokens, transaction, auth).await?),
            None => None,
        };
        let said = match &metadata.userinfo_endpoint {
            Some(url) => Some(exchange::userinfo(outbound, url, &tokens.access_token).await?),
            None => None,
        };
        let mut profile = Profile {
            provider: provider.name.clone(),
            issuer: provider.identity().to_owned(),
            subject: self.subject(signed.as_ref(), said.as_ref())?,
            ..Profile::default()
        };
        for claims in signed.iter().map(|(_, claims)| claims).chain(&said) {
            profile.learn(claims, &self.names);
        }
        Ok(profile)
    }

    /// Who it is: the subject of the ID token, if the rest agrees; without one, whom the provider
    /// names to whoever shows the access token that we have just been given.
    fn subject(
        &self,
        signed: Option<&(String, Value)>,
        said: Option<&Value>,
    ) -> Result<String, Failure> {
        let named = said.and_then(|said| people::subject(said, &self.names));
        match signed {
            Some((subject, _)) if said.is_none() || named.as_ref() == Some(subject) => {
                Ok(subject.clone())
            }
            // SECURITY: an access token that was put in the place of another leads to another person.
            Some(_) => Err(Failure::failed("userinfo-of-somebody-else")),
            None => named.ok_or(Failure::failed("userinfo-without-subject")),
        }
    }

    /// What the ID token says, if it is what was asked for.
    async fn signed(
        &self,
        signing: &Signing,
        tokens: &Tokens,
        transaction: &Transaction,
        auth: &Auth,
    ) -> Result<(String, Value), Failure> {
        let id_token = tokens.id_token.as_ref().ok_or(Failure::failed("token-answer-malformed"))?;
        let signed = self.verify(signing, id_token, auth).await?;
        let nonce = transaction.secrets.nonce();
        let expected = Expected {
            issuer: self.provider.identity(),
            client_id: &self.provider.client_id,
            nonce: &nonce,
            access_token: &tokens.access_token,
        };
        Ok(expected.judge(&signed, auth.now())?)
    }

    /// Checks the signature of an ID token, with keys fetched anew if the one it names is unknown.
    async fn verify(
        &self,
        signing: &Signing,
        id_token: &Secret,
        auth: &Auth,
    ) -> Result<Signed, Failure> {
        // Verified, and then dropped.
        let (token, algorithms) = (id_token.expose(), &signing.algorithms);
        let keys = self.keys(signing, auth, FRESH).await?;
        match signed_by(token, &keys, algorithms) {
            Err(TokenError::KeyUnknown) => {
                let keys = self.keys(signing, auth, COOL_DOWN).await?;
                Ok(signed_by(token, &keys, algorithms)?)
            }
            signed => Ok(signed?),
        }
    }

    /// The provider's keys, no older than that.
    async fn keys(
        &self,
        signing: &Signing,
        auth: &Auth,
        age: i64,
    ) -> Result<Arc<KeySet>, FetchError> {
        if let Some(keys) = self.known().keys(auth.now(), age) {
            return Ok(keys);
        }
        let _place = self.fetched.place.acquire().await.map_err(|_| FetchError::Timeout)?;
        let now = auth.now();
        if let Some(keys) = self.known().keys(now, age) {
            return Ok(keys);
        }
        self.known().pause(now)?;
        let read =
            |text: &str| KeySet::published(text, &signing.algorithms).map_err(FetchError::Keys);
        let found = self.fetch.get(&signing.jwks_uri).await;
        let found = found.and_then(|fetched| match fetched.body.trim_start().starts_with('{') {
            true => read(&fetched.body),
            false => Err(FetchError::NotJson),
        });
        let (mut known, now) = (self.known(), auth.now());
        let keys = Arc::new(known.note(found, now)?);
        known.keys = Some((now, Arc::clone(&keys)));
        Ok(keys)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // INVARIANT: no code that could panic runs while it is locked.
        self.fetched.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Fetched {
    fn default() -> Self {
        Self { known: Mutex::default(), place: Semaphore::new(1) }
    }
}

impl Known {
    /// The metadata, while it is fresh.
    fn metadata(&self, now: Timestamp) -> Option<Arc<Metadata>> {
        let (at, metadata) = self.metadata.as_ref()?;
        within(*at, now, FRESH).then(|| Arc::clone(metadata))
    }

    /// The keys, if they are no older than that.
    fn keys(&self, now: Timestamp, age: i64) -> Option<Arc<KeySet>> {
        let (at, keys) = self.keys.as_ref()?;
        within(*at, now, age).then(|| Arc::clone(keys))
    }

    /// # Errors
    ///
    /// The last failure, while it is so young that nobody should wait for another.
    fn pause(&self, now: Timestamp) -> Result<(), FetchError> {
        match &self.failed {
            Some((at, error)) if within(*at, now, PAUSE) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    fn note<T>(&mut self, found: Result<T, FetchError>, now: Timestamp) -> Result<T, FetchError> {
        self.failed = found.as_ref().err().map(|error| (now, error.clone()));
        found
    }
}

/// Whether that was less than so many seconds ago. A clock that was set back makes nothing young.
fn within(at: Timestamp, now: Timestamp, seconds: i64) -> bool {
    (0..seconds).contains(&now.0.saturating_sub(at.0))
}
