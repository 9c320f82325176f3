//! One family. In: a record's value. Out: what a presented token is to it, and its next state.

use auth_policy::settings::Seconds;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::token::Token;
use crate::{clock::Timestamp, store::StoreError};

/// What a family was begun for, and which of its tokens are still good for something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// The OAuth client it belongs to; none for the service's own sign-in.
    pub client_id: Option<String>,
    /// The scopes its access tokens are limited to; none for all that the subject has.
    pub scopes: Option<Vec<String>>,
    /// How surely the one who signed in proved who they are, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// When the one who let the client in had proved who they are, in seconds since 1970. Of the
    /// service's own sign-in that is when the family began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) authenticated_at: Option<i64>,
    /// When it began, in seconds since 1970.
    began_at: i64,
    /// When it ends whatever happens, in seconds since 1970.
    ends_at: i64,
    /// The hash of the live token.
    current: String,
    /// The token before it.
    previous: Option<Previous>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Previous {
    hash: String,
    /// In seconds since 1970.
    retired_at: i64,
    /// The live token's secret, sealed under this one's.
    successor: String,
}

/// What a presented token is to its family. It was issued by this service: its MAC said so.
pub(super) enum Presented<'f> {
    /// The live one.
    Current,
    /// The one before it, within the window: here is the sealed successor.
    JustRetired(&'f str),
    /// An older one, or one presented too late.
    Retired,
}

impl Family {
    pub(super) fn begin(
        token: &Token,
        client_id: Option<String>,
        scopes: Option<Vec<String>>,
        now: Timestamp,
        ends_at: Timestamp,
    ) -> Self {
        let (began_at, ends_at) = (now.0, ends_at.0);
        let current = token.hash();
        Self {
            client_id,
            scopes,
            acr: None,
            authenticated_at: None,
            began_at,
            ends_at,
            current,
            previous: None,
        }
    }

    /// When the one whose family it is proved who they are, where that is known.
    pub(crate) fn authenticated_at(&self) -> Option<Timestamp> {
        match self.client_id {
            // SECURITY: when a client was let in says nothing of when its user last proved it.
            Some(_) => self.authenticated_at.map(Timestamp),
            None => Some(self.began_at()),
        }
    }

    /// When somebody signed in for it: the `auth_time` of its access tokens.
    pub fn began_at(&self) -> Timestamp {
        Timestamp(self.began_at)
    }

    /// For how long it still lives.
    pub(crate) fn left(&self, now: Timestamp) -> Seconds {
        Seconds(u64::try_from(self.ends_at.saturating_sub(now.0)).unwrap_or(0))
    }

    pub(super) fn recognize(
        &self,
        token: &Token,
        window: Seconds,
        now: Timestamp,
    ) -> Presented<'_> {
        let hash = token.hash();
        let is = |known: &str| bool::from(known.as_bytes().ct_eq(hash.as_bytes()));
        if is(&self.current) {
            return Presented::Current;
        }
        match &self.previous {
            Some(previous) if is(&previous.hash) && previous.is_within(window, now) => {
                Presented::JustRetired(&previous.successor)
            }
            _ => Presented::Retired,
        }
    }

    /// The family after its live token was retired in favour of `successor`.
    pub(super) fn advance(&self, successor: &Token, sealed: String, now: Timestamp) -> Self {
        let hash = self.current.clone();
        let previous = Some(Previous { hash, retired_at: now.0, successor: sealed });
        Self { current: successor.hash(), previous, ..self.clone() }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // INVARIANT: strings, numbers and lists of strings are always written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        serde_json::from_slice(bytes)
            .map_err(|_| StoreError::Damaged("a refresh family".to_owned()))
    }
}

impl Previous {
    fn is_within(&self, window: Seconds, now: Timestamp) -> bool {
        now < Timestamp(self.retired_at).plus(window)
    }
}
