//! One's own profile. In: the caller. Out: that caller's account and nobody else's.

use auth_runtime::{
    Denial, Identity,
    account::{Account, Accounts},
    authenticate,
    extract::Json,
    problem::Problem,
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{accounts::Profile, app::App};

/// The longest display name, in bytes.
const MAX_DISPLAY_NAME: usize = 100;

#[derive(Serialize, ToSchema)]
#[schema(as = Profile)]
pub(crate) struct Shown {
    id: String,
    username: String,
    display_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Whether somebody has seen that the address is theirs.
    email_verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = ProfileChange)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    display_name: String,
}

#[utoipa::path(
    get,
    path = "/profile",
    operation_id = "showProfile",
    responses((status = 200, description = "Your profile", body = Shown)),
)]
#[authenticate(jwt | session, scopes = "read:profile")]
pub(crate) async fn show(caller: Identity, State(app): State<App>) -> Result<Json<Shown>, Denial> {
    let profile = app.people.profile(&caller.subject().id, app.auth.now()).await?;
    shown(&app, &caller, profile).await
}

#[utoipa::path(
    put,
    path = "/profile",
    operation_id = "editProfile",
    request_body = Change,
    responses((status = 200, description = "Your profile", body = Shown)),
)]
#[authenticate(jwt | session, scopes = "write:profile")]
pub(crate) async fn edit(
    caller: Identity,
    State(app): State<App>,
    Json(change): Json<Change>,
) -> Result<Json<Shown>, Denial> {
    let display_name = change.display_name.trim().to_owned();
    if display_name.is_empty() || display_name.len() > MAX_DISPLAY_NAME {
        return Err(Problem::unprocessable("a display name has 1 to 100 bytes").into());
    }
    let now = app.auth.now();
    let old = app.people.profile(&caller.subject().id, now).await?;
    let profile = Profile { display_name, ..old };
    app.people.set_profile(&caller.subject().id, &profile, now).await?;
    shown(&app, &caller, profile).await
}

/// The profile beside the account; who has chosen no other name is called as they sign in.
async fn shown(app: &App, caller: &Identity, profile: Profile) -> Result<Json<Shown>, Denial> {
    let account = app.people.accounts.by_id(&caller.subject().id, app.auth.now()).await?;
    let account = account.ok_or_else(Problem::not_found)?;
    let named = Some(profile.display_name.clone()).filter(|name| !name.is_empty());
    let display_name = named.unwrap_or_else(|| account.username.clone());
    let Profile { email, email_verified, given_name, family_name, .. } = profile;
    let Account { id, username, .. } = account;
    Ok(Json(Shown { id, username, display_name, email, email_verified, given_name, family_name }))
}
