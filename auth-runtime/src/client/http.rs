//! Requests for tokens over HTTPS. In: a request to an address that the operator chose. Out: the
//! answer, if it came in time and is no longer than one can be.

use auth_policy::settings::Seconds;
use reqwest::{
    Method, Response,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER},
};

use super::{ClientError, Sending, TokenAnswer, TokenRequest, Transport};
use crate::{
    outbound::{self, Failure, Network, Outbound},
    secret::Secret,
};

/// The longest answer that is read, in bytes: a token of 16 KiB fits several times.
const MAX_BYTES: usize = 64 * 1024;

/// Asks token endpoints over HTTPS.
///
/// - `https` alone, with certificates the operating system trusts;
/// - without following redirects, without a proxy, without cookies and retries;
/// - 5 s for an answer of at most 64 KiB.
///
/// The address may be a private one: the operator chose it, and nobody else can.
#[derive(Clone, Debug)]
pub struct HttpTransport(Outbound);

impl HttpTransport {
    /// For services in use: the bounds above.
    ///
    /// # Errors
    ///
    /// When the certificates of the operating system cannot be read.
    pub fn production() -> Result<Self, ClientError> {
        Ok(Self(Outbound::new(Network::Chosen)?))
    }

    /// For a developer's machine: also `http` where it stays on the machine.
    ///
    /// # Errors
    ///
    /// When the certificates of the operating system cannot be read.
    ///
    /// # Security
    ///
    /// Not for production: whoever else is on the machine may be listening there.
    pub fn development() -> Result<Self, ClientError> {
        Ok(Self(Outbound::new(Network::Development)?))
    }

    async fn post(&self, request: &TokenRequest) -> Result<TokenAnswer, ClientError> {
        let mut post = self
            .0
            .request(Method::POST, &request.url)?
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(authorization) = &request.authorization {
            post = post.header(AUTHORIZATION, header(authorization)?);
        }
        // Sent as it is: the form is the request.
        let response = outbound::send(post.body(request.form.expose().to_owned())).await?;
        let retry_after = retry_after(&response);
        let status = response.status().as_u16();
        let json = match outbound::says_json(response.headers()) {
            true => Some(Secret::from(outbound::text(response, MAX_BYTES).await?)),
            false => None,
        };
        Ok(TokenAnswer { status, json, retry_after })
    }
}

impl Transport for HttpTransport {
    fn send<'t>(&'t self, request: &'t TokenRequest) -> Sending<'t> {
        Box::pin(self.post(request))
    }
}

/// The header, marked so that nothing below prints it.
fn header(authorization: &Secret) -> Result<HeaderValue, ClientError> {
    // Sent as it is: the header is the credential.
    let mut value = HeaderValue::from_str(authorization.expose())
        .map_err(|_| ClientError::Unreachable("the credentials fit no header".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

fn retry_after(response: &Response) -> Option<Seconds> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Seconds)
}

impl From<Failure> for ClientError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::UrlRefused | Failure::AddressRefused => Self::UrlRefused,
            Failure::Unreachable(why) => Self::Unreachable(why),
            Failure::Timeout => Self::Timeout,
            Failure::TooLarge => Self::TooLarge,
            Failure::NotText => Self::Malformed,
        }
    }
}
