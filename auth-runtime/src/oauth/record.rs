//! A client as it is kept. In: a record of the store. Out: the client with the hashes of its
//! secrets, which are in nobody else's hands.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use auth_policy::settings::GrantType;

use super::client::Client;
use crate::{
    clock::Timestamp,
    secret::Secret,
    store::{Collection, Key, Owner, StoreError},
};

const COLLECTION: Collection = Collection("client");

/// How many secrets count at a time: the one in use, and the one before it during a rotation.
const MAX_SECRETS: usize = 2;

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Stored {
    id: String,
    name: String,
    public: bool,
    grants: Vec<GrantType>,
    scopes: Vec<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    introspects: bool,
    disabled: bool,
    /// In seconds since 1970.
    #[serde(default)]
    registered_at: i64,
    /// SHA-256 of each secret, the newest first. A fast hash is enough: each has 256 random bits.
    secrets: Vec<String>,
    /// The keys of its assertions.
    jwks: Option<String>,
}

impl Stored {
    pub(super) fn new(client: Client, secret: Option<&Secret>, jwks: Option<String>) -> Self {
        let secrets = secret.map(hash).into_iter().collect();
        Self {
            id: client.id,
            name: client.name,
            public: client.public,
            grants: client.grants,
            scopes: client.scopes,
            redirect_uris: client.redirect_uris,
            introspects: client.introspects,
            disabled: client.disabled,
            registered_at: client.registered_at.0,
            secrets,
            jwks,
        }
    }

    pub(super) fn client(self) -> Client {
        Client {
            id: self.id,
            name: self.name,
            public: self.public,
            grants: self.grants,
            scopes: self.scopes,
            redirect_uris: self.redirect_uris,
            introspects: self.introspects,
            disabled: self.disabled,
            registered_at: Timestamp(self.registered_at),
        }
    }

    /// Whether that is one of its secrets, in a time that says nothing of how nearly it is.
    pub(super) fn is_secret(&self, presented: &Secret) -> bool {
        let presented = hash(presented);
        let matches = |known: &String| known.as_bytes().ct_eq(presented.as_bytes());
        let none = subtle::Choice::from(0);
        self.secrets.iter().map(matches).fold(none, |found, one| found | one).into()
    }

    /// Puts a secret before the others, of which one stays.
    pub(super) fn add_secret(&mut self, secret: &Secret) {
        self.secrets.insert(0, hash(secret));
        self.secrets.truncate(MAX_SECRETS);
    }

    /// Leaves the newest secret alone.
    pub(super) fn retire_secrets(&mut self) {
        self.secrets.truncate(1);
    }

    pub(super) fn has_secrets(&self) -> bool {
        !self.secrets.is_empty()
    }

    pub(super) fn is_disabled(&self) -> bool {
        self.disabled
    }

    pub(super) fn is_public(&self) -> bool {
        self.public
    }

    pub(super) fn jwks(&self) -> Option<&str> {
        self.jwks.as_deref()
    }

    pub(super) fn set_disabled(&mut self, disabled: bool) {
        self.disabled = disabled;
    }

    pub(super) fn set_scopes(&mut self, scopes: Vec<String>) {
        self.scopes = scopes;
    }

    pub(super) fn set_redirect_uris(&mut self, uris: Vec<String>) {
        self.redirect_uris = uris;
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // INVARIANT: strings, flags and lists of strings are always written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        serde_json::from_slice(bytes).map_err(|_| StoreError::Damaged("a client".to_owned()))
    }
}

/// Where a client is kept; `None` for an id that no client has.
pub(super) fn key(id: &str) -> Option<Key> {
    Key::new(COLLECTION, Owner::new(id)?, "client")
}

fn hash(secret: &Secret) -> String {
    // The hash is what is kept of a secret.
    let hash = digest::digest(&digest::SHA256, secret.expose().as_bytes());
    URL_SAFE_NO_PAD.encode(hash.as_ref())
}
