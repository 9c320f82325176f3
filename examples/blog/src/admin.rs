//! Administration. In: an admin. Out: the accounts, and the closing of one.

use auth_runtime::{
    authenticate,
    extract::{Json, Path},
    problem::Problem,
};
use axum::{extract::State, http::StatusCode};
use serde::Serialize;

use crate::app::App;

#[derive(Serialize)]
pub(crate) struct Row {
    id: String,
    username: String,
    roles: Vec<String>,
    disabled: bool,
}

#[authenticate(jwt | session, role = "admin")]
pub(crate) async fn list(State(app): State<App>) -> Json<Vec<Row>> {
    let accounts = app.accounts.all().into_iter();
    let row = |account: crate::accounts::Account| Row {
        id: account.id,
        username: account.username,
        roles: account.roles,
        disabled: account.disabled,
    };
    Json(accounts.map(row).collect())
}

/// Closes an account: it cannot sign in any more. Tokens it holds end when they expire, at the
/// latest after the policy's `access_ttl`.
#[authenticate(jwt | session, role = "admin")]
pub(crate) async fn disable(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let changed = app.accounts.change(&id, |account| account.disabled = true);
    changed.map(|_| StatusCode::NO_CONTENT).ok_or_else(Problem::not_found)
}
