//! Keys that may change while they are in use. In: a [`KeySet`], now and again. Out: the set of
//! this moment, the same for whoever signs, verifies or publishes with it; never a mixture of two.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::{ArcSwap, Guard};
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{accepted_headers::AcceptedHeaders, key_set::KeySet};
use crate::clock::Timestamp;

/// The keys of one issuer: cheap to clone, the same keys in every clone.
///
/// Read without a lock. Whoever began with one set ends with it, so a swap fails nobody's request.
#[derive(Clone)]
pub(crate) struct Keyring(Arc<ArcSwap<Ring>>);

/// Which set it is: never that of another, and higher for a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RingId(pub(super) u64);

/// One set, and what belongs to it and to no other.
pub(crate) struct Ring {
    pub(super) id: RingId,
    keys: Arc<KeySet>,
    /// Until when they may be used; for keys of our own, always.
    freshness: Option<Freshness>,
    /// Headers that led to a key of this very set.
    pub(super) headers: AcceptedHeaders,
    published: OnceLock<PublicKeys>,
}

/// How long keys that were fetched are good for. In that order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Freshness {
    /// From here on they are fetched anew, and used meanwhile.
    pub(crate) due: Timestamp,
    /// From here on a request waits for the fetch, if the last one did not fail.
    pub(crate) overdue: Timestamp,
    /// From here on they are not used any more.
    pub(crate) dead: Timestamp,
}

/// The public half of a set as it is published.
#[derive(Debug)]
pub(crate) struct PublicKeys {
    /// A JWK set.
    pub(crate) json: String,
    /// A strong entity tag, quotes and all.
    pub(crate) etag: String,
}

impl Keyring {
    /// Keys that are good until they are replaced.
    pub(crate) fn new(keys: impl Into<Arc<KeySet>>) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(Ring::new(keys.into(), None))))
    }

    /// No keys yet: nothing verifies, and nothing pretends that it could.
    pub(crate) fn waiting() -> Self {
        let long_ago = Timestamp(i64::MIN);
        let never = Freshness { due: long_ago, overdue: long_ago, dead: long_ago };
        let none = Arc::new(KeySet::none());
        Self(Arc::new(ArcSwap::from_pointee(Ring::new(none, Some(never)))))
    }

    /// The set of this moment.
    pub(crate) fn load(&self) -> Guard<Arc<Ring>> {
        self.0.load()
    }

    /// Puts another set in the place of this one.
    pub(crate) fn replace(&self, keys: Arc<KeySet>, freshness: Option<Freshness>) {
        self.0.store(Arc::new(Ring::new(keys, freshness)));
    }
}

impl Ring {
    fn new(keys: Arc<KeySet>, freshness: Option<Freshness>) -> Self {
        static RINGS: AtomicU64 = AtomicU64::new(1);
        let id = RingId(RINGS.fetch_add(1, Ordering::Relaxed));
        let (headers, published) = (AcceptedHeaders::default(), OnceLock::new());
        Self { id, keys, freshness, headers, published }
    }

    pub(crate) const fn keys(&self) -> &Arc<KeySet> {
        &self.keys
    }

    pub(crate) const fn freshness(&self) -> Option<Freshness> {
        self.freshness
    }

    /// Whether a signature may be believed on the strength of these keys.
    pub(crate) fn is_usable(&self, now: Timestamp) -> bool {
        self.freshness.is_none_or(|freshness| now < freshness.dead)
    }

    /// What the world may see of it, written once.
    pub(crate) fn published(&self) -> &PublicKeys {
        self.published.get_or_init(|| {
            let json = self.keys.public_jwk_set().to_string();
            let hash = digest::digest(&digest::SHA256, json.as_bytes());
            PublicKeys { etag: format!("\"{}\"", URL_SAFE_NO_PAD.encode(hash)), json }
        })
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ring = self.load();
        f.debug_struct("Keyring")
            .field("keys", &ring.keys)
            .field("freshness", &ring.freshness)
            .finish_non_exhaustive()
    }
}
