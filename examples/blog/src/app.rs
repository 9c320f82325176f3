//! The application. In: an engine. Out: its state, and the router that serves it.

use std::{error::Error, sync::Arc};

use auth_runtime::{
    Auth, Protected, Router,
    limit::SignInLimit,
    password::{Context, Hasher, Rules},
    policy_types::EndpointKind,
    problem::Problem,
    reset::{Notifier, PasswordResets},
    routing::{get, post},
    secret::Secret,
    sign_in::PasswordSignIn,
    store::Store,
    tokens::Tokens,
    wellknown,
};
use axum::extract::DefaultBodyLimit;
use tokio::sync::Semaphore;

use crate::{
    accounts::People, admin, login, pages, posts, posts::Posts, profile, refusal::unprocessable,
    register, reset,
};

/// The largest body any endpoint takes, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// How many password resets may be under way at once: the work goes on after the answer.
const RESETS_AT_ONCE: usize = 64;

/// What this service is called: the first words that somebody would try.
const SERVICE_WORDS: [&str; 1] = ["blog"];

/// What handlers share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) auth: Auth,
    pub(crate) hasher: Hasher,
    pub(crate) rules: Arc<Rules>,
    pub(crate) people: People,
    pub(crate) sign_in: PasswordSignIn,
    pub(crate) tokens: Tokens,
    pub(crate) posts: Posts,
    pub(crate) resets: PasswordResets,
    pub(crate) resets_at_once: Arc<Semaphore>,
    pub(crate) notifier: Arc<dyn Notifier>,
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
        let limit = SignInLimit::of(&auth, EndpointKind::Login).ok_or("no limit of sign-ins")?;
        let sign_in = PasswordSignIn::new(auth.clone(), hasher.clone())?.limited(limit);
        let tokens = Tokens::new(auth.clone()).await?;
        let posts = Posts::new(Arc::clone(&store));
        let resets = PasswordResets::new(store);
        let resets_at_once = Arc::new(Semaphore::new(RESETS_AT_ONCE));
        Ok(Self {
            auth,
            hasher,
            rules,
            people,
            sign_in,
            tokens,
            posts,
            resets,
            resets_at_once,
            notifier,
        })
    }

    /// Whether somebody of that name may have that password.
    pub(crate) fn check_password(
        &self,
        password: &Secret,
        name: &str,
        email: Option<&str>,
    ) -> Result<(), Problem> {
        let somebody = Context { username: name, email, ..Context::default() };
        self.rules.check(password, &somebody).map_err(|weaknesses| {
            unprocessable("this password is guessed too soon: `reasons` says why")
                .reasons(weaknesses.codes())
        })
    }

    pub(crate) fn router(self) -> Protected {
        let auth = self.auth.clone();
        Router::new()
            .route("/", get(pages::landing))
            .route("/healthz", get(pages::health))
            .route("/.well-known/jwks.json", wellknown::jwks())
            .route("/auth/register", post(register::register))
            .route("/auth/login", post(login::login))
            .route("/auth/refresh", post(login::refresh))
            .route("/auth/logout", post(login::logout))
            .route("/auth/logout/all", post(login::logout_everywhere))
            .route("/auth/password", post(register::change_password))
            .route("/auth/password/reset", post(reset::begin))
            .route("/auth/password/reset/confirm", post(reset::confirm))
            .route("/auth/me", get(login::me))
            .route("/posts", get(posts::list).post(posts::create))
            .route("/posts/{id}", get(posts::show).put(posts::edit).delete(posts::remove))
            .route("/api/data", get(posts::data))
            .route("/profile", get(profile::show).put(profile::edit))
            .route("/admin/users", get(admin::list))
            .route("/admin/users/{id}/disable", post(admin::disable))
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .with_state(self)
            .protect(auth)
    }
}
