//! A key as it is kept. In: a record's value. Out: what it is worth at a moment, and how long the
//! record stays.

use auth_policy::settings::{KeyEnvironment, Seconds};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    recognized::Recognized,
    seen::{Noted, Updated},
    store::{Collection, Key, Owner, StoreError},
};

/// Where keys are kept.
pub(super) const COLLECTION: Collection = Collection("api-key");

/// How long a key is still listed after it has ended: 30 days.
const LISTED_AFTER_END: Seconds = Seconds(30 * 24 * 60 * 60);

/// A key. Moments are in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredKey {
    /// The hash of the secret.
    pub(super) hash: String,
    pub(super) name: String,
    /// By name, so that they mean the same under every version of the policy. Sorted.
    pub(super) scopes: Vec<String>,
    pub(super) environment: KeyEnvironment,
    pub(super) created_at: i64,
    pub(super) expires_at: i64,
    pub(super) last_used_at: Option<i64>,
    pub(super) revoked_at: Option<i64>,
    /// The id of the key that replaces it.
    pub(super) replaced_by: Option<String>,
}

/// A key that was parsed, and what this process has seen of it since.
#[derive(Debug)]
pub(super) struct Familiar {
    pub(super) stored: StoredKey,
    pub(super) secret: Recognized,
    pub(super) noted: Noted,
}

impl Familiar {
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        let (secret, noted) = (Recognized::default(), Noted::default());
        Ok(Self { stored: StoredKey::from_bytes(bytes)?, secret, noted })
    }
}

/// What a key is at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It is good.
    Current,
    /// It is good still, and another replaces it.
    Replaced,
    /// It has expired.
    Expired,
    /// It was revoked.
    Revoked,
}

impl StoredKey {
    pub(super) fn state(&self, now: Timestamp) -> State {
        match (self.revoked_at, &self.replaced_by) {
            (Some(_), _) => State::Revoked,
            _ if self.expires_at <= now.0 => State::Expired,
            (None, Some(_)) => State::Replaced,
            (None, None) => State::Current,
        }
    }

    /// When it ends, or ended.
    pub(super) fn ends_at(&self) -> Timestamp {
        Timestamp(self.revoked_at.unwrap_or(self.expires_at).min(self.expires_at))
    }

    /// From when on the record is not kept any more.
    pub(super) fn kept_until(&self) -> Timestamp {
        // A key that was revoked long after it expired is listed with that for as long.
        let ended_at = self.revoked_at.unwrap_or(self.expires_at);
        Timestamp(ended_at).plus(LISTED_AFTER_END)
    }

    /// How long it was given to live.
    pub(super) fn lifetime(&self) -> Seconds {
        Seconds(u64::try_from(self.expires_at.saturating_sub(self.created_at)).unwrap_or(0))
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // INVARIANT: strings, numbers and lists of strings are always written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        serde_json::from_slice(bytes).map_err(|_| StoreError::Damaged("an API key".to_owned()))
    }

    /// The record once the key was used at that moment. Nothing else of it changes: a revocation
    /// that came meanwhile stays.
    pub(super) fn used(value: &[u8], at: Timestamp) -> Updated {
        let key = Self::from_bytes(value).ok()?;
        let last_used_at = Some(key.last_used_at.map_or(at.0, |before| before.max(at.0)));
        let used = Self { last_used_at, ..key };
        Some((used.to_bytes(), Some(used.kept_until())))
    }
}

/// Where the key with that id is; `None` for what is no id.
pub(super) fn key(owner: &Owner, id: &str) -> Option<Key> {
    Key::new(COLLECTION, owner.clone(), id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> StoredKey {
        StoredKey {
            hash: "hash".to_owned(),
            name: "ci".to_owned(),
            scopes: vec!["read:posts".to_owned()],
            environment: KeyEnvironment::Live,
            created_at: 1_000,
            expires_at: 2_000,
            last_used_at: None,
            revoked_at: None,
            replaced_by: None,
        }
    }

    #[test]
    fn k5_a_key_is_good_until_the_second_it_expires() {
        let key = stored();
        assert_eq!(key.state(Timestamp(1_999)), State::Current);
        assert_eq!(key.state(Timestamp(2_000)), State::Expired);
        let replaced = StoredKey { replaced_by: Some("next".to_owned()), ..stored() };
        assert_eq!(replaced.state(Timestamp(1_999)), State::Replaced);
        assert_eq!(replaced.state(Timestamp(2_000)), State::Expired);
        let revoked = StoredKey { revoked_at: Some(1_500), ..replaced };
        assert_eq!(revoked.state(Timestamp(1_400)), State::Revoked, "whatever the clock says");
        assert_eq!(revoked.ends_at(), Timestamp(1_500));
    }

    #[test]
    fn m08_a_use_is_noted_and_changes_nothing_else() {
        let revoked = StoredKey { revoked_at: Some(1_500), last_used_at: Some(1_400), ..stored() };
        let (value, until) = StoredKey::used(&revoked.to_bytes(), Timestamp(1_450)).unwrap();
        let used = StoredKey::from_bytes(&value).unwrap();
        assert_eq!(used, StoredKey { last_used_at: Some(1_450), ..revoked.clone() });
        assert_eq!(until, Some(Timestamp(1_500 + 30 * 86_400)));
        let (value, _) = StoredKey::used(&revoked.to_bytes(), Timestamp(1_300)).unwrap();
        assert_eq!(StoredKey::from_bytes(&value).unwrap(), revoked, "an earlier use is no news");
    }
}
