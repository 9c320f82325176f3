//! Signing in and out. In: a user name and a password, or a refresh token. Out: an access token and
//! the refresh token for the next one; and the end of both.

use auth_runtime::{
    Denial, Identity,
    account::Account,
    authenticate,
    extract::Json,
    limit::Client,
    public,
    secret::Secret,
    tokens::{SignedIn, TokensError},
};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use crate::{app::App, refusal::Refusal};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    username: String,
    password: Secret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Renewal {
    refresh_token: Secret,
}

#[derive(Serialize)]
struct TokenAnswer<'a> {
    access_token: &'a str,
    refresh_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    scope: &'a str,
    user: User<'a>,
}

#[derive(Serialize)]
struct User<'a> {
    id: &'a str,
    username: &'a str,
    roles: &'a [String],
}

#[derive(Serialize)]
pub(crate) struct Me {
    subject: String,
    issuer: String,
    scheme: String,
    roles: Vec<String>,
    scopes: Vec<String>,
    /// Seconds since 1970.
    expires_at: i64,
}

#[public(reason = "this is where a credential is obtained")]
pub(crate) async fn login(
    client: Client,
    State(app): State<App>,
    Json(credentials): Json<Credentials>,
) -> Result<Response, Refusal> {
    let signed_in =
        app.sign_in.check_from(&client, &credentials.username, credentials.password).await;
    let account = signed_in.map_err(|error| app.sign_in.denial(error))?;
    give_tokens(&app, &account).await
}

#[public(reason = "the refresh token is the credential", limit = "renew")]
pub(crate) async fn refresh(
    State(app): State<App>,
    Json(renewal): Json<Renewal>,
) -> Result<Response, Refusal> {
    match app.tokens.refresh(&renewal.refresh_token).await {
        Ok(renewed) => Ok(answer(&renewed)),
        Err(TokensError::Refused | TokensError::Reused { .. }) => {
            Err(Denial::invalid_grant(app.auth.policy()).into())
        }
        Err(error) => Err(error.into()),
    }
}

#[authenticate(jwt)]
pub(crate) async fn logout(
    caller: Identity,
    State(app): State<App>,
) -> Result<StatusCode, Refusal> {
    app.tokens.sign_out(&caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[authenticate(jwt)]
pub(crate) async fn logout_everywhere(
    caller: Identity,
    State(app): State<App>,
) -> Result<StatusCode, Refusal> {
    app.tokens.sign_out(&caller).await?;
    app.tokens.end_all(&caller.subject().id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn give_tokens(app: &App, account: &Account) -> Result<Response, Refusal> {
    match app.tokens.sign_in(account).await {
        Ok(signed_in) => {
            app.auth.report_login(Some(&app.auth.subject(&account.id)), Ok(()));
            Ok(answer(&signed_in))
        }
        Err(TokensError::Refused) => {
            let subject = app.auth.subject(&account.id);
            app.auth.report_login(Some(&subject), Err("account-changed"));
            Err(Denial::wrong_password(app.auth.policy()).into())
        }
        Err(error) => Err(error.into()),
    }
}

fn answer(signed_in: &SignedIn) -> Response {
    let account = &signed_in.account;
    let body = axum::Json(TokenAnswer {
        // The answer to a sign-in is the one place where the tokens are seen.
        access_token: signed_in.access_token.expose(),
        refresh_token: signed_in.refresh_token.expose(),
        token_type: "Bearer",
        expires_in: signed_in.expires_in.0,
        scope: &signed_in.scope,
        user: User { id: &account.id, username: &account.username, roles: &account.roles },
    });
    ([(header::CACHE_CONTROL, "no-store")], body).into_response()
}

#[authenticate(jwt | api_key | session)]
pub(crate) async fn me(caller: Identity) -> Json<Me> {
    Json(Me {
        subject: caller.subject().id.to_string(),
        issuer: caller.subject().issuer.to_string(),
        scheme: caller.scheme().to_owned(),
        roles: caller.roles().map(str::to_owned).collect(),
        scopes: caller.scopes().map(str::to_owned).collect(),
        expires_at: caller.expires_at().0,
    })
}
