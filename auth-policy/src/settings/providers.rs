//! `providers`: who signs people in, where they are asked, and what is asked of them.

use serde::{Deserialize, Serialize};

use super::{Place, Reference};

/// An entry of `providers`: somebody who signs people in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provider {
    /// The name in `/login/{provider}`: letters, digits, `-` and `_`.
    pub name: String,
    /// How it is spoken with.
    pub kind: ProviderKind,
    /// Our client id there.
    pub client_id: ClientId,
    /// Our client secret there.
    pub client_secret: Reference,
    /// What is asked of it, in this order. Default `openid`, `profile` and `email` for an OpenID
    /// provider, nothing for another.
    pub scopes: Vec<String>,
    /// What somebody has in the end. Default `session`.
    pub result: SignInResult,
    /// The paths of this service that a sign-in may lead to, the usual one first. Never empty.
    /// Default `/` alone.
    pub after: Vec<String>,
    /// The path of this service that a sign-in leads to that failed. Default `/`.
    pub on_failure: String,
    /// What comes of somebody who has no account here. Default `create`.
    pub new_accounts: NewAccounts,
    /// Where the policy declares it.
    pub place: Place,
}

/// The two kinds of provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// One that speaks OpenID Connect: its discovery document says where everything is, and an ID
    /// token who somebody is.
    OpenId {
        /// The issuer, byte for byte as it writes it itself.
        issuer: String,
    },
    /// One that speaks OAuth 2.0 alone: the policy says where everything is, and what its answers
    /// mean.
    OAuth(Box<OAuthProvider>),
}

/// A provider without OpenID Connect, such as GitHub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuthProvider {
    /// The URL that its people are known by here, as those of an OpenID provider are by its issuer.
    /// No other provider has it.
    pub identity: String,
    /// Where browsers are sent.
    pub authorization_endpoint: String,
    /// Where a code is exchanged.
    pub token_endpoint: String,
    /// Where it says whose access token it is.
    pub userinfo_endpoint: String,
    /// Where our id and secret go in a request for tokens. Default `header`.
    pub client_auth: ClientAuth,
    /// What it calls what is known of somebody.
    pub profile: ProfileNames,
}

/// What somebody has who signed in with a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInResult {
    /// A session: `schemes.session`.
    #[default]
    Session,
    /// An access and a refresh token in cookies: `schemes.jwt.cookies`.
    Tokens,
}

/// What comes of somebody who has no account here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewAccounts {
    /// They get one, if the application gives them one.
    #[default]
    Create,
    /// They are not signed in.
    Refuse,
}

/// Where a client's secret goes (RFC 6749, section 2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// Into the header `Authorization`, as every authorization server has to take it.
    #[default]
    Header,
    /// Into the form, for those that do not.
    Form,
}

/// What a provider calls what is known of somebody. Dots reach into objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileNames {
    /// Who it is there: a string or a whole number that is never another person's.
    pub subject: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether the provider has seen that the address is theirs: `true` or anything else.
    pub email_verified: Option<String>,
    /// The whole name, as it is shown.
    pub name: Option<String>,
    /// The given name.
    pub given_name: Option<String>,
    /// The family name.
    pub family_name: Option<String>,
    /// What they would like to be called.
    pub username: Option<String>,
}

/// Our name at a provider. It is public, so it may stand in the policy itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientId {
    /// The client id itself.
    Literal(String),
    /// Where it comes from.
    Reference(Reference),
}

/// Whether it is a path of this service that is the same however it is written, and so can be
/// compared with another byte for byte: letters, digits, `/`, `-`, `_`, `.` and `~`.
///
/// ```
/// use auth_policy::settings::is_local_path;
///
/// assert!(is_local_path("/account"));
/// assert!(!is_local_path("//evil.example") && !is_local_path("/%2fevil.example"));
/// ```
pub fn is_local_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    path.starts_with('/') && !path.contains("//") && path.bytes().all(plain)
}

impl Provider {
    /// Whom its people are known by: the issuer of an OpenID provider, the `identity` of another.
    /// With the subject it says whose account somebody has.
    pub fn identity(&self) -> &str {
        match &self.kind {
            ProviderKind::OpenId { issuer } => issuer,
            ProviderKind::OAuth(provider) => &provider.identity,
        }
    }
}

impl Default for ProfileNames {
    /// The names of OpenID Connect (Core, section 5.1).
    fn default() -> Self {
        let claim = |name: &str| Some(name.to_owned());
        Self {
            subject: "sub".to_owned(),
            email: claim("email"),
            email_verified: claim("email_verified"),
            name: claim("name"),
            given_name: claim("given_name"),
            family_name: claim("family_name"),
            username: claim("preferred_username"),
        }
    }
}
