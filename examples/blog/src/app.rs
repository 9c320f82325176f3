//! The application. In: an engine. Out: its state, and the router that serves it.

use std::{error::Error, sync::Arc};

use auth_runtime::{
    Auth, Protected, Router,
    password::Hasher,
    problem::Problem,
    routing::{get, post},
    secret::Secret,
    store::Store,
    tokens::Tokens,
};
use axum::extract::DefaultBodyLimit;

use crate::{
    accounts::People, admin, login, pages, posts, posts::Posts, profile, refusal::unprocessable,
    register,
};

/// The largest body any endpoint takes, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// What handlers share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) auth: Auth,
    pub(crate) hasher: Hasher,
    pub(crate) people: People,
    pub(crate) tokens: Tokens,
    pub(crate) posts: Arc<Posts>,
}

impl App {
    pub(crate) async fn new(auth: Auth, store: Arc<dyn Store>) -> Result<Self, Box<dyn Error>> {
        let hasher = Hasher::new(auth.policy().passwords())?;
        let people = People::new(store);
        let tokens = Tokens::new(auth.clone(), Arc::new(people.accounts.clone())).await?;
        Ok(Self { auth, hasher, people, tokens, posts: Arc::default() })
    }

    /// Whether somebody of that name may have that password.
    pub(crate) fn check_password(&self, password: &Secret, _: &str) -> Result<(), Problem> {
        // Counted, and not kept.
        let length = password.expose().chars().count();
        let least = self.auth.policy().passwords().min_length as usize;
        if length < least {
            return Err(unprocessable(&format!("a password has {least} characters at least")));
        }
        Ok(())
    }

    pub(crate) fn router(self) -> Protected {
        let auth = self.auth.clone();
        Router::new()
            .route("/", get(pages::landing))
            .route("/healthz", get(pages::health))
            .route("/auth/register", post(register::register))
            .route("/auth/login", post(login::login))
            .route("/auth/refresh", post(login::refresh))
            .route("/auth/logout", post(login::logout))
            .route("/auth/logout/all", post(login::logout_everywhere))
            .route("/auth/password", post(register::change_password))
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
