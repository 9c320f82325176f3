//! Another password. In: the old one and the new. Out: the end of every other sign-in, which may
//! have known the old one.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::AccountEndpoints;
use crate::{
    Denial, Guard,
    audit::Kind,
    extract::Json,
    password::PasswordHash,
    problem::Problem,
    rule::{JWT, Own, SESSION},
    secret::Secret,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    current: Secret,
    new: Secret,
}

/// Changes the caller's own password, and ends every other sign-in of the account.
pub(super) async fn change(
    guard: Guard<Own<{ JWT | SESSION }>>,
    State(endpoints): State<AccountEndpoints>,
    Json(change): Json<NewPassword>,
) -> Result<Response, Denial> {
    let caller = guard.identity();
    let id = &*caller.subject().id;
    let confirmed = endpoints.sign_in.confirm(id, change.current).await;
    let account = confirmed.map_err(|error| endpoints.sign_in.denial(error))?;
    endpoints.check_password(&change.new, &account).await?;
    let password = endpoints.hasher.hash(change.new).await?;
    endpoints.replace_password(id, &password).await?;
    endpoints.auth.report(Kind::PasswordChanged, Some(caller.subject()), Ok(()));
    endpoints.tokens.end_others(&caller).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl AccountEndpoints {
    /// Writes a password's hash; 404 where the application's accounts have none that can be changed.
    pub(super) async fn replace_password(
        &self,
        id: &str,
        password: &PasswordHash,
    ) -> Result<(), Denial> {
        if self.accounts.set_password(id, password, self.auth.now()).await? {
            return Ok(());
        }
        tracing::error!(target: "auth", "a password was not written: see `Accounts::set_password`");
        Err(Problem::not_found().into())
    }
}
