//! Who asks. In: a request of a client. Out: the client, which showed in exactly one way that it is
//! the one.

use auth_policy::settings::EndpointKind;
use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    OAuth, assertion, client::Client, error::OAuthError, form::Parameters, record::Stored,
};
use crate::{audit::Tag, limit, secret::Secret, store::StoreError};

/// What `client_assertion_type` says of a signed JWT (RFC 7523, section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How a client shows who it is.
enum Proof {
    /// By a secret, in a header or in the body.
    Secret { id: String, secret: Secret },
    /// By a signature.
    Assertion { id: Option<String>, assertion: Secret },
    /// Not at all.
    None { id: String },
}

/// Why somebody is not believed to be a client.
pub(super) enum Stranger {
    /// The cause, for the audit event.
    Cause(&'static str),
    Store(StoreError),
}

impl From<StoreError> for Stranger {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl OAuth {
    /// The client of a request, with what it sends. It is counted by its address, and by the client if
    /// it is one.
    pub(super) async fn client(
        &self,
        headers: &HeaderMap,
        parameters: Result<Parameters, OAuthError>,
        peer: &limit::Client,
    ) -> Result<(Client, Parameters), OAuthError> {
        // SECURITY: whoever asks too often has nothing looked up or verified for it.
        limit::count_stranger(self.auth(), EndpointKind::Token, peer).await?;
        let read = parameters.and_then(|read| Ok((Proof::find(headers, &read)?, read)));
        let (proof, parameters) = match read {
            Ok(read) => read,
            Err(error) => {
                self.count(None, peer).await?;
                return Err(error);
            }
        };
        match self.check(proof).await {
            Ok(client) => {
                self.count(Some(&client), peer).await?;
                Ok((client, parameters))
            }
            Err((id, Stranger::Cause(cause))) => {
                self.count(None, peer).await?;
                self.report_refused(Tag::of_name(&id), cause);
                Err(OAuthError::invalid_client())
            }
            Err((_, Stranger::Store(error))) => Err(error.into()),
        }
    }

    /// SECURITY: a name that anybody can write is no bucket: only a client that has shown that it is
    /// the one has one, and a public client is whoever says so.
    async fn count(&self, client: Option<&Client>, peer: &limit::Client) -> Result<(), OAuthError> {
        let shown = client.filter(|client| !client.public).map(|client| client.id.as_str());
        Ok(limit::count_caller(self.auth(), EndpointKind::Token, shown, peer).await?)
    }

    async fn check(&self, proof: Proof) -> Result<Client, (String, Stranger)> {
        let id = match &proof {
            Proof::Secret { id, .. } | Proof::None { id } => id.clone(),
            Proof::Assertion { id, assertion } => {
                id.clone().or_else(|| assertion::claimed_id(assertion)).unwrap_or_default()
            }
        };
        let checked = async {
            let stored = self.clients().stored(&id).await?;
            let stored = stored.ok_or(Stranger::Cause("client-unknown"))?;
            if stored.is_disabled() {
                return Err(Stranger::Cause("client-disabled"));
            }
            self.believe(&proof, &id, &stored).await?;
            Ok(stored.client())
        };
        checked.await.map_err(|stranger| (id.clone(), stranger))
    }

    async fn believe(&self, proof: &Proof, id: &str, stored: &Stored) -> Result<(), Stranger> {
        match proof {
            Proof::Secret { secret, .. } if stored.is_secret(secret) => Ok(()),
            Proof::Secret { .. } => Err(Stranger::Cause("client-secret-wrong")),
            Proof::Assertion { assertion, .. } => {
                assertion::verify(self, assertion, id, stored).await
            }
            // SECURITY: a client that could show more does not get by with its name alone.
            Proof::None { .. } if stored.is_public() => Ok(()),
            Proof::None { .. } => Err(Stranger::Cause("client-without-proof")),
        }
    }
}

impl Proof {
    fn find(headers: &HeaderMap, parameters: &Parameters) -> Result<Self, OAuthError> {
        let basic = basic(headers)?;
        let id = parameters.get("client_id").map(str::to_owned);
        let secret = parameters.secret("client_secret").cloned();
        let assertion = assertion_of(parameters)?;
        let ways = [basic.is_some(), secret.is_some(), assertion.is_some()];
        if ways.into_iter().filter(|way| *way).count() > 1 {
            let description = "the client shows in more than one way who it is";
            return Err(OAuthError::invalid_request(description));
        }
        let proof = match (basic, secret, assertion, id) {
            (Some((name, _)), _, _, Some(id)) if name != id => {
                let description = "the client has one name in the header and another in the body";
                return Err(OAuthError::invalid_request(description));
            }
            (Some((id, secret)), ..) => Self::Secret { id, secret },
            (None, Some(secret), _, Some(id)) => Self::Secret { id, secret },
            (None, Some(_), _, None) => {
                return Err(OAuthError::invalid_request("`client_id` is missing"));
            }
            (None, None, Some(assertion), id) => Self::Assertion { id, assertion },
            (None, None, None, Some(id)) => Self::None { id },
            (None, None, None, None) => return Err(OAuthError::invalid_client()),
        };
        Ok(proof)
    }
}

/// The name and the secret of `Authorization: Basic`, each of which is form-encoded inside
/// (RFC 6749, section 2.3.1).
fn basic(headers: &HeaderMap) -> Result<Option<(String, Secret)>, OAuthError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(OAuthError::invalid_request("there is more than one `Authorization`"));
    }
    let value = value.to_str().map_err(|_| OAuthError::invalid_client())?;
    let (scheme, encoded) = value.split_once(' ').ok_or_else(OAuthError::invalid_client)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(OAuthError::invalid_client());
    }
    let decoded = STANDARD.decode(encoded.trim()).ok();
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok()).map(Secret::from);
    let text = text.ok_or_else(OAuthError::invalid_client)?;
    // The two parts are what the header is for.
    let (id, secret) = text.expose().split_once(':').ok_or_else(OAuthError::invalid_client)?;
    Ok(Some((decoded_part(id), Secret::from(decoded_part(secret)))))
}

fn decoded_part(text: &str) -> String {
    // A pair without `=` is a name; `&` and `=` inside would cut it, and are encoded by who means it.
    let escaped = text.replace('&', "%26").replace('=', "%3D");
    let mut pairs = form_urlencoded::parse(escaped.as_bytes());
    pairs.next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

fn assertion_of(parameters: &Parameters) -> Result<Option<Secret>, OAuthError> {
    let assertion = parameters.secret("client_assertion").cloned();
    match (assertion, parameters.get("client_assertion_type")) {
        (None, None) => Ok(None),
        (Some(assertion), Some(JWT_BEARER)) => Ok(Some(assertion)),
        _ => {
            let description = "`client_assertion` and its type do not go together";
            Err(OAuthError::invalid_request(description))
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn read(value: &str) -> Option<(String, String)> {
        let mut headers = HeaderMap::new();
        let value = format!("Basic {}", STANDARD.encode(value));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&value).unwrap());
        let (id, secret) = basic(&headers).ok()??;
        Some((id, secret.expose().to_owned()))
    }

    #[test]
    fn ot6_both_parts_of_basic_are_form_encoded_inside() {
        let pair = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
        assert_eq!(read("app:secret"), pair("app", "secret"));
        assert_eq!(read("a%3Ab:x%20y+z%25"), pair("a:b", "x y z%"));
        assert_eq!(read("app:a=b&c:d"), pair("app", "a=b&c:d"));
        assert_eq!(read("app:"), pair("app", ""));
        assert_eq!(read("app"), None);
    }
}
