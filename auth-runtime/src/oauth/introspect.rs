//! `POST /oauth/introspect` (RFC 7662). In: a client, and a token. Out: what the token is worth now,
//! to whom it was issued and, of an access token, to those who look up every one; to anybody else,
//! and of anything that is not good, `{"active":false}` and nothing more.

use auth_policy::policy::ScopeId;
use axum::{extract::State, http::HeaderMap};
use serde::Serialize;

use super::{
    OAuth,
    ceiling::{Unwelcome, within_ceiling},
    client::Client,
    error::OAuthError,
    form::Parameters,
};
use crate::{
    denial::Denial,
    guard::Public,
    jwt::{VerifiedToken, verify},
    limit,
    problem::Problem,
    refresh::Live,
    revocation::Disbelief,
    rule::everybody,
    secret::Secret,
    store::Owner,
};

/// Who may call it, and why.
type Everybody = everybody!("the client shows in the request who it is");

#[derive(Default, Serialize)]
pub(super) struct Answer {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<String>,
}

pub(super) async fn introspect(
    _: Public<Everybody>,
    State(oauth): State<OAuth>,
    headers: HeaderMap,
    peer: limit::Client,
    parameters: Result<Parameters, OAuthError>,
) -> Result<axum::Json<Answer>, OAuthError> {
    let (client, parameters) = oauth.client(&headers, parameters, &peer).await?;
    // SECURITY: a public client is whoever says so, and is told nothing of any token.
    if client.public {
        return Err(OAuthError::invalid_client());
    }
    let token = parameters.secret("token");
    let token = token.ok_or(OAuthError::invalid_request("`token` is missing"))?;
    let answer = match oauth.verified(token) {
        Some(verified) => oauth.of_access(verified, &client).await?,
        None => oauth.of_refresh(token, &client).await?,
    };
    Ok(axum::Json(answer.unwrap_or_default()))
}

impl OAuth {
    /// An access token of ours that verifies now: whether it is still believed is not looked at.
    pub(super) fn verified(&self, token: &Secret) -> Option<VerifiedToken> {
        let in_force = self.auth().in_force();
        let (scheme, _) = in_force.policy.jwt()?;
        // What is verified has to be read.
        verify(token.expose(), in_force.verifier(scheme), self.auth().now()).ok()
    }

    /// What an access token is worth, as a guard would find it.
    async fn of_access(
        &self,
        token: VerifiedToken,
        client: &Client,
    ) -> Result<Option<Answer>, OAuthError> {
        let (auth, policy) = (self.auth(), self.auth().policy());
        if !sees(client, token.client_id()) {
            return Ok(None);
        }
        if let Some(revocations) = auth.revocations() {
            match revocations.judge(&token, auth.now()).await {
                Ok(()) => {}
                Err(Disbelief::Revoked) => return Ok(None),
                Err(Disbelief::Stale) => return Err(Denial::from(Problem::unavailable()).into()),
            }
        }
        let token = match within_ceiling(auth, &policy, token).await {
            Ok(token) => token,
            Err(Unwelcome::Client(_)) => return Ok(None),
            Err(Unwelcome::Store(error)) => return Err(error.into()),
        };
        let name = |id: ScopeId| policy.scope(id).map(|scope| scope.name.as_str());
        let scopes: Vec<_> = token.scope_ids().filter_map(name).collect();
        Ok(Some(Answer {
            active: true,
            scope: Some(scopes.join(" ")),
            client_id: token.client_id().map(str::to_owned),
            token_type: Some("Bearer"),
            exp: Some(token.expires_at().0),
            iat: token.issued_at().map(|at| at.0),
            sub: Some(token.subject().to_owned()),
            aud: policy.jwt().map(|(_, scheme)| scheme.audience.clone()),
            iss: Some(token.issuer().to_string()),
            jti: token.token_id().map(str::to_owned),
            auth_time: token.authenticated_at().map(|at| at.0),
            acr: token.acr().map(str::to_owned),
        }))
    }

    /// What a refresh token is good for, to the client it was issued to.
    async fn of_refresh(
        &self,
        token: &Secret,
        client: &Client,
    ) -> Result<Option<Answer>, OAuthError> {
        let Some(Live { owner, family, ends_at, .. }) = self.tokens().live(token).await? else {
            return Ok(None);
        };
        // SECURITY: to anybody else, who looks up every access token too, it is no token: a resource
        // server that is told of one that it is active lets its bearer in (RFC 7662, section 4).
        let own = family.client_id.as_deref() == Some(client.id.as_str());
        if !own || family.began_at() < client.registered_at || !self.is_open(&owner).await? {
            return Ok(None);
        }
        Ok(Some(Answer {
            active: true,
            scope: family.scopes.map(|scopes| scopes.join(" ")),
            client_id: family.client_id,
            exp: Some(ends_at.0),
            sub: Some(owner.as_str().to_owned()),
            iss: Some(self.auth().own_issuer().to_string()),
            ..Answer::default()
        }))
    }

    /// Whether the account is there and open that let a client in.
    async fn is_open(&self, owner: &Owner) -> Result<bool, OAuthError> {
        let Some(accounts) = self.auth().accounts() else { return Ok(false) };
        let account = accounts.by_id(owner.as_str(), self.auth().now()).await?;
        Ok(account.is_some_and(|account| !account.disabled))
    }
}

/// Whether a client may know of an access token that was issued to that one.
fn sees(client: &Client, issued_to: Option<&str>) -> bool {
    client.introspects || issued_to == Some(client.id.as_str())
}
