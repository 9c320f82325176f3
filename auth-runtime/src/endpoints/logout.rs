//! Signing out. In: whoever is signed in. Out: the end of this sign-in, or of every one.

use auth_policy::settings::TokenCookies;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::{AccountEndpoints, answer::without_cookies};
use crate::{
    Denial, Guard, Identity,
    rule::{JWT, Own, SESSION},
    store::StoreError,
};

/// Ends the refresh family and the access token the caller came with.
pub(super) async fn logout(
    guard: Guard<Own<{ JWT | SESSION }>>,
    State(endpoints): State<AccountEndpoints>,
) -> Result<Response, Denial> {
    let caller = guard.identity();
    endpoints.tokens.sign_out(&caller).await?;
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
    /// Ends every sign-in of an account.
    pub(super) async fn end_all(&self, id: &str) -> Result<(), StoreError> {
        self.tokens.end_all(id).await
    }

    /// The cookies that may carry tokens, if the policy has any.
    pub(super) fn cookies(&self) -> Option<&TokenCookies> {
        self.auth.policy().jwt().and_then(|(_, scheme)| scheme.cookies.as_ref())
    }

    fn signed_out(&self, caller: &Identity) -> Response {
        match self.cookies() {
            Some(cookies) if caller.csrf().is_some() => {
                without_cookies(cookies, StatusCode::NO_CONTENT)
            }
            _ => StatusCode::NO_CONTENT.into_response(),
        }
    }
}
