//! Signing in and out. In: a user name and a password, or a refresh token. Out: an access token and
//! the refresh token for the next one; and the end of both.

use auth_runtime::{
    Denial, Identity, Subject,
    account::{Account, Accounts},
    authenticate,
    extract::Json,
    password::Verdict,
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

use crate::{
    accounts::MAX_USERNAME,
    app::App,
    refusal::{Refusal, unprocessable},
};

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
    State(app): State<App>,
    Json(credentials): Json<Credentials>,
) -> Result<Response, Refusal> {
    if credentials.username.len() > MAX_USERNAME {
        return Err(unprocessable("the user name is longer than 64 bytes").into());
    }
    let now = app.auth.now();
    let account = app.people.accounts.by_name(&credentials.username, now).await?;
    // With no such account this costs as much: time does not tell which accounts there are.
    let stored = account.as_ref().map(|account| &account.password);
    let again = credentials.password.clone();
    let verdict = app.hasher.verify(credentials.password, stored).await?;
    let account = renewed(&app, account, verdict, again).await?;
    match account.filter(|_| verdict.is_right()) {
        Some(account) if !account.disabled => signed_in(&app, &account).await,
        Some(account) => Err(refused(&app, Some(&account), "account-disabled")),
        None => Err(refused(&app, None, "wrong-password")),
    }
}

#[public(reason = "the refresh token is the credential")]
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

/// The account with its password hashed anew, if the hash was made at another cost than today's.
async fn renewed(
    app: &App,
    account: Option<Account>,
    verdict: Verdict,
    password: Secret,
) -> Result<Option<Account>, Refusal> {
    match (account, verdict) {
        (Some(account), Verdict::Right { outdated: true }) => {
            let hash = app.hasher.hash(password).await?;
            let renew = |account: &mut Account| account.password = hash.clone();
            let account = app.people.accounts.change(&account.id, renew, app.auth.now()).await?;
            Ok(Some(account))
        }
        (account, _) => Ok(account),
    }
}

async fn signed_in(app: &App, account: &Account) -> Result<Response, Refusal> {
    match app.tokens.sign_in(account).await {
        Ok(signed_in) => {
            app.auth.report_login(Some(&subject(app, account)), Ok(()));
            Ok(answer(&signed_in))
        }
        Err(TokensError::Refused) => Err(refused(app, Some(account), "account-changed")),
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

fn refused(app: &App, account: Option<&Account>, cause: &'static str) -> Refusal {
    let subject = account.map(|account| subject(app, account));
    app.auth.report_login(subject.as_ref(), Err(cause));
    Denial::wrong_password(app.auth.policy()).into()
}

fn subject(app: &App, account: &Account) -> Subject {
    let issuer = app.auth.issuer().map_or("", |issuer| issuer.issuer());
    Subject { issuer: issuer.into(), id: account.id.as_str().into() }
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
