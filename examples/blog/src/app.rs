//! The application. In: an engine. Out: its state, and the router that serves it.

use std::{error::Error, sync::Arc};

use auth_runtime::{
    Auth, Protected, Router,
    api_key::{self, ApiKeys},
    endpoints::AccountEndpoints,
    oauth::OAuth,
    oidc::{self, ProviderSignIn},
    openapi::OpenApiDrift,
    password::{Hasher, Rules},
    reset::Notifier,
    routing::{delete, get, post},
    session::{self, Sessions},
    sign_in::PasswordSignIn,
    store::Store,
    tokens::Tokens,
    wellknown,
};
use axum::extract::DefaultBodyLimit;

use crate::{
    accounts::{MAX_USERNAME, People},
    admin, clients,
    openapi::{self, Document},
    pages, posts,
    posts::Posts,
    profile, register,
};

/// The largest body any endpoint takes, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// What this service is called: the first words that somebody would try.
const SERVICE_WORDS: [&str; 1] = ["blog"];

/// What handlers share.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) auth: Auth,
    pub(crate) hasher: Hasher,
    pub(crate) rules: Arc<Rules>,
    pub(crate) people: People,
    pub(crate) posts: Posts,
    pub(crate) sign_in: PasswordSignIn,
    pub(crate) sessions: Sessions,
    pub(crate) keys: ApiKeys,
    pub(crate) accounts: AccountEndpoints,
    pub(crate) oauth: OAuth,
    pub(crate) openapi: Document,
    /// Who else signs people in, if somebody does.
    pub(crate) provider: Option<ProviderSignIn>,
}

impl App {
    pub(crate) async fn new(
        auth: Auth,
        store: Arc<dyn Store>,
        notifier: Arc<dyn Notifier>,
    ) -> Result<Self, Box<dyn Error>> {
        let hasher = Hasher::new(auth.policy().passwords())?;
        let rules = Arc::new(Rules::new(auth.policy().passwords(), &SERVICE_WORDS));
        let people = People::new(Arc::clone(&store));
        let tokens = Tokens::new(auth.clone()).await?;
        let oauth = OAuth::new(tokens.clone())?.consent(pages::ConsentPages);
        let accounts = AccountEndpoints::new(tokens, hasher.clone())?
            .rules(Arc::clone(&rules))
            .profiles(Arc::new(people.clone()))
            .max_username(MAX_USERNAME)
            .resets(notifier)?;
        let sign_in = PasswordSignIn::new(auth.clone(), hasher.clone())?;
        let sessions = auth.sessions().ok_or("the policy declares no sessions")?;
        let keys = auth.api_keys().ok_or("the policy declares no API keys")?;
        let posts = Posts::new(store);
        Ok(Self {
            auth,
            hasher,
            rules,
            people,
            posts,
            sign_in,
            sessions,
            keys,
            accounts,
            oauth,
            openapi: Document::default(),
            provider: None,
        })
    }

    /// The same, with sign-in with a provider if there is one.
    pub(crate) fn router_with(
        mut self,
        provider: Option<ProviderSignIn>,
    ) -> Result<Protected, OpenApiDrift> {
        self.provider = provider.clone();
        let (auth, document) = (self.auth.clone(), self.openapi.clone());
        let routes = self.routes();
        let routes = match provider {
            Some(provider) => routes.merge(oidc::router(provider)),
            None => routes,
        };
        let blog = routes.protect(auth);
        document.write(&blog)?;
        Ok(blog)
    }

    fn routes(self) -> Router {
        let (accounts, oauth) = (self.accounts.clone(), self.oauth.clone());
        let sessions = session::router(self.sign_in.clone());
        Router::new()
            .merge(pages::routes())
            .route("/healthz", get(pages::health))
            .route("/.well-known/jwks.json", wellknown::jwks())
            .route("/openapi.json", get(openapi::document))
            .route("/auth/register", post(register::register))
            .nest("/auth", accounts.router())
            .route("/posts", get(posts::list).post(posts::create))
            .route("/posts/{id}", get(posts::show).put(posts::edit).delete(posts::remove))
            .route("/api/data", get(posts::data))
            .route("/profile", get(profile::show).put(profile::edit))
            .route("/admin/clients", post(clients::register))
            .route("/admin/clients/{id}", delete(clients::remove))
            .route("/admin/clients/{id}/secret", post(clients::another_secret))
            .route("/admin/users", get(admin::list))
            .route("/admin/users/{id}/disable", post(admin::disable))
            .route("/admin/users/{id}/sessions", delete(admin::end_sessions))
            .merge(sessions)
            .merge(api_key::router())
            .merge(pages::around(oauth))
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .with_state(self)
    }
}

/// Who may call what is in `policies/blog.lock`, beside the policy, and what is meant by it in
/// `policies/blog.test.yaml`. These tests hold the blog to both.
#[cfg(test)]
mod tests {
    use auth_runtime::{jwt::KeySet, policy, policy_types::Algorithm, store::MemoryStore};

    use super::*;
    use crate::{
        outbox::Outbox,
        provider,
        settings::{SettingError, Settings},
    };

    auth_runtime::lock_test!(blog());
    auth_runtime::policy_test!(blog());

    /// The blog with all that it can be set to serve.
    async fn blog() -> Result<Protected, Box<dyn Error>> {
        let store = Arc::new(MemoryStore::new());
        // The keys are inside the text: parsing them is what it is for.
        let keys = KeySet::from_jwk_set(KeySet::generate(Algorithm::EdDSA)?.expose())?;
        let auth = Auth::from_policy(policy!()).keys("jwt", keys).store(store.clone());
        let notifier = Arc::new(Outbox("outbox.jsonl".into()));
        let app = App::new(auth.build().await?, store, notifier).await?;
        let provider = provider::sign_in(&app, &settings()?).await?;
        Ok(app.router_with(provider)?)
    }

    fn settings() -> Result<Settings, SettingError> {
        Settings::read(|name| {
            let value = match name {
                "BLOG_OIDC_ISSUER" => "https://id.example",
                "BLOG_OIDC_CLIENT_ID" => "blog",
                "BLOG_OIDC_CLIENT_SECRET" => "of a provider that nobody asks",
                _ => return None,
            };
            Some(value.to_owned())
        })
    }
}
