//! The application. In: an engine. Out: its state, and the router that serves it.

use std::sync::Arc;

use auth_runtime::{
    Auth, Protected, Router,
    password::{Hasher, PasswordError},
    routing::{get, post},
    wellknown,
};
use axum::extract::DefaultBodyLimit;

use crate::{accounts::Accounts, admin, login, pages, posts, posts::Posts, profile};

/// The largest body any endpoint takes, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// What handlers share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) auth: Auth,
    pub(crate) hasher: Hasher,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) posts: Arc<Posts>,
}

impl App {
    pub(crate) fn new(auth: Auth) -> Result<Self, PasswordError> {
        let hasher = Hasher::new(auth.policy().passwords())?;
        Ok(Self { auth, hasher, accounts: Arc::default(), posts: Arc::default() })
    }

    pub(crate) fn router(self) -> Protected {
        let auth = self.auth.clone();
        Router::new()
            .route("/", get(pages::landing))
            .route("/healthz", get(pages::health))
            .route("/.well-known/jwks.json", wellknown::jwks())
            .route("/auth/login", post(login::login))
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
