//! One client. In: what an operator registers. Out: what it may do, as the endpoints ask.

use auth_policy::settings::GrantType;

use crate::clock::Timestamp;

/// A program that is registered here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Client {
    /// Its public id: `client_id`.
    pub id: String,
    /// What people know it by, as a consent page shows it.
    pub name: String,
    /// Whether it can keep no secret: an app on somebody's device. Its refresh tokens are
    /// all that shows who it is.
    pub public: bool,
    /// What it may be given tokens for.
    pub grants: Vec<GrantType>,
    /// Its ceiling: the scopes it may have, by their names in the policy.
    pub scopes: Vec<String>,
    /// Where a browser may be sent back to, each as it is written.
    pub redirect_uris: Vec<String>,
    /// Whether it may look up every access token of this service, as a resource server does.
    pub introspects: bool,
    /// Whether it is closed.
    pub disabled: bool,
    /// When it was registered: what was given to another client of that id before is none of its.
    pub registered_at: Timestamp,
}

impl Client {
    /// What the subject of its own tokens begins with. No account's id does: an account's id is the
    /// name of an owner in a store, and `:` is in no such name.
    pub(crate) const SUBJECT: &str = "client:";

    /// The subject of the tokens with which it acts for itself (OT10).
    ///
    /// ```
    /// # use auth_runtime::oauth::Client;
    /// # fn show(client: &Client) {
    /// assert_eq!(client.subject(), format!("client:{}", client.id));
    /// # }
    /// ```
    pub fn subject(&self) -> String {
        format!("{}{}", Self::SUBJECT, self.id)
    }

    /// Whether it may be given a token for that.
    pub fn may(&self, grant: GrantType) -> bool {
        self.grants.contains(&grant)
    }
}

/// A client to be registered.
///
/// ```
/// use auth_runtime::{oauth::NewClient, policy_types::GrantType};
///
/// let nightly = NewClient::new("nightly-report", "Nightly report")
///     .grants([GrantType::ClientCredentials])
///     .scopes(["read:posts"]);
/// assert!(format!("{nightly:?}").contains("nightly-report"));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a client is made by `Clients::register`"]
pub struct NewClient {
    pub(super) client: Client,
    pub(super) jwks: Option<String>,
}

impl NewClient {
    /// A client with a secret, that may do nothing yet. Its id is 1 to 64 letters, digits, `-` and
    /// `_`; its name 1 to 100 bytes.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        let client = Client {
            id: id.into(),
            name: name.into(),
            public: false,
            grants: Vec::new(),
            scopes: Vec::new(),
            redirect_uris: Vec::new(),
            introspects: false,
            disabled: false,
            registered_at: Timestamp(0),
        };
        Self { client, jwks: None }
    }

    /// What it may be given tokens for.
    pub fn grants(mut self, grants: impl IntoIterator<Item = GrantType>) -> Self {
        self.client.grants = grants.into_iter().collect();
        self
    }

    /// Its ceiling, by the names of the policy.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.client.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Where a browser may be sent back to with a code: at most 20 absolute URIs of at most 1024
    /// bytes, which requests have to name to the byte. `https`, or `http` to this very machine
    /// (`127.0.0.1`, `[::1]`, `localhost`, each with its port); without a fragment.
    pub fn redirect_uris<S: Into<String>>(mut self, uris: impl IntoIterator<Item = S>) -> Self {
        self.client.redirect_uris = uris.into_iter().map(Into::into).collect();
        self
    }

    /// It can keep no secret, and gets none.
    pub fn public(mut self) -> Self {
        self.client.public = true;
        self
    }

    /// It signs assertions with one of these keys (`private_key_jwt`) and gets no secret: a JWK set
    /// of at most four public keys.
    pub fn signs_with(mut self, jwk_set: impl Into<String>) -> Self {
        self.jwks = Some(jwk_set.into());
        self
    }

    /// It may look up every access token of this service, as a resource server does.
    pub fn introspects(mut self) -> Self {
        self.client.introspects = true;
        self
    }
}
