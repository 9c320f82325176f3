//! What is known of a provider's endpoints. In: the document it publishes (OpenID Connect Discovery
//! 1.0, RFC 8414), or what the policy says. Out: where they are and how it signs, if the document is
//! that issuer's.

use auth_policy::settings::{Algorithm, ClientAuth, OAuthProvider};
use serde::Deserialize;

use crate::{discovery::FetchError, jwt, outbound::Outbound};

/// What is needed of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Metadata {
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) userinfo_endpoint: Option<String>,
    /// Whether every answer to the browser names the issuer (RFC 9207).
    pub(super) names_itself: bool,
    /// Whether the secret goes into the form, and not into a header.
    pub(super) secret_in_form: bool,
    /// How it signs ID tokens; `None` where it gives none.
    pub(super) signing: Option<Signing>,
}

/// How a provider signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signing {
    pub(super) jwks_uri: String,
    pub(super) algorithms: Vec<Algorithm>,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
}

impl Metadata {
    /// Reads a document of that issuer.
    ///
    /// # Errors
    ///
    /// When it is malformed or of another issuer, which must be the same byte for byte, or sends us
    /// or the browser to an address that may not be asked.
    pub(super) fn read(text: &str, issuer: &str, outbound: &Outbound) -> Result<Self, FetchError> {
        let document = jwt::read_object::<Document>(text).ok_or(FetchError::MetadataMalformed)?;
        if document.issuer != issuer {
            return Err(FetchError::IssuerMismatch);
        }
        let endpoints =
            [&document.authorization_endpoint, &document.token_endpoint, &document.jwks_uri];
        let all = endpoints.into_iter().chain(&document.userinfo_endpoint);
        if !all.into_iter().all(|url| outbound.admits(url) && !url.contains('#')) {
            return Err(FetchError::UrlRefused);
        }
        let methods = document.token_endpoint_auth_methods_supported;
        let has = |methods: &Vec<String>, name| methods.iter().any(|method| method == name);
        let secret_in_form = methods.is_some_and(|methods| {
            has(&methods, "client_secret_post") && !has(&methods, "client_secret_basic")
        });
        Ok(Self {
            // Browsers are sent there in a header, which takes no letters of other scripts.
            authorization_endpoint: outbound.written(&document.authorization_endpoint)?,
            token_endpoint: document.token_endpoint,
            userinfo_endpoint: document.userinfo_endpoint,
            names_itself: document.authorization_response_iss_parameter_supported,
            secret_in_form,
            signing: Some(Signing {
                jwks_uri: document.jwks_uri,
                algorithms: algorithms(document.id_token_signing_alg_values_supported),
            }),
        })
    }

    /// What the policy says of a provider that publishes nothing.
    pub(super) fn declared(provider: &OAuthProvider) -> Self {
        Self {
            authorization_endpoint: provider.authorization_endpoint.clone(),
            token_endpoint: provider.token_endpoint.clone(),
            userinfo_endpoint: Some(provider.userinfo_endpoint.clone()),
            // Its callback is its own, which is what keeps its answers apart from those of others.
            names_itself: false,
            secret_in_form: provider.client_auth == ClientAuth::Form,
            signing: None,
        }
    }
}

/// Those of them that count here; `RS256`, as the standard has it, where nothing is said.
///
/// SECURITY: never one with a shared secret, and never `none`. One RSA key serves one algorithm, and
/// `RS256` is what a client gets that has not asked for another.
fn algorithms(said: Option<Vec<String>>) -> Vec<Algorithm> {
    let said = said.unwrap_or_else(|| vec!["RS256".to_owned()]);
    let mut known: Vec<_> = said.iter().filter_map(|name| Algorithm::from_name(name)).collect();
    known.retain(|algorithm| !algorithm.is_symmetric());
    if known.contains(&Algorithm::RS256) {
        known.retain(|algorithm| *algorithm != Algorithm::PS256);
    }
    known
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::outbound::Network;

    const ISSUER: &str = "https://id.example";

    fn document() -> Value {
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://id.example/authorize",
            "token_endpoint": "https://id.example/token",
            "jwks_uri": "https://id.example/jwks",
            "userinfo_endpoint": "https://id.example/me",
        })
    }

    fn read(document: &Value) -> Result<Metadata, FetchError> {
        let outbound = Outbound::new(Network::Public).unwrap();
        Metadata::read(&document.to_string(), ISSUER, &outbound)
    }

    #[test]
    fn oc6_the_issuer_must_be_the_same_byte_for_byte() {
        assert!(read(&document()).is_ok());
        for other in ["https://id.example/", "https://ID.example", "https://id.example:443", ""] {
            let mut document = document();
            document["issuer"] = other.into();
            assert_eq!(read(&document), Err(FetchError::IssuerMismatch), "{other}");
        }
    }

    #[test]
    fn oc6_no_endpoint_leads_inside_or_over_http() {
        for endpoint in
            ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"]
        {
            for url in [
                "http://id.example/x",
                "https://127.0.0.1/x",
                "https://169.254.169.254/latest/meta-data",
                "https://[::1]/x",
                "https://user@id.example/x",
                "https://id.example/x#y",
                "javascript:alert(1)",
                "/x",
            ] {
                let mut document = document();
                document[endpoint] = url.into();
                assert_eq!(read(&document), Err(FetchError::UrlRefused), "{endpoint} {url}");
            }
        }
    }

    #[test]
    fn oc7_algorithms_are_those_of_the_provider_without_none_and_shared_secrets() {
        let of = |names: &[&str]| algorithms(Some(names.iter().map(|n| (*n).to_owned()).collect()));
        assert_eq!(algorithms(None), [Algorithm::RS256]);
        assert_eq!(of(&["none", "HS256", "RS512", "rs256"]), []);
        assert_eq!(of(&["PS256", "ES256"]), [Algorithm::PS256, Algorithm::ES256]);
        assert_eq!(of(&["RS256", "PS256", "EdDSA"]), [Algorithm::RS256, Algorithm::EdDSA]);
    }
}
