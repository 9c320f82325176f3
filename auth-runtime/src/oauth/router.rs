//! The endpoints of the authorization server. In: the tokens of an engine. Out: a router to merge.

use std::{error::Error, fmt, sync::Arc};

use auth_policy::settings::GrantType;
use axum::{
    extract::DefaultBodyLimit,
    http::{HeaderValue, header},
    middleware::map_response,
    response::Response,
};

use super::{
    authorize, clients::Clients, consent::ConsentPage, introspect::introspect, metadata,
    revoke::revoke, token::token,
};
use crate::{
    Auth,
    routing::{Router, get, post},
    store::Store,
    tokens::Tokens,
};

/// The largest body these endpoints take, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// Where the endpoints are, below the issuer.
pub(super) mod path {
    pub(crate) const AUTHORIZE: &str = "/oauth/authorize";
    pub(crate) const TOKEN: &str = "/oauth/token";
    pub(in crate::oauth) const REVOKE: &str = "/oauth/revoke";
    pub(in crate::oauth) const INTROSPECT: &str = "/oauth/introspect";
    pub(in crate::oauth) const JWKS: &str = "/.well-known/jwks.json";
    pub(in crate::oauth) const SERVER: &str = "/.well-known/oauth-authorization-server";
    pub(in crate::oauth) const RESOURCE: &str = "/.well-known/oauth-protected-resource";
}

/// The authorization server of an engine.
///
/// | endpoint | answer |
/// |---|---|
/// | `GET /oauth/authorize` | 200: the application's page that asks for consent; 303 to sign in first |
/// | `POST /oauth/authorize` | 303: back to the client, with a code or an error |
/// | `POST /oauth/token` | 200: an access token, for what the client is registered for |
/// | `POST /oauth/revoke` `token` | 200, whatever the token was |
/// | `POST /oauth/introspect` `token` | 200: what it is worth now, or `{"active":false}` |
/// | `GET /.well-known/oauth-authorization-server` | 200: what is offered here |
/// | `GET /.well-known/oauth-protected-resource` | 200: what this API asks for |
///
/// The first two are there where the application has a page for them: [`consent`](Self::consent).
/// The next three take a form and know a client by `Authorization: Basic`, by `client_id` and
/// `client_secret` in the body, or by a signed `client_assertion`. Their refusals have the body of
/// RFC 6749. The key set that the documents name is [`wellknown::jwks`](crate::wellknown::jwks).
///
/// # Security
///
/// They belong at the root of the issuer, which is where the documents say they are. How often they
/// answer is said by `endpoints.token` of the policy.
///
/// # Example
///
/// ```
/// # use std::sync::Arc;
/// # use auth_runtime::{jwt::KeySet, policy_types::Algorithm, store::MemoryStore};
/// use auth_runtime::{Auth, Router, oauth::{OAuth, OAuthSetupError}, policy, tokens::Tokens};
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
/// match OAuth::new(Tokens::new(auth.clone()).await?) {
///     Ok(oauth) => assert!(Router::<()>::new().merge(oauth.router()).protect(auth).inventory().to_string().contains("/oauth/token")),
///     // The policy of this example has no section `oauth`.
///     Err(error) => assert_eq!(error, OAuthSetupError::NotInPolicy),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct OAuth {
    tokens: Tokens,
    clients: Clients,
    store: Arc<dyn Store>,
    pages: Option<Arc<dyn ConsentPage>>,
}

impl OAuth {
    /// The authorization server of those tokens' engine.
    ///
    /// # Errors
    ///
    /// When the policy has no section `oauth`, the issuer is no origin, or there is no store.
    pub fn new(tokens: Tokens) -> Result<Self, OAuthSetupError> {
        let auth = tokens.auth();
        let policy = auth.policy();
        policy.oauth().ok_or(OAuthSetupError::NotInPolicy)?;
        let (_, scheme) = policy.jwt().ok_or(OAuthSetupError::NotInPolicy)?;
        if !is_origin(&scheme.issuer) {
            return Err(OAuthSetupError::IssuerWithPath(scheme.issuer.clone()));
        }
        let store = Arc::clone(auth.store().ok_or(OAuthSetupError::NoStore)?);
        let clients = Clients::of(auth).ok_or(OAuthSetupError::NoStore)?;
        Ok(Self { clients, store, tokens, pages: None })
    }

    /// The same with the pages where people let clients in: without them there is no authorization
    /// code grant, whatever the policy says.
    #[must_use]
    pub fn consent(self, pages: impl ConsentPage) -> Self {
        Self { pages: Some(Arc::new(pages)), ..self }
    }

    /// The clients it knows.
    pub fn clients(&self) -> &Clients {
        &self.clients
    }

    /// The router, for [`Router::merge`].
    #[track_caller]
    pub fn router<S>(self) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        let asks = match self.pages {
            Some(_) => Router::new()
                .route(path::AUTHORIZE, get(authorize::ask).post(authorize::decide))
                .layer(map_response(authorize::kept_to_itself)),
            None => Router::new(),
        };
        Router::new()
            .route(path::TOKEN, post(token))
            .route(path::REVOKE, post(revoke))
            .route(path::INTROSPECT, post(introspect))
            .layer(map_response(never_stored))
            .route(path::SERVER, get(metadata::server))
            .route(path::RESOURCE, get(metadata::resource))
            .merge(asks)
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .with_state(self)
    }

    pub(super) fn auth(&self) -> &Auth {
        self.tokens.auth()
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    pub(super) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// What a token is given for, by the policy in force and as far as it is mounted.
    pub(super) fn offered(&self) -> Vec<GrantType> {
        let policy = self.auth().policy();
        let grants = policy.oauth().map(|oauth| oauth.grants.clone()).unwrap_or_default();
        let mounted = |grant: &GrantType| match grant {
            GrantType::AuthorizationCode => self.pages.is_some(),
            GrantType::ClientCredentials | GrantType::RefreshToken => true,
            _ => false,
        };
        grants.into_iter().filter(mounted).collect()
    }

    /// The pages where people let clients in.
    pub(super) fn pages(&self) -> Option<&dyn ConsentPage> {
        self.pages.as_deref()
    }

    /// Whom an assertion for us names: the issuer, or the endpoint it is shown to.
    pub(super) fn audiences(&self) -> [String; 2] {
        let issuer = self.auth().own_issuer();
        [issuer.to_string(), format!("{issuer}{}", path::TOKEN)]
    }
}

/// Answers with tokens in them, and those about tokens (RFC 6749, section 5.1).
async fn never_stored(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// Whether an issuer is a scheme and a host: where well-known paths begin at its root.
fn is_origin(issuer: &str) -> bool {
    issuer.strip_prefix("https://").is_some_and(|host| !host.contains('/'))
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth").field("auth", self.auth()).finish_non_exhaustive()
    }
}

/// Why there is no authorization server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OAuthSetupError {
    /// The policy has no section `oauth`.
    NotInPolicy,
    /// The engine has no store.
    NoStore,
    /// The issuer has a path, where the endpoints could not be what the documents say.
    IssuerWithPath(String),
}

impl fmt::Display for OAuthSetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInPolicy => f.write_str("the policy has no section `oauth`"),
            Self::NoStore => f.write_str("the engine has no store: give it one with `.store(..)`"),
            Self::IssuerWithPath(issuer) => {
                write!(f, "the issuer `{issuer}` is no origin: write `https://` and a host alone")
            }
        }
    }
}

impl Error for OAuthSetupError {}
