//! Renewing. In: a refresh token, from the body or from its cookie. Out: the next tokens, in the
//! form they were asked for.

use auth_policy::settings::{EndpointKind, TokenCookies};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request, State, rejection::BytesRejection},
    http::{StatusCode, header, request::Parts},
    response::Response,
};
use serde::Deserialize;

use super::{
    AccountEndpoints,
    answer::{in_body, in_cookies, without_cookies},
};
use crate::{
    Denial,
    authorize::Door,
    context::Context,
    credential::only_cookie,
    csrf,
    extract::Json,
    guard::Public,
    limit::{self, Client},
    problem::Problem,
    rule::everybody,
    secret::Secret,
    tokens::TokensError,
};

/// Who may call it, and why.
type Everybody = everybody!("the refresh token is the credential");

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Renewal {
    refresh_token: Option<Secret>,
}

pub(super) async fn refresh(
    _: Public<Everybody>,
    State(endpoints): State<AccountEndpoints>,
    client: Client,
    parts: Parts,
    renewal: Renewal,
) -> Result<Response, Denial> {
    let cookies = endpoints.cookies();
    let cookie =
        cookies.as_ref().map_or(Ok(None), |cookies| only_cookie(&parts.headers, &cookies.refresh));
    let cookie = cookie.map_err(|_| Denial::ambiguous())?;
    match (renewal.refresh_token, cookie, cookies) {
        (Some(_), Some(_), _) => Err(Denial::ambiguous()),
        (Some(token), None, _) => {
            endpoints.count_renewal(&token, &client).await?;
            endpoints.renew(&token).await
        }
        (None, Some(cookie), Some(cookies)) => {
            let token = Secret::from(String::from_utf8_lossy(cookie).into_owned());
            endpoints.count_renewal(&token, &client).await?;
            endpoints.renew_in_cookies(&token, &cookies, &parts).await
        }
        (None, None, Some(_)) => {
            endpoints.tokens.report_refused(None, "no-credential");
            Err(Denial::invalid_grant(&endpoints.auth.policy()))
        }
        (None, _, None) => Err(Problem::unprocessable("send a `refresh_token`").into()),
    }
}

impl AccountEndpoints {
    /// By account and credential the family counts, which no token that was made up has.
    async fn count_renewal(&self, token: &Secret, client: &Client) -> Result<(), Denial> {
        let family = self.tokens.family_of(token);
        limit::count(&self.auth, EndpointKind::Refresh, family.as_deref(), client).await
    }

    async fn renew(&self, token: &Secret) -> Result<Response, Denial> {
        let renewed = self.tokens.refresh(token).await;
        Ok(in_body(&renewed.map_err(|error| self.tokens.denial(error))?))
    }

    /// SECURITY: the browser sends the cookie by itself, so it alone is no wish to renew. Whoever
    /// made the browser ask cannot end the sign-in either: its cookies stay.
    async fn renew_in_cookies(
        &self,
        token: &Secret,
        cookies: &TokenCookies,
        parts: &Parts,
    ) -> Result<Response, Denial> {
        let refused = || without_cookies(cookies, Denial::invalid_grant(&self.auth.policy()));
        let family = self.tokens.family_of(token);
        let Some(csrf) = family.and_then(|family| self.auth.family_csrf(&family)) else {
            self.tokens.report_refused(None, "refresh-token-invalid");
            return Ok(refused());
        };
        let policy = self.auth.policy();
        let trusted = &policy.csrf().trusted_origins;
        if let Err(forgery) = csrf::check(parts, trusted, &csrf, false) {
            let visit = Context::visit(parts)?;
            return Err(Door::new(visit, parts).refuse_forged(None, forgery).into());
        }
        match self.tokens.refresh(token).await {
            Ok(renewed) => in_cookies(&self.auth, &renewed, cookies),
            Err(TokensError::Refused | TokensError::Reused { .. }) => Ok(refused()),
            Err(error) => Err(self.tokens.denial(error)),
        }
    }
}

/// A body that may be empty: then a cookie says it all.
impl<S: Send + Sync> FromRequest<S> for Renewal {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let head = Request::from_parts(parts.clone(), body);
        let bytes = Bytes::from_request(head, state).await.map_err(|error| unread(&error))?;
        let body = match (bytes.is_empty(), parts.headers.contains_key(header::CONTENT_TYPE)) {
            (true, false) => return Ok(Self::default()),
            // Of another media type it is refused, empty or not.
            (true, true) => Body::from("{}"),
            (false, _) => Body::from(bytes),
        };
        let request = Request::from_parts(parts, body);
        Json::from_request(request, state).await.map(|Json(renewal)| renewal)
    }
}

fn unread(error: &BytesRejection) -> Problem {
    let status = error.status();
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(status, "payload_too_large", "Body too large")
        }
        _ => Problem::new(StatusCode::BAD_REQUEST, "malformed_body", "Malformed body"),
    }
}
