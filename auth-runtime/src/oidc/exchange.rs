//! Requests to a provider on somebody's behalf. In: a code, or an access token. Out: the provider's
//! tokens, and what it says of whom they are for.

use reqwest::{
    Method, Response, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Provider,
    failure::{Code, Failure},
    metadata::Metadata,
    transaction::Transaction,
};
use crate::{
    Denial,
    discovery::FetchError,
    jwt,
    outbound::{
        self, Outbound,
        form::{Form, basic},
    },
    secret::Secret,
};

/// The longest answer that is read, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// What the provider gives for a code.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) access_token: Secret,
    token_type: String,
    /// From an OpenID provider.
    pub(super) id_token: Option<Secret>,
}

/// Exchanges a code for tokens (RFC 6749, section 4.1.3, with RFC 7636).
pub(super) async fn tokens(
    outbound: &Outbound,
    provider: &Provider,
    metadata: &Metadata,
    transaction: &Transaction,
    code: &str,
) -> Result<Tokens, Failure> {
    let verifier = transaction.secrets.verifier();
    // Code, verifier and secret are what the request is for.
    let form = Form::default()
        .field("grant_type", "authorization_code")
        .field("code", code)
        .field("redirect_uri", &transaction.redirect_uri)
        .field("code_verifier", verifier.expose());
    let post =
        outbound.request(Method::POST, &metadata.token_endpoint).map_err(FetchError::from)?;
    let post = post
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let (post, form) = match metadata.secret_in_form {
        true => (
            post,
            form.field("client_id", &provider.client_id)
                .field("client_secret", provider.client_secret.expose()),
        ),
        false => {
            let shown = basic(&provider.client_id, &provider.client_secret);
            (post.header(AUTHORIZATION, header(&shown)?), form)
        }
    };
    let response = outbound::send(post.body(form.into_text())).await.map_err(FetchError::from)?;
    if response.status() != StatusCode::OK {
        return Err(refused(response.status()));
    }
    let text = Secret::from(json(response).await?);
    // The tokens are inside.
    let tokens = jwt::read_object::<Tokens>(text.expose());
    let tokens = tokens.ok_or(Failure::failed("token-answer-malformed"))?;
    let bearer = tokens.token_type.eq_ignore_ascii_case("Bearer");
    if !bearer || !outbound::fits_a_header(&tokens.access_token) {
        return Err(Failure::failed("token-answer-malformed"));
    }
    Ok(tokens)
}

/// What the provider says of the person whose access token it is (OpenID Connect Core, 5.3).
pub(super) async fn userinfo(
    outbound: &Outbound,
    url: &str,
    access_token: &Secret,
) -> Result<Value, Failure> {
    let get = outbound.request(Method::GET, url).map_err(FetchError::from)?;
    // The access token is what the provider asks to see.
    let bearer = Secret::from(["Bearer ", access_token.expose()].concat());
    let get = get.header(ACCEPT, "application/json").header(AUTHORIZATION, header(&bearer)?);
    let response = outbound::send(get).await.map_err(FetchError::from)?;
    if response.status() != StatusCode::OK {
        return Err(refused(response.status()));
    }
    let text = json(response).await?;
    jwt::read_object::<Value>(&text).ok_or(Failure::failed("userinfo-malformed"))
}

fn refused(status: StatusCode) -> Failure {
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Failure::Ended(Code::TemporarilyUnavailable, "provider-unavailable");
    }
    Failure::failed("provider-refused")
}

async fn json(response: Response) -> Result<String, Failure> {
    if !outbound::says_json(response.headers()) {
        return Err(FetchError::NotJson.into());
    }
    Ok(outbound::text(response, MAX_BYTES).await.map_err(FetchError::from)?)
}

/// The header, marked so that nothing below prints it.
fn header(value: &Secret) -> Result<HeaderValue, Failure> {
    // Sent as it is: the header is the credential.
    let value = HeaderValue::from_str(value.expose());
    let mut value = value.map_err(|_| Failure::Denied(Denial::internal(), "internal"))?;
    value.set_sensitive(true);
    Ok(value)
}
