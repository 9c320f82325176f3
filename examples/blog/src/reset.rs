//! A forgotten password. In: a user name; then the token that was sent. Out: the same answer for
//! everybody, at once; then a new password, and the end of every sign-in.

use auth_runtime::{
    account::Accounts, extract::Json, problem::Problem, public, reset::ResetError, secret::Secret,
};
use axum::{extract::State, http::StatusCode};
use serde::Deserialize;

use crate::{
    accounts::MAX_USERNAME,
    app::App,
    refusal::{Refusal, unprocessable},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forgotten {
    username: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirmation {
    token: Secret,
    new: Secret,
}

/// Answers before anything is looked up: neither words nor time tell whether there is an account.
#[public(reason = "who has forgotten a password cannot sign in", limit = "login")]
pub(crate) async fn begin(
    State(app): State<App>,
    Json(forgotten): Json<Forgotten>,
) -> Result<StatusCode, Refusal> {
    if forgotten.username.len() > MAX_USERNAME {
        return Err(unprocessable("the user name is longer than 64 bytes").into());
    }
    let Ok(place) = app.resets_at_once.clone().try_acquire_owned() else {
        return Err(Problem::unavailable().into());
    };
    tokio::spawn(async move {
        send(&app, &forgotten.username).await;
        drop(place);
    });
    Ok(StatusCode::ACCEPTED)
}

async fn send(app: &App, username: &str) {
    let now = app.auth.now();
    let account = match app.people.accounts.by_name(username, now).await {
        Ok(account) => account.filter(|account| !account.disabled),
        Err(error) => return tracing::error!(%error, "a password reset was not begun"),
    };
    let Some(account) = account else { return };
    match app.resets.begin(&account, now).await {
        Ok(token) => {
            if let Err(error) = app.notifier.password_reset(&account, &token).await {
                tracing::error!(%error, "a password reset was not sent");
            }
        }
        Err(error) => tracing::error!(%error, "a password reset was not begun"),
    }
}

#[public(reason = "the token that was sent is the credential", limit = "login")]
pub(crate) async fn confirm(
    State(app): State<App>,
    Json(confirmation): Json<Confirmation>,
) -> Result<StatusCode, Refusal> {
    let now = app.auth.now();
    let id = app.resets.look(&confirmation.token, now).await.map_err(refused)?;
    let account = app.people.accounts.by_id(&id, now).await?.ok_or_else(Problem::not_found)?;
    // Before the token is used up: a weak password must not cost it.
    let email = app.people.profile(&id, now).await?.email;
    app.check_password(&confirmation.new, &account.username, email.as_deref())?;
    let password = app.hasher.hash(confirmation.new).await?;
    let id = app.resets.finish(&confirmation.token, now).await.map_err(refused)?;
    app.people.accounts.change(&id, |account| account.password = password.clone(), now).await?;
    app.tokens.end_all(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn refused(error: ResetError) -> Refusal {
    match error {
        ResetError::Store(error) => error.into(),
        _ => Problem::new(StatusCode::BAD_REQUEST, "invalid_reset_token", "Invalid token")
            .detail("the token was used or has expired; ask anew")
            .into(),
    }
}
