//! One's own profile. In: the caller. Out: that caller's account and nobody else's.

use auth_runtime::{Identity, authenticate, extract::Json, problem::Problem};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};

use crate::{accounts::Account, app::App};

/// The longest display name, in bytes.
const MAX_DISPLAY_NAME: usize = 100;

#[derive(Serialize)]
pub(crate) struct Profile {
    id: String,
    username: String,
    display_name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    display_name: String,
}

#[authenticate(jwt | session, scopes = "read:profile")]
pub(crate) async fn show(
    caller: Identity,
    State(app): State<App>,
) -> Result<Json<Profile>, Problem> {
    let account = app.accounts.by_id(&caller.subject().id);
    account.map(|account| Json(account.into())).ok_or_else(Problem::not_found)
}

#[authenticate(jwt | session, scopes = "write:profile")]
pub(crate) async fn edit(
    caller: Identity,
    State(app): State<App>,
    Json(change): Json<Change>,
) -> Result<Json<Profile>, Problem> {
    let name = change.display_name.trim();
    if name.is_empty() || name.len() > MAX_DISPLAY_NAME {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Err(Problem::new(status, "unprocessable", "Unprocessable body")
            .detail("a display name has 1 to 100 bytes"));
    }
    let id = &caller.subject().id;
    let account = app.accounts.change(id, |account| account.display_name = name.to_owned());
    account.map(|account| Json(account.into())).ok_or_else(Problem::not_found)
}

impl From<Account> for Profile {
    fn from(account: Account) -> Self {
        let Account { id, username, display_name, .. } = account;
        Self { id, username, display_name }
    }
}
