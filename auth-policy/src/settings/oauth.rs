//! `oauth`: what this service offers to the programs of others, as an authorization server.

use serde::{Deserialize, Serialize};

use super::Seconds;

/// The authorization server of this service (OAuth 2.0, RFC 6749). Its `issuer` is that of
/// `schemes.jwt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuth {
    /// What a token is given for, in the order of the documentation.
    pub grants: Vec<GrantType>,
    /// How long an authorization code can be exchanged. Default 60 s, at most 600.
    pub code_ttl: Seconds,
}

impl OAuth {
    /// How long a code can be exchanged, unless the policy says otherwise.
    pub const CODE_TTL: Seconds = Seconds(60);
    /// The longest that a policy may say (RFC 6749, section 4.1.2).
    pub const LONGEST_CODE_TTL: Seconds = Seconds(600);
}

/// What a token is given for. The implicit grant and the one for passwords do not exist here
/// (RFC 9700, sections 2.1.2 and 2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GrantType {
    /// A code that somebody's consent led to.
    AuthorizationCode,
    /// The client's own credentials: a program that acts for itself.
    ClientCredentials,
    /// A refresh token.
    RefreshToken,
}

impl GrantType {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 3] =
        [Self::AuthorizationCode, Self::ClientCredentials, Self::RefreshToken];

    /// The word of RFC 6749, as `grant_type` has it.
    ///
    /// # Example
    ///
    /// ```
    /// use auth_policy::settings::GrantType;
    ///
    /// assert_eq!(GrantType::ClientCredentials.as_str(), "client_credentials");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::ClientCredentials => "client_credentials",
            Self::RefreshToken => "refresh_token",
        }
    }
}
