//! The endpoints of accounts. In: tokens, passwords, and what an application adds. Out: a router to
//! mount, as at `/auth`.

use std::{fmt, sync::Arc};

use auth_policy::settings::EndpointKind;
use axum::{
    extract::DefaultBodyLimit,
    http::{HeaderValue, header},
    middleware::map_response,
    response::Response,
};

use super::{
    login::login,
    logout::{logout, logout_everywhere},
    me::me,
    password::change,
    refresh::refresh,
    reset::{Resets, begin, confirm},
};
use crate::{
    Auth, Denial,
    account::{Account, Accounts},
    clock::Timestamp,
    password::{Context, Hasher, Rules},
    problem::Problem,
    reset::Notifier,
    routing::{Router, get, post},
    secret::Secret,
    sign_in::{PasswordSignIn, SignInError},
    store::Answer,
    tokens::Tokens,
};

/// The largest body these endpoints take, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// Signing in and out, renewing, changing and resetting a password, and who one is.
///
/// | endpoint | who | answer |
/// |---|---|---|
/// | `POST /login` `{username, password, cookie?}` | everybody | 200: tokens, or cookies |
/// | `POST /refresh` `{refresh_token}`, or the cookie | everybody | 200: the next ones |
/// | `POST /logout` | own tokens and sessions | 204: this sign-in has ended |
/// | `POST /logout/all` | own tokens and sessions | 204: every sign-in has ended |
/// | `GET /me` | own tokens, API keys and sessions | 200: who it is, and what it may do |
/// | `POST /password` `{current, new}` | own tokens and sessions | 204: every other sign-in has ended |
/// | `POST /password/reset` `{username}` | everybody | 202, whoever that is |
/// | `POST /password/reset/confirm` `{token, new}` | everybody | 204: every sign-in has ended |
///
/// The policy has to say under `endpoints` how often these answer: `login` (`/login` and `/password`),
/// `refresh`, and with [`resets`](Self::resets) `reset`. Without that, `protect` refuses the router.
///
/// The last two are there with [`resets`](Self::resets) alone. Mounted elsewhere than at `/auth`,
/// the policy's `schemes.jwt.cookies.refresh_path` has to say where `refresh` is.
///
/// # Security
///
/// Bodies are JSON of at most 64 KiB without fields of other names; no answer may be stored. With
/// `"cookie": true` the tokens are in cookies that no script reads, and in no body.
///
/// # Example
///
/// ```
/// # use std::sync::Arc;
/// # use auth_runtime::{jwt::KeySet, policy_types::Algorithm, store::MemoryStore};
/// use auth_runtime::{Auth, Router, endpoints::AccountEndpoints, password::Hasher, policy, tokens::Tokens};
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
/// let hasher = Hasher::new(auth.policy().passwords())?;
/// let accounts = AccountEndpoints::new(Tokens::new(auth.clone()).await?, hasher)?;
/// let app = Router::new().nest("/auth", accounts.router()).protect(auth);
/// assert!(app.inventory().to_string().contains("/auth/login"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AccountEndpoints {
    pub(super) auth: Auth,
    pub(super) accounts: Arc<dyn Accounts>,
    pub(super) tokens: Tokens,
    pub(super) hasher: Hasher,
    pub(super) sign_in: PasswordSignIn,
    pub(super) resets: Option<Resets>,
    rules: Arc<Rules>,
    profiles: Option<Arc<dyn Profiles>>,
    max_username: usize,
}

/// What an application knows of people beside their accounts.
pub trait Profiles: fmt::Debug + Send + Sync + 'static {
    /// What somebody is called: a password of theirs must not be made from it.
    fn names<'a>(&'a self, account: &'a Account, now: Timestamp) -> Answer<'a, KnownNames>;
}

/// What somebody is called, beside the name to sign in with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownNames {
    /// The e-mail address.
    pub email: Option<String>,
    /// Other names, such as the one that is shown.
    pub others: Vec<String>,
}

impl AccountEndpoints {
    /// The endpoints of the accounts of those tokens' engine, whose passwords that hasher hashes.
    ///
    /// # Errors
    ///
    /// [`SignInError::NoStore`] when the engine has no store, and so no accounts.
    pub fn new(tokens: Tokens, hasher: Hasher) -> Result<Self, SignInError> {
        let auth = tokens.auth().clone();
        let accounts = Arc::clone(auth.accounts().ok_or(SignInError::NoStore)?);
        let sign_in = PasswordSignIn::new(auth.clone(), hasher.clone())?;
        let rules = Arc::new(Rules::new(auth.policy().passwords(), &[]));
        let (resets, profiles) = (None, None);
        let max_username = PasswordSignIn::MAX_USERNAME_BYTES;
        Ok(Self { auth, accounts, tokens, hasher, sign_in, resets, rules, profiles, max_username })
    }

    /// Holds new passwords to these rules. Default: those of the policy, without the names of the
    /// service.
    #[must_use]
    pub fn rules(mut self, rules: Arc<Rules>) -> Self {
        self.rules = rules;
        self
    }

    /// Asks there what somebody is called who chooses a new password. Default: the user name alone.
    #[must_use]
    pub fn profiles(mut self, profiles: Arc<dyn Profiles>) -> Self {
        self.profiles = Some(profiles);
        self
    }

    /// Answers 422 to user names of more than so many bytes. Default, and at most, 254.
    #[must_use]
    pub fn max_username(mut self, bytes: usize) -> Self {
        self.max_username = bytes.min(PasswordSignIn::MAX_USERNAME_BYTES);
        self
    }

    /// Adds the endpoints of a forgotten password, whose tokens that notifier sends.
    ///
    /// # Errors
    ///
    /// [`SignInError::NoStore`] when the engine has no store.
    pub fn resets(mut self, notifier: Arc<dyn Notifier>) -> Result<Self, SignInError> {
        let store = self.auth.store().ok_or(SignInError::NoStore)?;
        self.resets = Some(Resets::new(Arc::clone(store), notifier));
        Ok(self)
    }

    /// The router, for [`Router::nest`] or [`Router::merge`].
    pub fn router<S>(self) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        let router = Router::new()
            .route("/login", post(login).called_by_strangers(EndpointKind::Login))
            .route("/refresh", post(refresh).called_by_strangers(EndpointKind::Refresh))
            .route("/logout", post(logout))
            .route("/logout/all", post(logout_everywhere))
            .route("/me", get(me))
            .route("/password", post(change).called_by_strangers(EndpointKind::Login));
        let router = match self.resets {
            Some(_) => router
                .route("/password/reset", post(begin).called_by_strangers(EndpointKind::Reset))
                .route(
                    "/password/reset/confirm",
                    post(confirm).called_by_strangers(EndpointKind::Reset),
                ),
            None => router,
        };
        router
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .layer(map_response(never_stored))
            .with_state(self)
    }

    /// Whether a user name is one that is looked up.
    pub(super) fn check_length(&self, username: &str) -> Result<(), Problem> {
        if username.len() <= self.max_username {
            return Ok(());
        }
        Err(Problem::unprocessable(format!(
            "the user name is longer than {} bytes",
            self.max_username
        )))
    }

    /// Whether that may be the password of an account.
    pub(super) async fn check_password(
        &self,
        password: &Secret,
        account: &Account,
    ) -> Result<(), Denial> {
        let names = match &self.profiles {
            Some(profiles) => profiles.names(account, self.auth.now()).await?,
            None => KnownNames::default(),
        };
        let others: Vec<_> = names.others.iter().map(String::as_str).collect();
        let email = names.email.as_deref();
        let context = Context { username: &account.username, email, names: &others };
        Ok(self.rules.check(password, &context)?)
    }
}

impl fmt::Debug for AccountEndpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountEndpoints")
            .field("auth", &self.auth)
            .field("resets", &self.resets.is_some())
            .finish_non_exhaustive()
    }
}

/// Each of these answers is about one person, and most hold a credential.
async fn never_stored(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
