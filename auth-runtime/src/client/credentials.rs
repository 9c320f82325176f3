//! What a client shows an authorization server. In: its id, its secret, and what it wants. Out: the
//! request for a token.

use super::TokenRequest;
use crate::{
    outbound::form::{Form, basic},
    secret::Secret,
};

/// A client of an authorization server, and what it asks for.
///
/// # Example
///
/// ```
/// use auth_runtime::{client::ClientCredentials, secret::Secret};
///
/// let secret = Secret::from("from the environment".to_owned());
/// let billing = ClientCredentials::new("https://id.example/oauth/token", "billing", secret)
///     .scopes(["read:posts", "write:posts"])
///     .resource("https://blog.example");
/// assert!(!format!("{billing:?}").contains("environment"));
/// ```
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    endpoint: String,
    client_id: String,
    secret: Secret,
    scopes: Vec<String>,
    resource: Option<String>,
    audience: Option<String>,
    authentication: ClientAuthentication,
}

/// Where a client's id and secret stand in a request (RFC 6749 section 2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// In the header: `client_secret_basic`, which every server must know.
    #[default]
    Basic,
    /// In the form: `client_secret_post`, for servers that know nothing else.
    Body,
}

impl ClientCredentials {
    /// A client that authenticates by HTTP Basic and asks for whatever scopes it is given.
    pub fn new(
        token_endpoint: impl Into<String>,
        client_id: impl Into<String>,
        secret: Secret,
    ) -> Self {
        Self {
            endpoint: token_endpoint.into(),
            client_id: client_id.into(),
            secret,
            scopes: Vec::new(),
            resource: None,
            audience: None,
            authentication: ClientAuthentication::default(),
        }
    }

    /// Asks for these scopes; a text with blanks in it is several.
    #[must_use]
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        let mut words = Vec::new();
        for text in scopes {
            words.extend(text.as_ref().split_ascii_whitespace().map(str::to_owned));
        }
        self.scopes = words;
        self
    }

    /// Asks for a token for that service, named by its URL (RFC 8707).
    #[must_use]
    pub fn resource(mut self, url: impl Into<String>) -> Self {
        self.resource = Some(url.into());
        self
    }

    /// Asks for a token with that audience. No standard has it, and some servers need it.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Shows the id and the secret in that way. Default [`ClientAuthentication::Basic`].
    #[must_use]
    pub fn authentication(mut self, authentication: ClientAuthentication) -> Self {
        self.authentication = authentication;
        self
    }

    pub(super) fn wanted(&self) -> &[String] {
        &self.scopes
    }

    pub(super) fn request(&self) -> TokenRequest {
        let scopes = Some(self.scopes.join(" ")).filter(|scopes| !scopes.is_empty());
        let form = Form::default()
            .field("grant_type", "client_credentials")
            .optional("scope", scopes.as_deref())
            .optional("resource", self.resource.as_deref())
            .optional("audience", self.audience.as_deref());
        let (authorization, form) = match self.authentication {
            ClientAuthentication::Basic => (Some(basic(&self.client_id, &self.secret)), form),
            // The secret is written into the form that is sent.
            ClientAuthentication::Body => (
                None,
                form.field("client_id", &self.client_id)
                    .field("client_secret", self.secret.expose()),
            ),
        };
        let form = Secret::from(form.into_text());
        TokenRequest { url: self.endpoint.clone(), authorization, form }
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;

    fn client(id: &str, secret: &str) -> ClientCredentials {
        ClientCredentials::new("https://id.example/token", id, Secret::from(secret.to_owned()))
    }

    #[test]
    fn m06_basic_is_that_of_the_standard() {
        // RFC 6749 section 2.3.1 prints this pair.
        let request = client("s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw").request();
        let header = request.authorization.expect("a header");
        assert!(header.matches("Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"));
        assert!(request.form.matches("grant_type=client_credentials"));
    }

    #[test]
    fn m06_id_and_secret_are_form_encoded_before_they_are_joined() {
        let header = client("a:b", "c%d é").request().authorization.expect("a header");
        let pair = header.expose().strip_prefix("Basic ").expect("Basic");
        let pair = String::from_utf8(STANDARD.decode(pair).expect("base64")).expect("ASCII");
        assert_eq!(pair, "a%3Ab:c%25d+%C3%A9");
    }

    #[test]
    fn m06_in_the_form_where_the_server_wants_it_there_and_nowhere_else() {
        let request = client("svc", "a&b=c").authentication(ClientAuthentication::Body).request();
        assert!(request.authorization.is_none());
        let form = "grant_type=client_credentials&client_id=svc&client_secret=a%26b%3Dc";
        assert!(request.form.matches(form));
    }

    #[test]
    fn m06_what_is_wanted_is_in_the_form() {
        let wants = client("svc", "s")
            .scopes(["read:posts", " write:posts  x "])
            .resource("https://blog.example")
            .audience("blog");
        assert!(wants.request().form.matches(
            "grant_type=client_credentials&scope=read%3Aposts+write%3Aposts+x\
             &resource=https%3A%2F%2Fblog.example&audience=blog"
        ));
    }

    #[test]
    fn m06_secrets_are_not_printed() {
        let client = client("svc", "hunter2").authentication(ClientAuthentication::Body);
        let printed = format!("{client:?} {:?}", client.request());
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}
