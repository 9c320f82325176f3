//! Signing in. In: a user name and a password. Out: an access token; and, for whoever holds one,
//! what it is worth.

use auth_runtime::{
    Denial, Identity, Subject, authenticate, extract::Json, jwt::AccessGrant,
    password::PasswordError, problem::Problem, public, secret::Secret,
};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use crate::{accounts::Account, app::App};

/// The longest user name, in bytes.
const MAX_USERNAME: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    username: String,
    password: Secret,
}

#[derive(Serialize)]
struct SignedIn<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    scope: &'a str,
    user: User<'a>,
}

#[derive(Serialize)]
struct User<'a> {
    id: &'a str,
    username: &'a str,
    roles: &'a [String],
}

#[derive(Serialize)]
pub(crate) struct Me {
    subject: String,
    issuer: String,
    scheme: String,
    roles: Vec<String>,
    scopes: Vec<String>,
    /// Seconds since 1970.
    expires_at: i64,
}

#[public(reason = "this is where a credential is obtained")]
pub(crate) async fn login(
    State(app): State<App>,
    Json(credentials): Json<Credentials>,
) -> Result<Response, Denial> {
    if credentials.username.len() > MAX_USERNAME {
        return Err(too_long("the user name is longer than 64 bytes"));
    }
    let account = app.accounts.by_name(&credentials.username);
    // With no such account this costs as much: time does not tell which accounts there are.
    let stored = account.as_ref().map(|account| &account.password);
    let verdict = app.hasher.verify(credentials.password, stored).await.map_err(unverified)?;
    match account.filter(|_| verdict.is_right()) {
        Some(account) if !account.disabled => signed_in(&app, &account),
        Some(account) => Err(refused(&app, Some(&account), "account-disabled")),
        None => Err(refused(&app, None, "wrong-password")),
    }
}

fn signed_in(app: &App, account: &Account) -> Result<Response, Denial> {
    let issuer = app.auth.issuer().ok_or_else(Problem::internal)?;
    let roles: Vec<_> = account.roles.iter().map(String::as_str).collect();
    let grant = AccessGrant::new(&account.id).roles(&roles);
    let token = issuer.access_token(&grant, app.auth.now()).map_err(|error| {
        tracing::error!(%error, "an access token could not be issued");
        Problem::internal()
    })?;
    app.auth.report_login(Some(&subject(app, account)), Ok(()));
    let body = axum::Json(SignedIn {
        // The answer to a sign-in is the one place where the token is seen.
        access_token: token.token.expose(),
        token_type: "Bearer",
        expires_in: token.expires_in.0,
        scope: &token.scope,
        user: User { id: &account.id, username: &account.username, roles: &account.roles },
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], body).into_response())
}

fn refused(app: &App, account: Option<&Account>, cause: &'static str) -> Denial {
    let subject = account.map(|account| subject(app, account));
    app.auth.report_login(subject.as_ref(), Err(cause));
    Denial::wrong_password(app.auth.policy())
}

fn subject(app: &App, account: &Account) -> Subject {
    let issuer = app.auth.issuer().map_or("", |issuer| issuer.issuer());
    Subject { issuer: issuer.into(), id: account.id.as_str().into() }
}

fn unverified(error: PasswordError) -> Denial {
    match error {
        PasswordError::TooLong { .. } => too_long("the password is longer than any this takes"),
        PasswordError::Busy => Problem::unavailable().into(),
        other => {
            tracing::error!(error = %other, "a password could not be verified");
            Problem::internal().into()
        }
    }
}

fn too_long(detail: &str) -> Denial {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unprocessable", "Unprocessable body")
        .detail(detail)
        .into()
}

#[authenticate(jwt | api_key | session)]
pub(crate) async fn me(caller: Identity) -> Json<Me> {
    Json(Me {
        subject: caller.subject().id.to_string(),
        issuer: caller.subject().issuer.to_string(),
        scheme: caller.scheme().to_owned(),
        roles: caller.roles().map(str::to_owned).collect(),
        scopes: caller.scopes().map(str::to_owned).collect(),
        expires_at: caller.expires_at().0,
    })
}
