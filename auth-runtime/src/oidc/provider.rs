//! A provider, and where this service is reached. In: what the operator says. Out: the same, held
//! together.

use auth_policy::settings::{self, ClientId, NewAccounts, ProviderKind, SignInResult};

use super::ProviderError;
use crate::{reference::resolve, secret::Secret};

/// What a provider that is handed over is asked: who it is, what they are called, and where they
/// have mail.
const USUAL_SCOPES: [&str; 3] = ["openid", "profile", "email"];

/// Where a sign-in with it leads, unless it is told otherwise.
const START: &str = "/";

/// Somebody who signs people in.
///
/// The `providers` of a policy are such; one more OpenID provider can be handed to
/// [`ProviderSignInBuilder::provider`](super::ProviderSignInBuilder::provider).
///
/// ```
/// use auth_runtime::{oidc::Provider, secret::Secret};
///
/// let secret = Secret::from("from the environment".to_owned());
/// let provider = Provider::new("google", "https://accounts.google.com", "blog", secret)
///     .after(["/account", "/"])
///     .on_failure("/login");
/// assert!(!format!("{provider:?}").contains("environment"));
/// ```
#[derive(Clone, Debug)]
pub struct Provider {
    pub(super) name: String,
    pub(super) kind: ProviderKind,
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
    pub(super) scopes: Vec<String>,
    pub(super) result: SignInResult,
    pub(super) after: Vec<String>,
    pub(super) on_failure: String,
    pub(super) new_accounts: NewAccounts,
}

impl Provider {
    /// An OpenID provider: its name in `/login/{name}`, its issuer byte for byte as it writes it itself,
    /// and who we are there.
    pub fn new(
        name: impl Into<String>,
        issuer: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: Secret,
    ) -> Self {
        let kind = ProviderKind::OpenId { issuer: issuer.into() };
        let scopes = USUAL_SCOPES.map(str::to_owned).to_vec();
        Self {
            name: name.into(),
            kind,
            client_id: client_id.into(),
            client_secret,
            scopes,
            result: SignInResult::Session,
            after: vec![START.to_owned()],
            on_failure: START.to_owned(),
            new_accounts: NewAccounts::Create,
        }
    }

    /// The paths that a sign-in may lead to, the usual one first, as `after` in a policy. Default
    /// `/` alone.
    #[must_use]
    pub fn after<P: Into<String>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.after = paths.into_iter().map(Into::into).collect();
        self
    }

    /// The path that a sign-in leads to that failed, as `on_failure` in a policy. Default `/`.
    #[must_use]
    pub fn on_failure(mut self, path: impl Into<String>) -> Self {
        self.on_failure = path.into();
        self
    }

    /// Whom its people are known by: with their subject it says whose account they have.
    pub(super) fn identity(&self) -> &str {
        match &self.kind {
            ProviderKind::OpenId { issuer } => issuer,
            ProviderKind::OAuth(own) => &own.identity,
        }
    }

    /// A provider of the policy.
    ///
    /// # Errors
    ///
    /// When what it refers to is not there.
    pub(super) fn declared(declared: &settings::Provider) -> Result<Self, ProviderError> {
        let name = &declared.name;
        let lost = |error| ProviderError::Reference { provider: name.clone(), error };
        let client_id = match &declared.client_id {
            ClientId::Literal(text) => text.clone(),
            // Public: every browser that signs in sees it.
            ClientId::Reference(reference) => {
                resolve(reference).map_err(lost)?.expose().trim().to_owned()
            }
        };
        let secret = resolve(&declared.client_secret).map_err(lost)?;
        // What a file holds ends with a line break that belongs to no secret.
        let secret = Secret::from(secret.expose().trim_end_matches(['\r', '\n']).to_owned());
        Ok(Self {
            name: name.clone(),
            kind: declared.kind.clone(),
            client_id,
            client_secret: secret,
            scopes: declared.scopes.clone(),
            result: declared.result,
            after: declared.after.clone(),
            on_failure: declared.on_failure.clone(),
            new_accounts: declared.new_accounts,
        })
    }
}

/// Where this service runs, and so where browsers find it and whom it may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// In use. Providers are asked over `https`, at public addresses alone.
    Production {
        /// How browsers reach this service, such as `https://blog.example`: `https`, a host,
        /// perhaps a port, and nothing behind it.
        ///
        /// # Security
        ///
        /// It is never taken from a request: whoever sends one would choose where codes go.
        origin: String,
    },
    /// On a developer's machine: providers may speak `http` where that stays on the machine, and
    /// this service is where the request found it, if that is on the machine too.
    Development {
        /// Whether browsers reach this service over `https` there.
        over_tls: bool,
    },
}
