//! Authorization codes. In: what somebody consented to. Out: a code, which gives it once and soon, to
//! whom it was meant for.
//!
//! The store has a hash of the code, and beside it what was consented to. A code that was used stays
//! for a while, so that a second use is known for what it is: it ends what came of the first.

use auth_policy::settings::OAuth as Settings;
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::{client::Client, pkce::Challenge};
use crate::{
    clock::Timestamp,
    random::{self, RandomError},
    refresh::Consented,
    secret::Secret,
    store::{Collection, Key, Owner, Record, Store, StoreError},
    tokens::Consent,
};

const CODES: Collection = Collection("oauth-code");

/// How many random bytes a code has.
const CODE_BYTES: usize = 32;
/// How many random bytes the id of its family has.
const FAMILY_BYTES: usize = 16;
/// How often an attempt tries again when others present the same code at the same time. Each lost
/// attempt means that somebody else's was written, after which the next read answers.
const ATTEMPTS: usize = 8;

/// What a code stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Granted {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    /// SECURITY: without one, which no code is issued without, no verifier is enough.
    #[serde(default)]
    pub(super) challenge: Challenge,
    /// In seconds since 1970.
    #[serde(default)]
    pub(super) issued_at: i64,
    pub(super) account_id: String,
    pub(super) session_id: String,
    pub(super) password_mark: String,
    pub(super) scopes: Vec<String>,
    pub(super) authenticated_at: Option<i64>,
    pub(super) acr: Option<String>,
}

/// A code as it is kept.
#[derive(Serialize, Deserialize)]
struct Stored {
    granted: Granted,
    /// The id of the family that its use begins: set aside now, so that whoever sees a second use
    /// knows what to end, however far the first has come.
    family_id: String,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Fresh,
    Used,
    /// Presented again after it was used.
    Replayed,
}

/// What somebody presents a code with.
pub(super) struct Presented<'p> {
    pub(super) code: &'p Secret,
    pub(super) client: &'p Client,
    pub(super) redirect_uri: Option<&'p str>,
    pub(super) verifier: Option<&'p Secret>,
}

/// What a presented code comes to.
pub(super) enum Outcome {
    /// It is used up now, and this is what it gives.
    Given(Used),
    /// It gives nothing, for this cause.
    Refused(&'static str),
    /// It was used before: what came of it has to end.
    Replayed(Used),
}

/// A code that was used.
pub(super) struct Used {
    key: Key,
    pub(super) granted: Granted,
    pub(super) family_id: String,
}

/// Issues a code.
pub(super) async fn issue(
    store: &dyn Store,
    granted: Granted,
    until: Timestamp,
    now: Timestamp,
) -> Result<Secret, CodeError> {
    let code = Secret::from(random::token(CODE_BYTES)?);
    let family_id = random::token(FAMILY_BYTES)?;
    let stored = Stored { granted, family_id, state: State::Fresh };
    let key = key(&code).ok_or(CodeError::Random)?;
    match store.insert(&key, &stored.to_bytes(), Some(until), now).await? {
        true => Ok(code),
        false => Err(CodeError::Random),
    }
}

/// What a code gives, once.
///
/// SECURITY: whoever presents a code that was used has seen it, and so has somebody else: then it is
/// a replay, whatever else they say. One that is fresh is used up by the right presentation alone, or
/// whoever sees a code could end it.
pub(super) async fn redeem(
    store: &dyn Store,
    presented: &Presented<'_>,
    now: Timestamp,
) -> Result<Outcome, StoreError> {
    let Some(key) = key(presented.code) else { return Ok(Outcome::Refused("code-unknown")) };
    for _ in 0..ATTEMPTS {
        let Some(record) = store.get(&key, now).await? else {
            return Ok(Outcome::Refused("code-unknown"));
        };
        let stored = Stored::from_bytes(&record.value)?;
        if stored.state != State::Fresh {
            mark_replayed(store, record, now).await?;
            let Stored { granted, family_id, .. } = stored;
            return Ok(Outcome::Replayed(Used { key, granted, family_id }));
        }
        if let Err(cause) = stored.granted.suits(presented) {
            return Ok(Outcome::Refused(cause));
        }
        let used = Stored { state: State::Used, ..stored };
        // Long enough to know it again for as long as any code may live.
        let until = Some(now.plus(Settings::LONGEST_CODE_TTL));
        if store.swap(&key, record.version, &used.to_bytes(), until, now).await? {
            let Stored { granted, family_id, .. } = used;
            return Ok(Outcome::Given(Used { key, granted, family_id }));
        }
    }
    Err(StoreError::Unavailable("a code changed under every attempt".to_owned()))
}

/// Writes down that a code was presented again.
///
/// INVARIANT: this comes before the end of the family, and [`Used::was_replayed`] after its
/// beginning. So either the end finds the family, or the beginning finds this.
async fn mark_replayed(
    store: &dyn Store,
    mut record: Record,
    now: Timestamp,
) -> Result<(), StoreError> {
    for _ in 0..ATTEMPTS {
        let stored = Stored::from_bytes(&record.value)?;
        if stored.state == State::Replayed {
            return Ok(());
        }
        let replayed = Stored { state: State::Replayed, ..stored }.to_bytes();
        let (version, until) = (record.version, record.expires_at);
        if store.swap(&record.key, version, &replayed, until, now).await? {
            return Ok(());
        }
        match store.get(&record.key, now).await? {
            Some(current) => record = current,
            None => return Ok(()),
        }
    }
    Err(StoreError::Unavailable("a code changed under every attempt".to_owned()))
}

impl Used {
    /// Whether it was presented again since it was used. One that is not there any more was used so
    /// long ago that nobody knows.
    pub(super) async fn was_replayed(
        &self,
        store: &dyn Store,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(record) = store.get(&self.key, now).await? else { return Ok(true) };
        Ok(Stored::from_bytes(&record.value)?.state == State::Replayed)
    }

    /// What was consented to, with these of its scopes.
    pub(super) fn consent<'u>(&'u self, scopes: &'u [&'u str]) -> Consent<'u> {
        let granted = &self.granted;
        Consent {
            account_id: &granted.account_id,
            session_id: &granted.session_id,
            password_mark: &granted.password_mark,
            given: Consented {
                client_id: &granted.client_id,
                scopes,
                family_id: &self.family_id,
                authenticated_at: granted.authenticated_at.map(Timestamp),
                acr: granted.acr.as_deref(),
            },
        }
    }
}

impl Granted {
    /// Whether it was meant for this presentation; if not, the cause.
    fn suits(&self, presented: &Presented<'_>) -> Result<(), &'static str> {
        let client = presented.client;
        // SECURITY: one of the same id that was registered later is another client.
        if self.client_id != client.id || Timestamp(self.issued_at) < client.registered_at {
            return Err("code-of-another-client");
        }
        let same = |uri: &str| bool::from(uri.as_bytes().ct_eq(self.redirect_uri.as_bytes()));
        // SECURITY: an address that was taken from a client may be somebody else's by now.
        let own = client.redirect_uris.contains(&self.redirect_uri);
        if !own || !presented.redirect_uri.is_some_and(same) {
            return Err("code-for-another-address");
        }
        match presented.verifier {
            Some(verifier) if self.challenge.is_met_by(verifier) => Ok(()),
            _ => Err("code-verifier-wrong"),
        }
    }
}

impl Stored {
    fn to_bytes(&self) -> Vec<u8> {
        // INVARIANT: strings, numbers and lists of strings are always written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        let damaged = |_| StoreError::Damaged("an authorization code".to_owned());
        serde_json::from_slice(bytes).map_err(damaged)
    }
}

/// Why no code was issued.
#[derive(Debug)]
pub(super) enum CodeError {
    /// There was no randomness.
    Random,
    Store(StoreError),
}

impl From<StoreError> for CodeError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<RandomError> for CodeError {
    fn from(_: RandomError) -> Self {
        Self::Random
    }
}

/// Where a code is kept: under its hash, of which it is its own owner. A fast hash is enough: a code
/// has 256 random bits.
fn key(code: &Secret) -> Option<Key> {
    // The hash is what is kept of a code.
    let hash = digest::digest(&digest::SHA256, code.expose().as_bytes());
    Key::new(CODES, Owner::new(URL_SAFE_NO_PAD.encode(hash.as_ref()))?, "code")
}
