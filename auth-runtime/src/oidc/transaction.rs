//! One sign-in, from the first redirect to the callback. In: a browser that sets out. Out: what the
//! provider is given, what the browser keeps, and of an answer whether it belongs to them.
//!
//! The browser keeps a secret in a cookie; `nonce` and PKCE verifier are derived from it. The store
//! has a hash of it under a hash of `state`: neither a copy of the store nor an address that leaks
//! is enough to go on with a sign-in.

use auth_policy::settings::SameSite;
use aws_lc_rs::digest;
use axum::http::{HeaderMap, HeaderValue};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::{addresses::PATIENCE, failure::Failure};
use crate::{
    clock::Timestamp,
    cookie::SetCookie,
    credential::only_cookie,
    random,
    secret::Secret,
    store::{Collection, Key, Owner, Store},
};

const TRANSACTIONS: Collection = Collection("oidc");

/// Sent along when the provider sends the browser back, which another site then causes: so `Lax`.
const COOKIE: SetCookie<'static> =
    SetCookie { name: "__Host-oidc", path: "/", same_site: SameSite::Lax, max_age: Some(PATIENCE) };

/// How many random bytes `state` and the browser's secret have.
const RANDOM_BYTES: usize = 32;
/// How long both are as text.
const TEXT_BYTES: usize = 43;

/// What is remembered of a sign-in.
#[derive(Serialize, Deserialize)]
struct Stored {
    /// The hash of the browser's secret.
    browser: String,
    provider: String,
    next: String,
    redirect_uri: String,
    #[serde(default)]
    terms: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<LinkTo>,
}

/// Whom a provider's somebody is to be linked to, instead of being signed in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LinkTo {
    pub(super) account_id: String,
    /// The session that wants it: it has to be there still when the answer comes.
    pub(super) session_id: String,
}

/// A sign-in that is to begin.
pub(super) struct Plan<'p> {
    pub(super) provider: &'p str,
    pub(super) next: &'p str,
    pub(super) redirect_uri: &'p str,
    /// What it goes by at the provider.
    pub(super) terms: String,
    pub(super) link: Option<LinkTo>,
}

/// A sign-in that begins.
pub(super) struct Begun {
    pub(super) state: String,
    pub(super) secrets: Secrets,
    pub(super) set_cookie: HeaderValue,
}

/// A sign-in whose answer has come.
pub(super) struct Transaction {
    pub(super) provider: String,
    /// Where the browser goes afterwards.
    pub(super) next: String,
    /// Where the provider was told to send the browser.
    pub(super) redirect_uri: String,
    /// What it went by at the provider when it began.
    pub(super) terms: String,
    pub(super) link: Option<LinkTo>,
    pub(super) secrets: Secrets,
}

/// What the browser's secret stands for.
pub(super) struct Secrets(Secret);

impl Secrets {
    /// What the ID token must repeat.
    pub(super) fn nonce(&self) -> Secret {
        self.derive("nonce")
    }

    /// The PKCE verifier (RFC 7636): 43 characters.
    pub(super) fn verifier(&self) -> Secret {
        self.derive("verifier")
    }

    /// The PKCE challenge, by `S256`.
    pub(super) fn challenge(&self) -> String {
        // The provider sees the verifier itself when the code is exchanged.
        hash(self.verifier().expose())
    }

    fn derive(&self, purpose: &str) -> Secret {
        // Hashed, so that it leads back to nothing.
        Secret::from(hash(&format!("{purpose}.{}", self.0.expose())))
    }
}

/// Begins a sign-in: from now on the store knows it.
pub(super) async fn begin(
    store: &dyn Store,
    plan: Plan<'_>,
    now: Timestamp,
) -> Result<Begun, Failure> {
    let (state, secret) = (random::token(RANDOM_BYTES)?, random::token(RANDOM_BYTES)?);
    let stored = Stored {
        browser: hash(&secret),
        provider: plan.provider.to_owned(),
        next: plan.next.to_owned(),
        redirect_uri: plan.redirect_uri.to_owned(),
        terms: plan.terms,
        link: plan.link,
    };
    let internal = || Failure::Denied(crate::Denial::internal(), "internal");
    let value = serde_json::to_vec(&stored).map_err(|_| internal())?;
    let key = key(&state).ok_or_else(internal)?;
    if !store.insert(&key, &value, Some(now.plus(PATIENCE)), now).await? {
        return Err(internal());
    }
    let set_cookie = COOKIE.to(&secret).ok_or_else(internal)?;
    Ok(Begun { state, secrets: Secrets(Secret::from(secret)), set_cookie })
}

/// The sign-in that an answer belongs to, which no other answer belongs to from now on.
///
/// # Errors
///
/// [`Failure::Foreign`] when this browser has not begun it, it has been answered, or was too long
/// ago.
pub(super) async fn take(
    store: &dyn Store,
    state: Option<&str>,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Transaction, Failure> {
    let state = state.filter(|state| state.len() == TEXT_BYTES);
    let state = state.ok_or(Failure::Foreign("state-missing"))?;
    let cookie = only_cookie(headers, COOKIE.name).ok().flatten();
    let cookie = cookie.and_then(|value| str::from_utf8(value).ok());
    let secret = cookie.filter(|secret| secret.len() == TEXT_BYTES);
    let secret = Secret::from(secret.ok_or(Failure::Foreign("state-without-cookie"))?.to_owned());

    let unknown = || Failure::Foreign("state-unknown");
    let key = key(state).ok_or_else(unknown)?;
    let record = store.get(&key, now).await?.ok_or_else(unknown)?;
    let stored: Stored = serde_json::from_slice(&record.value).map_err(|_| unknown())?;
    // SECURITY: before it is taken, so that nobody but this browser can end it.
    // The hash is what the store has of it.
    let browser = hash(secret.expose());
    if !bool::from(browser.as_bytes().ct_eq(stored.browser.as_bytes())) {
        return Err(Failure::Foreign("state-of-another-browser"));
    }
    // Of several answers at once, one gets it.
    store.take(&key, now).await?.ok_or_else(unknown)?;
    let Stored { provider, next, redirect_uri, terms, link, .. } = stored;
    Ok(Transaction { provider, next, redirect_uri, terms, link, secrets: Secrets(secret) })
}

/// The header that takes the browser's secret away.
pub(super) fn clear_cookie() -> Option<HeaderValue> {
    COOKIE.clear()
}

fn key(state: &str) -> Option<Key> {
    Key::new(TRANSACTIONS, Owner::new(hash(state))?, "sign-in")
}

fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}
