//! An application with its own table of users. In: people who were there before. Out: their
//! sign-in, by tokens that are renewed and can be ended.
//!
//! What the application brings is in [`people`]: its rows, and the trait [`Accounts`] with two
//! look-ups. What it gets for that from [`Tokens`]: refresh tokens that work once, reuse that ends a
//! family, logout that takes effect at once, and no renewal for somebody who has left.
//!
//! ```sh
//! cargo run -p own-accounts      # prints the endpoints, an address, and a password to sign in with
//! ```
//!
//! For registration, changes of password and profiles, see `examples/blog`.

pub mod people;

use std::{fmt::Display, sync::Arc};

use auth_runtime::{
    Auth, Denial, Identity, Protected, Router, Subject,
    account::{Account, Accounts},
    authenticate,
    extract::Json,
    password::{Hasher, PasswordError},
    problem::Problem,
    public,
    routing::{get, post},
    secret::Secret,
    tokens::{SignedIn, Tokens, TokensError},
};
use axum::{
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use people::People;

/// The longest name that is looked up, in bytes.
const MAX_NAME: usize = 254;

#[derive(Clone)]
struct App {
    auth: Auth,
    people: People,
    tokens: Tokens,
    hasher: Hasher,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    username: String,
    password: Secret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renewal {
    refresh_token: Secret,
}

#[derive(Serialize)]
struct TokenAnswer<'a> {
    access_token: &'a str,
    refresh_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    scope: &'a str,
}

#[public(reason = "this is where a credential is obtained")]
async fn login(State(app): State<App>, Json(sent): Json<Credentials>) -> Result<Response, Denial> {
    let account = known(&app, sent).await?.ok_or_else(|| refuse(&app, "wrong-password"))?;
    match app.tokens.sign_in(&account).await {
        Ok(signed_in) => {
            app.auth.report_login(Some(&subject(&app, &account)), Ok(()));
            Ok(answer(&signed_in))
        }
        Err(TokensError::Refused) => Err(refuse(&app, "account-changed")),
        Err(error) => Err(unavailable(error)),
    }
}

#[public(reason = "the refresh token is the credential")]
async fn refresh(State(app): State<App>, Json(sent): Json<Renewal>) -> Result<Response, Denial> {
    match app.tokens.refresh(&sent.refresh_token).await {
        Ok(renewed) => Ok(answer(&renewed)),
        Err(TokensError::Refused | TokensError::Reused { .. }) => {
            Err(Denial::invalid_grant(app.auth.policy()))
        }
        Err(error) => Err(unavailable(error)),
    }
}

#[authenticate(jwt)]
async fn logout(caller: Identity, State(app): State<App>) -> Result<StatusCode, Denial> {
    app.tokens.sign_out(&caller).await.map_err(unavailable)?;
    Ok(StatusCode::NO_CONTENT)
}

#[authenticate(jwt, scopes = "read:staff")]
async fn me(caller: Identity) -> String {
    caller.subject().id.to_string()
}

#[authenticate(jwt, scopes = "read:salaries")]
async fn salaries() -> &'static str {
    "enough"
}

/// Whose name and password that is, if somebody's who still works here.
async fn known(app: &App, sent: Credentials) -> Result<Option<Account>, Denial> {
    if sent.username.len() > MAX_NAME {
        return Ok(None);
    }
    let found = app.people.by_name(&sent.username, app.auth.now()).await.map_err(unavailable)?;
    // With nobody of that name this costs as much: time does not tell who works here.
    let stored = found.as_ref().map(|account| &account.password);
    match app.hasher.verify(sent.password, stored).await {
        Ok(verdict) => Ok(found.filter(|account| verdict.is_right() && !account.disabled)),
        Err(PasswordError::TooLong { .. }) => Ok(None),
        Err(error) => Err(unavailable(error)),
    }
}

fn answer(signed_in: &SignedIn) -> Response {
    let body = axum::Json(TokenAnswer {
        // The answer to a sign-in is the one place where the tokens are seen.
        access_token: signed_in.access_token.expose(),
        refresh_token: signed_in.refresh_token.expose(),
        token_type: "Bearer",
        expires_in: signed_in.expires_in.0,
        scope: &signed_in.scope,
    });
    ([(header::CACHE_CONTROL, "no-store")], body).into_response()
}

fn refuse(app: &App, cause: &'static str) -> Denial {
    app.auth.report_login(None, Err(cause));
    Denial::wrong_password(app.auth.policy())
}

fn subject(app: &App, account: &Account) -> Subject {
    let issuer = app.auth.issuer().map_or("", |issuer| issuer.issuer());
    Subject { issuer: issuer.into(), id: account.id.as_str().into() }
}

fn unavailable(error: impl Display) -> Denial {
    tracing::error!(%error, "a request could not be answered");
    Problem::unavailable().into()
}

/// The application: those people, behind an engine that asks them who somebody is.
///
/// # Errors
///
/// When the engine has no store, or cannot hash.
pub async fn app(auth: Auth, people: People) -> Result<Protected, Box<dyn std::error::Error>> {
    let tokens = Tokens::new(auth.clone()).await?;
    let hasher = Hasher::new(auth.policy().passwords())?;
    let router = Router::new()
        .route("/login", post(login))
        .route("/refresh", post(refresh))
        .route("/logout", post(logout))
        .route("/me", get(me))
        .route("/salaries", get(salaries))
        .layer(DefaultBodyLimit::max(64 * 1024));
    Ok(router.with_state(App { auth: auth.clone(), people, tokens, hasher }).protect(auth))
}
