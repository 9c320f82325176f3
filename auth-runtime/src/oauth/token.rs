//! `POST /oauth/token`. In: a client, and what it wants a token for. Out: the token (RFC 9068).

use auth_policy::settings::{GrantType, Seconds};
use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{
    OAuth,
    client::Client,
    code::{self, Outcome, Presented, Used},
    error::OAuthError,
    form::Parameters,
    scopes,
};
use crate::{
    audit::{CredentialKind, Decision, Event, Kind, Tag},
    guard::Public,
    jwt::{AccessGrant, IssueError},
    limit,
    refresh::Family,
    rule::everybody,
    secret::Secret,
    tokens::{SignedIn, TokensError},
};

/// Who may call it, and why.
type Everybody = everybody!("the client shows in the request who it is");

/// What a client is given (RFC 6749, section 5.1).
#[derive(Serialize)]
struct Answer<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    scope: &'a str,
}

pub(super) async fn token(
    _: Public<Everybody>,
    State(oauth): State<OAuth>,
    headers: HeaderMap,
    peer: limit::Client,
    parameters: Result<Parameters, OAuthError>,
) -> Result<Response, OAuthError> {
    let (client, parameters) = oauth.client(&headers, parameters, &peer).await?;
    let wanted = parameters.get("grant_type");
    let wanted = wanted.ok_or(OAuthError::invalid_request("`grant_type` is missing"))?;
    let grant = oauth.offered().into_iter().find(|grant| grant.as_str() == wanted);
    let grant = grant.ok_or(OAuthError::unsupported_grant_type())?;
    if !client.may(grant) {
        oauth.report_refused(Tag::of_name(&client.id), "grant-not-registered");
        return Err(OAuthError::unauthorized_client());
    }
    match grant {
        GrantType::AuthorizationCode => oauth.exchange(&client, &parameters).await,
        GrantType::ClientCredentials => oauth.for_itself(&client, &parameters),
        GrantType::RefreshToken => oauth.renew(&client, &parameters).await,
        // INVARIANT: another is not among what is offered.
        _ => Err(OAuthError::unsupported_grant_type()),
    }
}

impl OAuth {
    /// A token with which the client acts for itself.
    fn for_itself(&self, client: &Client, parameters: &Parameters) -> Result<Response, OAuthError> {
        let policy = self.auth().policy();
        let scopes = scopes::asked(parameters.get("scope"), &client.scopes, &policy)?;
        let subject = client.subject();
        let grant =
            AccessGrant::new(&subject).client_id(&client.id).ceiling(&scopes).scopes(&scopes);
        let issuer = self.auth().issuer().ok_or(OAuthError::server_error())?;
        let token = issuer.access_token(&grant, self.auth().now()).map_err(unissued)?;
        self.auth().record(&Event {
            subject: Some(&self.auth().subject(&subject)),
            credential_kind: Some(CredentialKind::AccessToken),
            credential: Some(&token.token_id),
            client: Some(&client.id),
            ..self.auth().event(Kind::TokenIssued)
        });
        Ok(given(&token.token, token.expires_in, None, &token.scope))
    }

    /// The tokens that somebody let the client have, once, for the code that says so.
    async fn exchange(
        &self,
        client: &Client,
        parameters: &Parameters,
    ) -> Result<Response, OAuthError> {
        let code = parameters.secret("code");
        let presented = Presented {
            code: code.ok_or(OAuthError::invalid_request("`code` is missing"))?,
            client,
            redirect_uri: parameters.get("redirect_uri"),
            verifier: parameters.secret("code_verifier"),
        };
        match code::redeem(self.store(), &presented, self.auth().now()).await? {
            Outcome::Given(used) => self.give(client, used).await,
            Outcome::Refused(cause) => {
                self.report_refused(Tag::of_name(&client.id), cause);
                Err(OAuthError::invalid_grant())
            }
            Outcome::Replayed(used) => {
                self.report_replayed(client, &used);
                let Used { granted, family_id, .. } = used;
                self.tokens().end_family(&granted.account_id, &family_id).await?;
                Err(OAuthError::invalid_grant())
            }
        }
    }

    /// What a code that has just been used up gives.
    async fn give(&self, client: &Client, used: Used) -> Result<Response, OAuthError> {
        // What the client may have today, which may be less than when somebody let it in.
        let names = used.granted.scopes.iter().filter(|name| client.scopes.contains(name));
        let policy = self.auth().policy();
        let declared = names.map(String::as_str).filter(|name| policy.scope_id(name).is_some());
        let scopes: Vec<_> = declared.collect();
        let renews = client.may(GrantType::RefreshToken)
            && self.offered().contains(&GrantType::RefreshToken);
        let tokens = match self.tokens().let_in_by(&used.consent(&scopes), renews).await {
            Err(TokensError::Refused) => {
                self.report_refused(Tag::of_name(&client.id), "consent-ended");
                return Err(OAuthError::invalid_grant());
            }
            tokens => tokens.map_err(ungranted)?,
        };
        // SECURITY: whoever presented the code a second time meanwhile may have come before there
        // was anything to end. The answer stays what it is, and its tokens are worth nothing.
        if used.was_replayed(self.store(), self.auth().now()).await? {
            self.tokens().end_family(&used.granted.account_id, &used.family_id).await?;
        }
        let refresh = renews.then_some(&tokens.refresh_token);
        Ok(given(&tokens.access_token, tokens.expires_in, refresh, &tokens.scope))
    }

    /// Reports a code that came a second time.
    fn report_replayed(&self, client: &Client, used: &Used) {
        self.auth().record(&Event {
            decision: Decision::Deny,
            subject: Some(&self.auth().subject(&used.granted.account_id)),
            client: Some(&used.granted.client_id),
            account: Tag::of_name(&client.id),
            credential_kind: Some(CredentialKind::RefreshToken),
            credential: Some(&used.family_id),
            cause: Some("code-used"),
            ..self.auth().event(Kind::CodeReplayed)
        });
    }

    /// The next tokens of a family that was begun for this client.
    async fn renew(
        &self,
        client: &Client,
        parameters: &Parameters,
    ) -> Result<Response, OAuthError> {
        let presented = parameters.secret("refresh_token");
        let presented =
            presented.ok_or(OAuthError::invalid_request("`refresh_token` is missing"))?;
        // Before the token is used up: a scope too many must not cost the client its token (R07).
        let family = self.tokens().family(presented, Some(&client.id)).await;
        let own = |family: &Family| family.began_at() >= client.registered_at;
        let Some(family) = family.map_err(ungranted)?.filter(own) else {
            self.tokens().report_refused(None, "refresh-token-invalid");
            return Err(OAuthError::invalid_grant());
        };
        let let_in = family.scopes.unwrap_or_default().into_iter();
        let within: Vec<_> = let_in.filter(|name| client.scopes.contains(name)).collect();
        let policy = self.auth().policy();
        let asked = scopes::asked(parameters.get("scope"), &within, &policy)?;
        let renewed = self.tokens().refresh_for(presented, &client.id, &asked).await;
        Ok(signed_in(&renewed.map_err(ungranted)?))
    }

    /// Reports a client that gets nothing.
    pub(super) fn report_refused(&self, account: Option<Tag>, cause: &'static str) {
        self.auth().record(&Event {
            decision: Decision::Deny,
            account,
            cause: Some(cause),
            ..self.auth().event(Kind::TokenIssued)
        });
    }
}

/// Tokens of somebody who let the client in.
fn signed_in(tokens: &SignedIn) -> Response {
    let refresh = Some(&tokens.refresh_token);
    given(&tokens.access_token, tokens.expires_in, refresh, &tokens.scope)
}

fn given(access: &Secret, lives: Seconds, refresh: Option<&Secret>, scope: &str) -> Response {
    let answer = Answer {
        // The answer is the one place where the tokens are seen.
        access_token: access.expose(),
        token_type: "Bearer",
        expires_in: lives.0,
        refresh_token: refresh.map(Secret::expose),
        scope,
    };
    axum::Json(answer).into_response()
}

/// Of a grant that leads to nothing the client learns no more than that.
fn ungranted(error: TokensError) -> OAuthError {
    match error {
        TokensError::Refused | TokensError::Reused { .. } => OAuthError::invalid_grant(),
        TokensError::Store(error) => error.into(),
        error => {
            tracing::error!(target: "auth", %error, "tokens could not be issued");
            OAuthError::server_error()
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn unissued(error: IssueError) -> OAuthError {
    tracing::error!(target: "auth", %error, "a token could not be issued");
    OAuthError::server_error()
}
