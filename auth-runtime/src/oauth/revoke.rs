//! `POST /oauth/revoke` (RFC 7009). In: a client, and a token of its own. Out: the end of it; and
//! 200 whatever it was, so that nobody learns which tokens there are.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};

use super::{OAuth, error::OAuthError, form::Parameters};
use crate::{
    audit::{CredentialKind, Event, Kind},
    guard::Public,
    limit,
    rule::everybody,
    secret::Secret,
    store::StoreError,
};

/// Who may call it, and why.
type Everybody = everybody!("the client shows in the request who it is");

pub(super) async fn revoke(
    _: Public<Everybody>,
    State(oauth): State<OAuth>,
    headers: HeaderMap,
    peer: limit::Client,
    parameters: Result<Parameters, OAuthError>,
) -> Result<StatusCode, OAuthError> {
    let (client, parameters) = oauth.client(&headers, parameters, &peer).await?;
    let token = parameters.secret("token");
    let token = token.ok_or(OAuthError::invalid_request("`token` is missing"))?;
    if !oauth.tokens().end_family_of(token, &client.id).await? {
        oauth.end_access_token(token, &client.id).await?;
    }
    Ok(StatusCode::OK)
}

impl OAuth {
    /// Ends an access token that was issued to that client; any other stays as it is.
    async fn end_access_token(&self, token: &Secret, client_id: &str) -> Result<(), StoreError> {
        let Some(token) = self.verified(token) else { return Ok(()) };
        let (Some(revocations), Some(id)) = (self.auth().revocations(), token.token_id()) else {
            return Ok(());
        };
        if token.client_id() != Some(client_id) {
            return Ok(());
        }
        revocations.token(id, self.auth().now()).await?;
        self.auth().record(&Event {
            subject: Some(&self.auth().subject(token.subject())),
            credential_kind: Some(CredentialKind::AccessToken),
            credential: Some(id),
            client: Some(client_id),
            ..self.auth().event(Kind::TokenRevoked)
        });
        Ok(())
    }
}
