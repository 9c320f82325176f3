//! A key that was presented. In: the bytes of a header. Out: whose key it is and what it is worth
//! now; or why it is worth nothing, which only the audit event says.

use std::sync::Arc;

use auth_policy::{policy::SchemeId, settings::ApiKeyScheme};
use serde_json::Map;

use super::{
    Keep,
    record::{Familiar, State, StoredKey, key},
    text::{KeyText, NoKey},
};
use crate::{
    Auth,
    account::{Accounts, standing},
    bits::Bits,
    clock::Timestamp,
    identity::{Subject, Verified},
    in_force::InForce,
    store::{Found, Key, Known, Store, StoreError},
};

/// Why a key admits nobody.
pub(crate) enum Disproof {
    /// It is not good; from outside every cause looks the same.
    Invalid {
        /// Stable, for the audit event.
        cause: &'static str,
        /// Whose it is, where its secret was right.
        holder: Option<Box<Verified>>,
    },
    /// The store gave no answer.
    Store(StoreError),
}

/// Whose key that is, and what it is worth now; `None` from an engine that has no keys.
///
/// # Security
///
/// What is no key is told from one by its checksum, so that typing errors and scanners cost the
/// store nothing. Of a key that might be one, everything is looked up each time: a revocation
/// and a change of roles hold for the next request.
pub(crate) async fn verify(
    auth: &Auth,
    in_force: &InForce,
    presented: &[u8],
    now: Timestamp,
) -> Option<Result<Verified, Disproof>> {
    let (scheme, settings) = in_force.policy.api_key()?;
    let (keep, store, accounts) = (auth.key_keep()?, auth.store()?, auth.accounts()?);
    let keys = Keys { in_force, scheme, settings, keep, store, accounts };
    Some(keys.verify(presented, now).await)
}

/// What is needed to know a key.
struct Keys<'e> {
    in_force: &'e InForce,
    scheme: SchemeId,
    settings: &'e ApiKeyScheme,
    keep: &'e Keep,
    store: &'e Arc<dyn Store>,
    accounts: &'e Arc<dyn Accounts>,
}

impl Keys<'_> {
    async fn verify(&self, presented: &[u8], now: Timestamp) -> Result<Verified, Disproof> {
        let text = KeyText::read(presented, &self.settings.prefix)?;
        if text.environment != self.keep.environment {
            return Err(invalid("other-environment"));
        }
        let place = key(&text.owner, &text.id).ok_or(NoKey::Form)?;
        let known = self.recognize(&text, &place, now).await?;
        let stored = &known.stored;
        let verified = |scopes| self.verified(&text, stored, scopes);
        let worthless =
            |cause| Disproof::Invalid { cause, holder: Some(Box::new(verified(Bits::default()))) };
        match stored.state(now) {
            State::Current | State::Replaced => {}
            State::Expired => return Err(worthless("expired")),
            State::Revoked => return Err(worthless("revoked")),
        }
        let account = standing(&**self.accounts, &text.owner, now).await?;
        let account = account.filter(|account| !account.disabled);
        let account = account.ok_or_else(|| worthless("account-disabled"))?;
        let mut scopes = self.in_force.key_rights(&account.roles);
        scopes.intersect_with(&self.scopes_of(stored));
        self.keep.seen.note(&place, &known.noted, now);
        Ok(verified(scopes))
    }

    /// What is kept of the key, if its secret is right.
    async fn recognize(
        &self,
        text: &KeyText,
        place: &Key,
        now: Timestamp,
    ) -> Result<Known<Familiar>, Disproof> {
        let found = self.keep.reader.find(&**self.store, place, now).await?;
        let digest = || self.keep.digester.digest(&text.secret);
        let Some(Found { said, .. }) = found else {
            // SECURITY: an id nobody has costs what a wrong secret costs.
            let _ = digest().is(NOBODYS_HASH);
            return Err(invalid("unknown-api-key"));
        };
        if !said.secret.is(text.secret.as_bytes(), || digest().is(&said.stored.hash)) {
            return Err(invalid("wrong-secret"));
        }
        // The text says where it belongs, and everybody can change a text.
        if said.stored.environment != text.environment {
            return Err(invalid("other-environment"));
        }
        Ok(said)
    }

    /// The scopes the key was made for that the policy still declares.
    fn scopes_of(&self, stored: &StoredKey) -> Bits {
        stored.scopes.iter().filter_map(|name| self.in_force.policy.scope_id(name)).collect()
    }

    fn verified(&self, text: &KeyText, stored: &StoredKey, scopes: Bits) -> Verified {
        Verified {
            subject: Subject {
                issuer: Arc::clone(self.in_force.own_issuer()),
                id: text.owner.shared(),
            },
            scheme: self.scheme,
            scopes,
            // A key is for what its scopes say: what a role alone opens is for people.
            roles: Bits::default(),
            expires_at: Timestamp(stored.expires_at),
            id: Some(text.id.as_str().into()),
            authenticated_at: None,
            acr: None,
            client_id: None,
            family: None,
            claims: Map::new(),
            csrf: None,
        }
    }
}

/// As long as a hash, and the hash of nothing that is known.
const NOBODYS_HASH: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn invalid(cause: &'static str) -> Disproof {
    Disproof::Invalid { cause, holder: None }
}

impl From<NoKey> for Disproof {
    fn from(fault: NoKey) -> Self {
        invalid(match fault {
            NoKey::Form => "bad-api-key-form",
            NoKey::Checksum => "bad-checksum",
        })
    }
}

impl From<StoreError> for Disproof {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
