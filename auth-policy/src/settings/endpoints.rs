//! `endpoints`: which limit holds the endpoints that the runtime brings.

use serde::{Deserialize, Serialize};

use crate::ids::LimitId;

/// A kind of endpoint that the runtime brings and strangers may call. The application mounts them
/// where it likes; the policy says how often they answer.
///
/// A kind that is mounted and has no limit here keeps the service from starting. Where the policy
/// has `passwords` or `providers`, `check` refuses it before that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointKind {
    /// Where somebody says a password: signing in, for tokens or for a session, saying the
    /// password again, and changing it.
    Login,
    /// Where accounts are made.
    Register,
    /// Where a link that resets a password is asked for, and where it is used.
    Reset,
    /// Where a refresh token is exchanged for new tokens.
    Refresh,
    /// Where programs get, look up and revoke tokens (OAuth 2.0).
    Token,
    /// Where people set out for a provider that signs them in, and come back from it.
    Provider,
}

impl EndpointKind {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 6] =
        [Self::Login, Self::Register, Self::Reset, Self::Refresh, Self::Token, Self::Provider];

    /// The key under `endpoints`.
    ///
    /// # Example
    ///
    /// ```
    /// use auth_policy::settings::EndpointKind;
    ///
    /// assert_eq!(EndpointKind::Login.as_str(), "login");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Register => "register",
            Self::Reset => "reset",
            Self::Refresh => "refresh",
            Self::Token => "token",
            Self::Provider => "provider",
        }
    }

    /// Whether a caller brings a secret there that can be counted by: a refresh token, or a
    /// client's own. The others are called by somebody who is not known yet.
    pub const fn brings_credential(self) -> bool {
        matches!(self, Self::Refresh | Self::Token)
    }
}

/// An entry of `endpoints`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointLimit {
    /// Which endpoints.
    pub kind: EndpointKind,
    /// The limit they are held to. It is closed while its store is down, and counts by something
    /// a caller has there.
    pub limit: LimitId,
}
