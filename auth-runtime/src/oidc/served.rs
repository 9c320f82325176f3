//! The providers that are signed in with now. In: those of a policy, those handed over, and those
//! there were before. Out: each held to what may be asked here, with what is known of it already.

use std::{collections::BTreeMap, sync::Arc};

use auth_policy::{
    Policy,
    settings::{ProviderKind, SignInResult},
};

use super::{Provider, ProviderError, addresses::Pages, remote::Remote};
use crate::{discovery::HttpFetch, outbound::Outbound};

/// Providers by name. They are replaced as one.
#[derive(Default)]
pub(super) struct Served(BTreeMap<String, Arc<Remote>>);

/// What providers are served with, whichever they are.
pub(super) struct Serving {
    /// Those that the policy does not have.
    pub(super) handed: Vec<Provider>,
    pub(super) outbound: Outbound,
    pub(super) fetch: HttpFetch,
    /// Whether sign-ins may end with a session.
    pub(super) sessions: bool,
}

impl Served {
    /// # Errors
    ///
    /// When a secret is not there, an issuer or an endpoint may not be asked, a path is none, or two
    /// providers have one name or would vouch for the same people.
    pub(super) fn new(
        policy: &Policy,
        serving: &Serving,
        before: &Self,
    ) -> Result<Self, ProviderError> {
        let declared = policy.providers().iter().map(Provider::declared);
        let handed = serving.handed.iter().cloned().map(Ok);
        let mut served = BTreeMap::new();
        for provider in declared.chain(handed) {
            let provider = provider?;
            check(&provider, &serving.outbound)?;
            if provider.result == SignInResult::Session && !serving.sessions {
                return Err(ProviderError::NoSession);
            }
            let pages = Pages::new(provider.after.clone(), provider.on_failure.clone())?;
            let name = provider.name.clone();
            let (outbound, fetch) = (serving.outbound.clone(), serving.fetch.clone());
            let remote = Remote::new(provider, pages, outbound, fetch, before.get(&name));
            if served.insert(name.clone(), Arc::new(remote)).is_some() {
                return Err(ProviderError::Twice(name));
            }
        }
        let served = Self(served);
        served.refuse_second_identity()?;
        Ok(served)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Arc<Remote>> {
        self.0.get(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// SECURITY: what a policy may not do, a provider that is handed over may not either: share with
    /// one that signs nothing what its people are known by.
    fn refuse_second_identity(&self) -> Result<(), ProviderError> {
        let all = || self.0.values().map(|remote| &remote.provider);
        let plain = all().filter(|provider| matches!(provider.kind, ProviderKind::OAuth(_)));
        for provider in plain {
            let same = |other: &&Provider| other.identity() == provider.identity();
            if all().filter(same).nth(1).is_some() {
                return Err(ProviderError::SharedIdentity(provider.name.clone()));
            }
        }
        Ok(())
    }
}

fn check(provider: &Provider, outbound: &Outbound) -> Result<(), ProviderError> {
    let Provider { name, kind, client_id, client_secret, .. } = provider;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
        return Err(ProviderError::Name(name.clone()));
    }
    match kind {
        ProviderKind::OpenId { issuer } => {
            if !outbound.admits(issuer) || issuer.contains(['?', '#']) {
                return Err(ProviderError::Issuer(name.clone()));
            }
        }
        ProviderKind::OAuth(own) => {
            let endpoints =
                [&own.authorization_endpoint, &own.token_endpoint, &own.userinfo_endpoint];
            if !endpoints.into_iter().all(|url| outbound.admits(url)) {
                return Err(ProviderError::Endpoint(name.clone()));
            }
        }
    }
    // Looked at for being there.
    if client_id.is_empty() || client_secret.expose().is_empty() {
        return Err(ProviderError::NoClient(name.clone()));
    }
    Ok(())
}
