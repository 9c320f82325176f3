//! Administration. In: an admin. Out: the accounts, the closing of one, and the end of
//! its sign-ins.

use auth_runtime::{
    Denial, Identity,
    account::Accounts,
    audit::Kind,
    authenticate,
    extract::{Json, Path},
    problem::Problem,
};
use axum::{extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;

#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct Row {
    id: String,
    username: String,
    roles: Vec<String>,
    disabled: bool,
}

#[utoipa::path(
    get,
    path = "/admin/users",
    operation_id = "listUsers",
    responses((status = 200, description = "Every account", body = Vec<Row>)),
)]
#[authenticate(jwt | session, role = "admin")]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<Vec<Row>>, Denial> {
    let now = app.auth.now();
    let mut rows = Vec::new();
    for id in app.people.ids(now).await? {
        if let Some(account) = app.people.accounts.by_id(&id, now).await? {
            let (username, roles) = (account.username, account.roles);
            rows.push(Row { id, username, roles, disabled: account.disabled });
        }
    }
    Ok(Json(rows))
}

/// Closes an account: it cannot sign in any more, and everything it has ends.
#[utoipa::path(
    post,
    path = "/admin/users/{id}/disable",
    operation_id = "disableUser",
    params(("id" = String, Path, description = "The account")),
    responses((status = 204, description = "It is closed")),
)]
#[authenticate(jwt | session, role = "admin")]
pub(crate) async fn disable(
    admin: Identity,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Denial> {
    app.people.accounts.change(&id, |account| account.disabled = true, app.auth.now()).await?;
    let closed = app.auth.subject(&id);
    let mut event = app.auth.event(Kind::AccountDisabled);
    event.subject = Some(&closed);
    event.actor = Some(admin.subject());
    app.auth.record(&event);
    app.accounts.end_all(&id).await?;
    if let Some(keys) = app.auth.api_keys() {
        keys.revoke_all(&id).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Ends every sign-in of somebody, who may sign in again.
#[utoipa::path(
    delete,
    path = "/admin/users/{id}/sessions",
    operation_id = "endSessionsOfUser",
    params(("id" = String, Path, description = "The account")),
    responses((status = 204, description = "Its sign-ins have ended")),
)]
#[authenticate(jwt | session, role = "admin")]
pub(crate) async fn end_sessions(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Denial> {
    let account = app.people.accounts.by_id(&id, app.auth.now()).await?;
    account.ok_or_else(Problem::not_found)?;
    app.accounts.end_all(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}
