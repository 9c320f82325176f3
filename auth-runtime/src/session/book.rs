//! The sessions of a service as records. In: the store, and what the policy says of them. Out: the
//! records that are good, looked up, made, moved and removed.

use std::sync::Arc;

use arc_swap::ArcSwap;
use auth_policy::{
    Policy,
    policy::SchemeId,
    settings::{SessionScheme, WhenFull},
};

use super::{
    SessionError,
    record::{Familiar, Moments, Over, Stored, updated},
    token::{COLLECTION, Token},
};
use crate::{
    clock::Timestamp,
    seen::LastSeen,
    store::{Found, Key, Known, Owner, Reader, Record, Store, StoreError},
};

/// What an engine keeps for its sessions.
#[derive(Debug)]
pub(crate) struct Book {
    pub(super) store: Arc<dyn Store>,
    pub(super) id: SchemeId,
    scheme: ArcSwap<SessionScheme>,
    pub(super) seen: LastSeen,
    reader: Reader<Familiar>,
}

/// A session that its token opens.
pub(super) struct Open {
    version: u64,
    said: Known<Familiar>,
}

/// A session that is not to be believed in, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    Unknown,
    WrongSecret,
    Over(Over),
}

impl Book {
    /// The sessions that the policy declares, if it does.
    pub(crate) fn new(policy: &Policy, store: &Arc<dyn Store>) -> Option<Self> {
        let (id, scheme) = policy.session()?;
        let (store, scheme) = (Arc::clone(store), ArcSwap::from_pointee(scheme.clone()));
        let (seen, reader) = (LastSeen::default(), Reader::new(Familiar::read));
        Some(Self { store, id, scheme, seen, reader })
    }

    /// What the policy says of sessions now.
    pub(crate) fn scheme(&self) -> Arc<SessionScheme> {
        self.scheme.load_full()
    }

    /// Does from now on as another policy says.
    #[cfg(feature = "reload")]
    pub(crate) fn adopt(&self, scheme: &SessionScheme) {
        self.scheme.store(Arc::new(scheme.clone()));
    }

    /// Writes what is known of their last use.
    pub(crate) async fn flush(&self, now: Timestamp) -> Result<(), StoreError> {
        let update = |value: &[u8], seen| updated(&self.scheme(), value, seen);
        self.seen.flush(&*self.store, now, update).await
    }

    /// The record of that key, if there is any.
    pub(super) async fn get(
        &self,
        key: &Key,
        now: Timestamp,
    ) -> Result<Option<(Record, Stored)>, StoreError> {
        let Some(record) = self.store.get(key, now).await? else { return Ok(None) };
        let stored = self.as_of_here(key, Stored::read(&record.value)?);
        Ok(Some((record, stored)))
    }

    /// The sessions of an owner that are not over, in the order they began.
    pub(super) async fn live(
        &self,
        owner: &Owner,
        now: Timestamp,
    ) -> Result<Vec<(Key, Stored)>, StoreError> {
        let mut live = Vec::new();
        for record in self.store.list(COLLECTION, owner, now).await? {
            let stored = self.as_of_here(&record.key, Stored::read(&record.value)?);
            if stored.over(&self.scheme(), now).is_none() {
                live.push((record.key, stored));
            }
        }
        live.sort_by(|(key, stored), (other_key, other)| {
            (stored.order, &key.id).cmp(&(other.order, &other_key.id))
        });
        Ok(live)
    }

    /// Writes a new session down.
    pub(super) async fn insert(
        &self,
        token: &Token,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<(), SessionError> {
        let kept_until = Some(stored.kept_until(&self.scheme()));
        if self.store.insert(&token.key, &stored.to_bytes(), kept_until, now).await? {
            Ok(())
        } else {
            // Twice the same 128 bits: whatever made them is broken.
            Err(SessionError::Random)
        }
    }

    /// Ends what an account has too much of, once that session is written down.
    ///
    /// INVARIANT: of sign-ins at the same time, the one that looks last sees every session there is,
    /// so there are never more than the policy allows once all of them are answered.
    pub(super) async fn make_room(&self, newest: &Key, now: Timestamp) -> Result<(), SessionError> {
        let live = self.live(&newest.owner, now).await?;
        let too_many = live.len().saturating_sub(self.limit());
        let ended: Vec<_> = match self.scheme().when_full {
            WhenFull::EndOldest => live.iter().take(too_many).map(|(key, _)| key).collect(),
            WhenFull::Refuse if too_many > 0 => vec![newest],
            WhenFull::Refuse => Vec::new(),
        };
        for key in &ended {
            self.store.delete(key, now).await?;
        }
        if ended.contains(&newest) { Err(SessionError::Full) } else { Ok(()) }
    }

    /// What the store has where the token says.
    pub(super) async fn find(
        &self,
        token: &Token,
        now: Timestamp,
    ) -> Result<Option<Found<Familiar>>, StoreError> {
        self.reader.find(&*self.store, &token.key, now).await
    }

    /// The session that the token opens now.
    pub(super) fn open(
        &self,
        token: &Token,
        found: Option<Found<Familiar>>,
        now: Timestamp,
    ) -> Result<Open, Bad> {
        let Found { version, said } = found.ok_or(Bad::Unknown)?;
        let (stored, scheme) = (&said.stored, self.scheme.load());
        if !said.secret.is(&token.secret, || token.matches(&stored.secret)) {
            return Err(Bad::WrongSecret);
        }
        let moments = match stored.over(&scheme, now) {
            // Whoever is idle by the record may have been seen here since.
            Some(Over::Idle) => {
                self.seen.of(&token.key).into_iter().fold(stored.moments(), Moments::used)
            }
            _ => stored.moments(),
        };
        match moments.over(&scheme, now) {
            Some(over) => Err(Bad::Over(over)),
            None => Ok(Open { version, said }),
        }
    }

    /// Notes the use of a session that was believed in: what its record says, and when it is over
    /// if nobody uses it again.
    pub(super) async fn note(
        &self,
        key: &Key,
        session: Open,
        now: Timestamp,
    ) -> (Known<Familiar>, Timestamp) {
        let Open { version, said } = session;
        let before = self.seen.note(key, &said.noted, now);
        let moments = before.into_iter().fold(said.stored.moments(), Moments::used);
        if moments.is_due(&self.scheme.load(), now) {
            // It is seldom so, and no request is longer for it.
            Box::pin(self.write_use(key, version, &said.stored, now)).await;
        }
        let expires_at = moments.used(now).expires_at(&self.scheme.load());
        (said, expires_at)
    }

    async fn write_use(&self, key: &Key, version: u64, stored: &Stored, now: Timestamp) {
        let used = stored.clone().used(now);
        let (value, until) = (used.to_bytes(), Some(used.kept_until(&self.scheme())));
        // Another write came first, or the store does not answer: then the batch will do.
        let written = self.store.swap(key, version, &value, until, now).await;
        if matches!(written, Ok(true)) {
            self.seen.settle(key, now);
        }
    }

    /// A session as this process knows it, which may have seen a use that the store has not.
    fn as_of_here(&self, key: &Key, stored: Stored) -> Stored {
        match self.seen.of(key) {
            Some(seen) => stored.used(seen),
            None => stored,
        }
    }

    fn limit(&self) -> usize {
        self.scheme().max_per_account as usize
    }
}
