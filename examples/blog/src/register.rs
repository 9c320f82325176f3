//! Registration and a change of password. In: what somebody wants their password to be. Out: an
//! account, or the end of every sign-in that knew the old one.

use auth_runtime::{
    Denial, Identity, account::Accounts, authenticate, extract::Json, problem::Problem, public,
    secret::Secret,
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};

use crate::{
    accounts::{Profile, is_email, is_username},
    app::App,
    refusal::{Refusal, unprocessable},
};

/// What everybody who registers may do.
const FIRST_ROLE: &str = "reader";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAccount {
    username: String,
    password: Secret,
    /// Not verified, and so good for nothing yet but to keep it out of the password.
    email: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Registered {
    id: String,
    username: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    current: Secret,
    new: Secret,
}

#[public(reason = "this is where an account is made", limit = "register")]
pub(crate) async fn register(
    State(app): State<App>,
    Json(new): Json<NewAccount>,
) -> Result<(StatusCode, Json<Registered>), Refusal> {
    if !is_username(&new.username) {
        let help = "a user name has 1 to 64 bytes, none of them a control character, and no blank at either end";
        return Err(unprocessable(help).into());
    }
    if new.email.as_deref().is_some_and(|email| !is_email(email)) {
        return Err(unprocessable("this is no e-mail address of at most 254 bytes").into());
    }
    app.check_password(&new.password, &new.username, new.email.as_deref())?;
    let password = app.hasher.hash(new.password).await?;
    let now = app.auth.now();
    let account = app.people.register(&new.username, FIRST_ROLE, password, now).await?;
    if new.email.is_some() {
        let profile = Profile { email: new.email, ..Profile::default() };
        app.people.set_profile(&account.id, &profile, now).await?;
    }
    let registered = Registered { id: account.id, username: account.username };
    Ok((StatusCode::CREATED, Json(registered)))
}

/// Changes the caller's own password, and ends every other sign-in of the account.
#[authenticate(jwt | session)]
pub(crate) async fn change_password(
    caller: Identity,
    State(app): State<App>,
    Json(change): Json<NewPassword>,
) -> Result<StatusCode, Refusal> {
    let id = &caller.subject().id;
    let account = app.people.accounts.by_id(id, app.auth.now()).await?;
    let account = account.ok_or_else(Problem::not_found)?;
    let verdict = app.hasher.verify(change.current, Some(&account.password)).await?;
    if !verdict.is_right() {
        return Err(Denial::wrong_password(app.auth.policy()).into());
    }
    let email = app.people.profile(id, app.auth.now()).await?.email;
    app.check_password(&change.new, &account.username, email.as_deref())?;
    let password = app.hasher.hash(change.new).await?;
    let now = app.auth.now();
    app.people.accounts.change(id, |account| account.password = password.clone(), now).await?;
    app.tokens.end_others(&caller).await?;
    Ok(StatusCode::NO_CONTENT)
}
