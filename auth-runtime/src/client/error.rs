//! Why there is no token. In: the first thing that went wrong. Out: a code, and a sentence for the
//! log, without anything secret.

use std::{error::Error, fmt};

use auth_policy::settings::Seconds;

/// A request that brought no token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientError {
    /// The token endpoint is no URL, is not `https`, or has a user name in it.
    UrlRefused,
    /// There was no connection, or it broke: what the library says.
    Unreachable(String),
    /// There was no answer in time.
    Timeout,
    /// The answer is longer than is read.
    TooLarge,
    /// The server refused this client or what it asks for: the credentials or the scopes are wrong.
    Refused {
        /// The status.
        status: u16,
        /// The error code of RFC 6749 section 5.2, such as `invalid_client`.
        error: String,
    },
    /// The answer has another status than 200, and no error of OAuth in it; a redirect is one.
    Status {
        /// The status.
        status: u16,
        /// When to come back, if the answer says so.
        retry_after: Option<Seconds>,
    },
    /// The answer is not JSON, or does not say that it is, or holds no token that fits a header.
    Malformed,
    /// The token is of another type than `Bearer`.
    TokenType,
    /// The token had expired when it came.
    Expired,
    /// The request ended without an answer: the runtime stopped, or the transport panicked.
    Interrupted,
}

impl ClientError {
    /// A stable name for logs and documentation.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UrlRefused => "token-url-refused",
            Self::Unreachable(_) => "token-endpoint-unreachable",
            Self::Timeout => "token-endpoint-timeout",
            Self::TooLarge => "token-answer-too-large",
            Self::Refused { .. } => "token-refused",
            Self::Status { .. } => "token-endpoint-status",
            Self::Malformed => "token-answer-malformed",
            Self::TokenType => "token-type-unknown",
            Self::Expired => "token-expired-on-arrival",
            Self::Interrupted => "token-request-interrupted",
        }
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UrlRefused => {
                f.write_str("the token endpoint is not an https URL, or has a user name in it")
            }
            Self::Unreachable(why) => write!(f, "no connection: {}", why.escape_debug()),
            Self::Timeout => f.write_str("no answer in time"),
            Self::TooLarge => f.write_str("the answer is longer than one with a token can be"),
            Self::Refused { error, .. } => {
                write!(f, "the server refused the client: `{}`", error.escape_debug())
            }
            Self::Status { status, .. } => write!(f, "the answer has status {status}, not 200"),
            Self::Malformed => f.write_str("the answer is not JSON with an `access_token`"),
            Self::TokenType => f.write_str("the token's type is not `Bearer`"),
            Self::Expired => f.write_str("the token had expired when it came"),
            Self::Interrupted => f.write_str("the request was cut short"),
        }
    }
}

impl Error for ClientError {}
