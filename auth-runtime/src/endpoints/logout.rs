//! Signing out. In: whoever is signed in. Out: the end of this sign-in, or of every one.

use auth_policy::settings::TokenCookies;
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{AccountEndpoints, answer::without_cookies};
use crate::{
    Denial, Guard, Identity,
    rule::{JWT, Own, SESSION},
    session::Sessions,
    store::StoreError,
};

/// Ends what the caller came with: the session, or the access token and its refresh family.
pub(super) async fn logout(
    guard: Guard<Own<{ JWT | SESSION }>>,
    State(endpoints): State<AccountEndpoints>,
) -> Result<Response, Denial> {
    let caller = guard.identity();
    match endpoints.sessions_of(&caller) {
        Some(sessions) => {
            let session_id = caller.credential_id().unwrap_or_default();
            sessions.end(&caller.subject().id, session_id).await?;
        }
        None => endpoints.tokens.sign_out(&caller).await?,
    }
    Ok(endpoints.signed_out(&caller))
}

/// Ends everything the caller has, wherever it signed in.
pub(super) async fn logout_everywhere(
    guard: Guard<Own<{ JWT | SESSION }>>,
    State(endpoints): State<AccountEndpoints>,
) -> Result<Response, Denial> {
    let caller = guard.identity();
    endpoints.tokens.sign_out(&caller).await?;
    endpoints.end_all(&caller.subject().id).await?;
    Ok(endpoints.signed_out(&caller))
}

impl AccountEndpoints {
    /// Ends every sign-in of an account: its sessions, its refresh families, and the access tokens
    /// that came with them; and the resets of its password that are under way. For an application that closes one, or sets its password.
    ///
    /// # Errors
    ///
    /// When the store does not answer; what was ended until then stays ended.
    pub async fn end_all(&self, id: &str) -> Result<(), StoreError> {
        self.end_resets(id).await?;
        if let Some(sessions) = self.auth.sessions() {
            sessions.end_all(id).await?;
        }
        self.tokens.end_all(id).await
    }

    /// The cookies that may carry tokens, if the policy has any.
    pub(super) fn cookies(&self) -> Option<TokenCookies> {
        self.auth.policy().jwt().and_then(|(_, scheme)| scheme.cookies.clone())
    }

    /// The sessions, if the caller came with one of them.
    pub(super) fn sessions_of(&self, caller: &Identity) -> Option<Sessions> {
        let (scheme, _) = self.auth.policy().session()?;
        self.auth.sessions().filter(|_| scheme == caller.scheme_id())
    }

    /// 204, which takes away the cookies the caller came with.
    fn signed_out(&self, caller: &Identity) -> Response {
        let done = StatusCode::NO_CONTENT;
        match (self.sessions_of(caller), self.cookies()) {
            (Some(sessions), _) => {
                let cleared = sessions.clear_cookie().map(|cookie| [(header::SET_COOKIE, cookie)]);
                (cleared, done).into_response()
            }
            (None, Some(cookies)) if caller.csrf().is_some() => without_cookies(&cookies, done),
            (None, _) => done.into_response(),
        }
    }
}
