//! Credentials for a test. In: one by its names, as the policy's tests have it. Out: the headers of a
//! request that carries it, issued by the engine of the application itself.

use std::sync::Arc;

use auth_policy::{
    Policy,
    access::{Credential, Holder},
    policy::{SchemeKind, ScopeId},
    settings::{GrantType, Seconds},
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::people::{self, People};
use crate::{
    Auth, Identity,
    account::{Account, StoredAccounts},
    api_key::NewApiKey,
    clock::Timestamp,
    identity::Verified,
    jwt::AccessGrant,
    oauth::{Clients, NewClient},
    random,
    roles::Roles,
    secret::Secret,
};

/// Signs a token of a foreign issuer for a test.
pub(super) type Sign = Arc<dyn Fn(&Credential, Timestamp) -> String + Send + Sync>;

/// Issues credentials.
pub(super) struct Mint {
    pub(super) auth: Auth,
    pub(super) people: Option<Arc<dyn People>>,
    pub(super) issuers: Vec<(String, Sign)>,
}

/// Why a credential was not issued.
pub(super) enum Unissued {
    /// It cannot be: for this reason the expectation is not tried.
    Untried(String),
    /// It should have been.
    Failed(String),
}

impl Mint {
    pub(super) async fn headers(&self, credential: &Credential) -> Result<HeaderMap, Unissued> {
        let policy = self.auth.policy();
        let scheme = policy.scheme_id(&credential.scheme).and_then(|id| policy.scheme(id));
        match scheme.map(|scheme| &scheme.kind) {
            Some(SchemeKind::Jwt(_)) => self.token(credential, &policy).await,
            Some(SchemeKind::Session(_)) => self.session(credential).await,
            Some(SchemeKind::ApiKey(_)) => self.key(credential, &policy).await,
            Some(SchemeKind::Issuer(_)) => self.foreign(credential),
            None => Err(Unissued::Failed(format!("no scheme `{}`", credential.scheme))),
        }
    }

    /// An access token. It names the scopes it carries, also those that no role of its holder grants:
    /// so does a token that is older than a change of the policy.
    async fn token(&self, credential: &Credential, policy: &Policy) -> Result<HeaderMap, Unissued> {
        let issuer = self.auth.issuer().ok_or_else(|| failed("no issuer of tokens"))?;
        let words = |names: &[String]| names.to_vec();
        let (roles, scopes) = (words(&credential.roles), words(&credential.scopes));
        let (roles, scopes): (Vec<&str>, Vec<&str>) = (
            roles.iter().map(String::as_str).collect(),
            scopes.iter().map(String::as_str).collect(),
        );
        let client = match credential.holder {
            Holder::Client | Holder::Delegate => Some(self.client(policy).await?),
            Holder::Account | Holder::Foreign => None,
        };
        let subject = match (credential.holder, &client) {
            (Holder::Client, Some(client)) => format!("client:{client}"),
            _ => random::token(12).map_err(|error| failed(&error.to_string()))?,
        };
        let now = self.auth.now();
        let mut grant = AccessGrant::new(&subject).roles(&roles).ceiling(&scopes).scopes(&scopes);
        if let Some(client) = &client {
            grant = grant.client_id(client);
        }
        if let Some(ago) = credential.signed_in {
            grant = grant.authenticated_at(before(now, ago));
        }
        if let Some(acr) = &credential.acr {
            grant = grant.acr(acr);
        }
        let token = issuer.access_token(&grant, now).map_err(|error| failed(&error.to_string()))?;
        bearer(&token.token)
    }

    /// A client that is registered for every scope: its token says how many of them count.
    async fn client(&self, policy: &Policy) -> Result<String, Unissued> {
        let clients = Clients::of(&self.auth).ok_or_else(|| untried("the engine has no store"))?;
        let id = random::token(12).map_err(|error| failed(&error.to_string()))?;
        let id = format!("policy-test-{id}");
        let scopes = policy.scopes().iter().map(|scope| scope.name.clone());
        let new = NewClient::new(&id, "Policy test")
            .grants([GrantType::ClientCredentials])
            .scopes(scopes.collect::<Vec<_>>());
        clients.register(new).await.map_err(|error| untried(&error.to_string()))?;
        Ok(id)
    }

    async fn session(&self, credential: &Credential) -> Result<HeaderMap, Unissued> {
        let sessions = self.auth.sessions().ok_or_else(|| untried("the engine has no store"))?;
        let account = self.account(credential.roles.clone()).await?;
        let ago = credential.signed_in.unwrap_or(Seconds(0));
        let authenticated_at = before(self.auth.now(), ago);
        let begun =
            sessions.begin_for_a_test(&account, authenticated_at, credential.acr.as_deref());
        let begun = begun.await.map_err(|error| failed(&error.to_string()))?;
        let cookie = begun.set_cookie.to_str().unwrap_or_default();
        let cookie = cookie.split(';').next().unwrap_or_default();
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, value(cookie)?);
        // The header that carries it is the one place where it is seen.
        let csrf = value(begun.csrf_token.expose())?;
        headers.insert(HeaderName::from_static("x-csrf-token"), csrf);
        headers.insert(
            HeaderName::from_static("sec-fetch-site"),
            HeaderValue::from_static("same-origin"),
        );
        Ok(headers)
    }

    /// A key of an account that had every role when it was made.
    async fn key(&self, credential: &Credential, policy: &Policy) -> Result<HeaderMap, Unissued> {
        let keys = self.auth.api_keys().ok_or_else(|| untried("the engine has no store"))?;
        let Some((_, settings)) = policy.api_key() else { return Err(failed("no API keys")) };
        let name = |id: &ScopeId| policy.scope(*id).map(|scope| scope.name.clone());
        let ceiling: Vec<String> = settings.grants.iter().filter_map(name).collect();
        let mut scopes: Vec<String> =
            credential.scopes.iter().filter(|name| ceiling.contains(name)).cloned().collect();
        if scopes.is_empty() {
            // Nobody can make a key for nothing; one for anything is as good in these hands.
            scopes = ceiling;
        }
        let all = policy.roles().iter().map(|role| role.name.clone()).collect();
        let account = self.account(all).await?;
        let new = NewApiKey { name: "policy test".to_owned(), scopes, lifetime: None };
        let caller = self.somebody(&account, policy);
        let caller = caller.ok_or_else(|| untried("nothing but a key could make a key here"))?;
        let key = keys.create(&caller, new).await.map_err(|error| untried(&error.to_string()))?;
        self.leave(&account, &credential.roles).await?;
        let header = HeaderName::try_from(&settings.header);
        let header = header.map_err(|_| failed("the header of API keys is none"))?;
        // The header that carries it is the one place where it is seen.
        Ok(HeaderMap::from_iter([(header, value(key.key.expose())?)]))
    }

    fn foreign(&self, credential: &Credential) -> Result<HeaderMap, Unissued> {
        let mut issuers = self.issuers.iter();
        let signing = issuers.find(|(name, _)| *name == credential.scheme);
        let (_, sign) = signing.ok_or_else(|| {
            untried(&format!(
                "nothing signs tokens of `{}`: see `PolicyTest::issuer`",
                credential.scheme
            ))
        })?;
        bearer(&Secret::from(sign(credential, self.auth.now())))
    }

    /// An account of the application with these roles.
    async fn account(&self, roles: Vec<String>) -> Result<Account, Unissued> {
        let now = self.auth.now();
        if let Some(people) = &self.people {
            let made = people.account(&roles, now).await;
            let made = made.map_err(|error| failed(&people::said(&error)))?;
            return match made.roles == roles {
                true => Ok(made),
                false => {
                    Err(untried("nobody in the accounts of the application has just these roles"))
                }
            };
        }
        let stored = self.stored()?;
        let account = people::stored(&stored, roles, now).await.map_err(|error| failed(&error))?;
        let found = match self.auth.accounts() {
            Some(accounts) => accounts.by_id(&account.id, now).await,
            None => Ok(None),
        };
        let found = found.map_err(|error| failed(&error.to_string()))?;
        found.ok_or_else(|| {
            untried("accounts are the application's own: `PolicyTest::people` can make them")
        })
    }

    fn stored(&self) -> Result<StoredAccounts, Unissued> {
        let store = self.auth.store().ok_or_else(|| untried("the engine has no store"))?;
        Ok(StoredAccounts::new(Arc::clone(store)))
    }

    /// Leaves an account these roles.
    async fn leave(&self, account: &Account, roles: &[String]) -> Result<(), Unissued> {
        if self.people.is_some() {
            return Err(untried("a key is made by somebody whose roles change then"));
        }
        let change = |account: &mut Account| account.roles = roles.to_vec();
        let changed = self.stored()?.change(&account.id, change, self.auth.now()).await;
        changed.map(drop).map_err(|error| failed(&error.to_string()))
    }

    /// That account, as it is after a sign-in.
    fn somebody(&self, account: &Account, policy: &Policy) -> Option<Identity> {
        let own = policy.jwt().map(|(id, _)| id).or(policy.session().map(|(id, _)| id));
        let Roles { roles, grants } = self.auth.in_force().worth(&account.roles);
        let verified = Verified {
            subject: self.auth.subject(&account.id),
            scheme: own?,
            scopes: grants,
            roles,
            expires_at: self.auth.now(),
            id: None,
            authenticated_at: Some(self.auth.now()),
            acr: None,
            client_id: None,
            claims: serde_json::Map::new(),
            family: None,
            csrf: None,
        };
        Some(Identity::new(Arc::new(verified), self.auth.policy()))
    }
}

fn before(now: Timestamp, ago: Seconds) -> Timestamp {
    Timestamp(now.0.saturating_sub(i64::try_from(ago.0).unwrap_or(i64::MAX)))
}

fn bearer(token: &Secret) -> Result<HeaderMap, Unissued> {
    // The header that carries it is the one place where it is seen.
    let credentials = value(&format!("Bearer {}", token.expose()))?;
    Ok(HeaderMap::from_iter([(header::AUTHORIZATION, credentials)]))
}

fn value(text: &str) -> Result<HeaderValue, Unissued> {
    let mut value = HeaderValue::try_from(text).map_err(|_| failed("it fits into no header"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn untried(why: &str) -> Unissued {
    Unissued::Untried(why.to_owned())
}

fn failed(why: &str) -> Unissued {
    Unissued::Failed(why.to_owned())
}
