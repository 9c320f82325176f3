//! Signing in. In: a user name and a password. Out: an access token and the refresh token for the
//! next one, in the body or in cookies.

use axum::{extract::State, response::Response};
use serde::Deserialize;

use super::{
    AccountEndpoints,
    answer::{in_body, in_cookies},
};
use crate::{
    Denial,
    account::Account,
    csrf::SameOrigin,
    extract::Json,
    guard::Public,
    limit::Client,
    problem::Problem,
    rule::everybody,
    secret::Secret,
    tokens::{SignedIn, TokensError},
};

/// Who may call it, and why.
type Everybody = everybody!("this is where a credential is obtained");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    username: String,
    password: Secret,
    /// Whether the tokens are to be in cookies.
    #[serde(default)]
    cookie: bool,
}

pub(super) async fn login(
    _: Public<Everybody>,
    State(endpoints): State<AccountEndpoints>,
    client: Client,
    origin: Result<SameOrigin, Denial>,
    Json(credentials): Json<Credentials>,
) -> Result<Response, Denial> {
    // After the body: a form is 415, wherever it comes from.
    let _: SameOrigin = origin?;
    endpoints.check_length(&credentials.username)?;
    let cookies = match endpoints.cookies() {
        None if credentials.cookie => {
            return Err(Problem::unprocessable(
                "this service keeps no tokens in cookies: its policy has no `schemes.jwt.cookies`",
            )
            .into());
        }
        cookies => cookies.filter(|_| credentials.cookie),
    };
    let checked =
        endpoints.sign_in.check_from(&client, &credentials.username, credentials.password).await;
    let account = checked.map_err(|error| endpoints.sign_in.denial(error))?;
    let signed_in = endpoints.issue(&account).await?;
    match cookies {
        Some(cookies) => in_cookies(&endpoints.auth, &signed_in, &cookies),
        None => Ok(in_body(&signed_in)),
    }
}

impl AccountEndpoints {
    async fn issue(&self, account: &Account) -> Result<SignedIn, Denial> {
        let subject = self.auth.subject(&account.id);
        match self.tokens.sign_in(account).await {
            Ok(signed_in) => {
                self.auth.report_login(Some(&subject), Ok(()));
                Ok(signed_in)
            }
            Err(TokensError::Refused) => {
                self.auth.report_login(Some(&subject), Err("account-changed"));
                Err(Denial::wrong_password(&self.auth.policy()))
            }
            Err(error) => Err(self.tokens.denial(error)),
        }
    }
}
