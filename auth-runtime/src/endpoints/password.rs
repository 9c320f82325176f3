//! Another password. In: the old one and the new. Out: the end of every other sign-in, which may
//! have known the old one.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::AccountEndpoints;
use crate::{
    Denial, Guard, Identity,
    account::Account,
    audit::Kind,
    extract::Json,
    limit::Client,
    password::PasswordHash,
    problem::Problem,
    rule::{JWT, Own, SESSION},
    secret::Secret,
    store::StoreError,
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
    client: Client,
    Json(change): Json<NewPassword>,
) -> Result<Response, Denial> {
    let caller = guard.identity();
    let id = &*caller.subject().id;
    let confirmed = endpoints.sign_in.confirm_from(&client, id, change.current).await;
    let account = confirmed.map_err(|error| endpoints.sign_in.denial(error))?;
    endpoints.check_password(&change.new, &account).await?;
    let password = endpoints.hasher.hash(change.new).await?;
    if !endpoints.replace_password(&account, &password).await? {
        return Err(Denial::wrong_password(&endpoints.auth.policy()));
    }
    endpoints.end_resets(id).await?;
    endpoints.auth.report(Kind::PasswordChanged, Some(caller.subject()), Ok(()));
    endpoints.end_others(&caller).await?;
    let renewed = endpoints.renew_session(&caller).await?;
    let set_cookie = renewed.map(|cookie| [(header::SET_COOKIE, cookie)]);
    Ok((set_cookie, StatusCode::NO_CONTENT).into_response())
}

impl AccountEndpoints {
    async fn end_others(&self, caller: &Identity) -> Result<(), StoreError> {
        if let Some(sessions) = self.auth.sessions() {
            sessions.end_others(caller).await?;
        }
        self.tokens.end_others(caller).await
    }

    /// The cookie of another session in the place of the caller's, if it came with one: whoever has
    /// copied the old one has nothing (S2).
    async fn renew_session(&self, caller: &Identity) -> Result<Option<HeaderValue>, Denial> {
        let Some(sessions) = self.sessions_of(caller) else { return Ok(None) };
        // As it is now, with the new password.
        let account = self.accounts.by_id(&caller.subject().id, self.auth.now()).await?;
        let account = account.ok_or_else(Problem::not_found)?;
        let begun = sessions.renew(caller, &account).await;
        Ok(Some(begun.map_err(|error| sessions.denial(error))?.set_cookie))
    }

    /// Writes a password's hash in the place of the account's: `false` says that the account has
    /// another one by now, or is gone.
    ///
    /// # Errors
    ///
    /// 404 where the application's accounts have none that can be changed.
    pub(super) async fn replace_password(
        &self,
        account: &Account,
        password: &PasswordHash,
    ) -> Result<bool, Denial> {
        let (id, was, now) = (&account.id, &account.password, self.auth.now());
        if self.accounts.set_password(id, was, password, now).await? {
            return Ok(true);
        }
        let current = self.accounts.by_id(id, now).await?;
        if current.is_none_or(|current| current.password != *was) {
            return Ok(false);
        }
        tracing::error!(target: "auth", "a password was not written: see `Accounts::set_password`");
        Err(Problem::not_found().into())
    }
}
