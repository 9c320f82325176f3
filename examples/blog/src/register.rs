//! Registration. In: what somebody wants to be called, and their password to be. Out: an account.
//!
//! It is the blog's own: which names there may be, the first role, and the profile.

use auth_runtime::{
    Denial, audit::Kind, csrf::SameOrigin, extract::Json, password::Context, problem::Problem,
    public, secret::Secret,
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    accounts::{Profile, is_email, is_username},
    app::App,
};

/// What everybody who registers may do.
pub(crate) const FIRST_ROLE: &str = "reader";

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAccount {
    username: String,
    #[schema(value_type = String, format = Password)]
    password: Secret,
    /// Not verified, and so good for nothing yet but to keep it out of the password.
    email: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Registered {
    id: String,
    username: String,
}

#[utoipa::path(
    post,
    path = "/auth/register",
    operation_id = "register",
    request_body = NewAccount,
    responses((status = 201, description = "The account", body = Registered)),
)]
#[public(reason = "this is where an account is made", limit = "register")]
pub(crate) async fn register(
    State(app): State<App>,
    origin: Result<SameOrigin, Denial>,
    Json(new): Json<NewAccount>,
) -> Result<(StatusCode, Json<Registered>), Denial> {
    // After the body: a form is 415, wherever it comes from.
    let _: SameOrigin = origin?;
    if !is_username(&new.username) {
        let help = "a user name has 1 to 64 bytes, none of them a control character, and no blank at either end";
        return Err(Problem::unprocessable(help).into());
    }
    if new.email.as_deref().is_some_and(|email| !is_email(email)) {
        return Err(Problem::unprocessable("this is no e-mail address of at most 254 bytes").into());
    }
    let email = new.email.as_deref();
    let somebody = Context { username: &new.username, email, ..Context::default() };
    app.rules.check(&new.password, &somebody)?;
    let password = app.hasher.hash(new.password).await?;
    let now = app.auth.now();
    let account = app.people.register(&new.username, FIRST_ROLE, password, now).await?;
    app.auth.report(Kind::AccountCreated, Some(&app.auth.subject(&account.id)), Ok(()));
    if new.email.is_some() {
        let profile = Profile { email: new.email, ..Profile::default() };
        app.people.set_profile(&account.id, &profile, now).await?;
    }
    let registered = Registered { id: account.id, username: account.username };
    Ok((StatusCode::CREATED, Json(registered)))
}
