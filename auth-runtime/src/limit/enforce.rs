//! Limits at work. In: a limit, and whom it concerns. Out: one cell of each of its buckets, or the
//! answer to a client that has used them up.

use std::{net::IpAddr, sync::Arc};

use auth_policy::{
    Policy,
    policy::LimitId,
    settings::{Limit, LimitKey, LimitOnStoreDown, Seconds},
};
use axum::http::request::Parts;

use super::{Bucket, Client, Level, address::network_of, bucket::Counted, fields::seconds};
use crate::{Auth, Identity, denial::Denial, problem::Problem, store::StoreError, visit::Visit};

/// The limits of an engine, for one request.
pub(crate) struct Enforcer<'r> {
    auth: &'r Auth,
    policy: Arc<Policy>,
    client: Client,
}

/// Who is counted by `account` and `credential`.
#[derive(Clone, Copy)]
pub(crate) enum Caller<'c> {
    /// Somebody whose credential verified.
    Known(&'c Identity),
    /// Somebody who tries to sign in with that name.
    Named(&'c str),
    /// Nobody: those who show no credential share the buckets of their address.
    Nobody,
}

/// A request that is not served, and the cause that the audit event names.
pub(crate) struct Limited {
    pub(crate) denial: Denial,
    pub(crate) cause: &'static str,
}

/// Buckets, and the limits they belong to.
pub(super) type Cells = Vec<(LimitId, Bucket)>;

impl<'r> Enforcer<'r> {
    pub(crate) fn new(visit: &'r Arc<Visit>, parts: &Parts) -> Self {
        Self::of(&visit.auth, Client::of(visit, parts))
    }

    pub(super) fn of(auth: &'r Auth, client: Client) -> Self {
        Self { auth, policy: auth.policy(), client }
    }

    /// What can be counted before anything is known of the caller: addresses and routes.
    pub(crate) async fn before_anything(&self, limit: LimitId) -> Result<(), Limited> {
        let cells = self.cells(&[limit], Caller::Nobody, |by| !names_a_caller(by));
        self.take(&cells).await
    }

    /// The rest of it, and all of what counts this kind of credential.
    pub(crate) async fn once_known(
        &self,
        limit: Option<LimitId>,
        of_the_scheme: Option<LimitId>,
        caller: Caller<'_>,
    ) -> Result<(), Limited> {
        let mut cells = match limit {
            Some(limit) => self.cells(&[limit], caller, names_a_caller),
            None => Vec::new(),
        };
        if let Some(scheme) = of_the_scheme {
            // What is the endpoint's limit too was counted there already.
            let fresh = |by: &[LimitKey]| limit != of_the_scheme || names_a_caller(by);
            let more = self.cells(&[scheme], caller, fresh);
            let known: Vec<_> = cells.iter().map(|(_, bucket)| *bucket.id()).collect();
            cells.extend(more.into_iter().filter(|(_, bucket)| !known.contains(bucket.id())));
        }
        self.take(&cells).await
    }

    /// All of a limit at once, for somebody who tries to prove who they are.
    pub(super) async fn attempt(
        &self,
        limit: LimitId,
        caller: Caller<'_>,
    ) -> Result<Cells, Limited> {
        let cells = self.cells(&[limit], caller, |_| true);
        self.take(&cells).await.map(|()| cells)
    }

    /// One cell from each bucket, or none.
    async fn take(&self, cells: &[(LimitId, Bucket)]) -> Result<(), Limited> {
        if cells.is_empty() {
            return Ok(());
        }
        let buckets: Vec<_> = cells.iter().map(|(_, bucket)| bucket.clone()).collect();
        match self.auth.limiter().take(&buckets, self.auth.moment()).await {
            Ok(levels) if levels.len() == cells.len() => {
                self.auth.report_limiter(true);
                self.judge(cells, &levels)
            }
            Ok(_) => self.outage(cells, &StoreError::Damaged("an answer of another length".into())),
            Err(error) => self.outage(cells, &error),
        }
    }

    /// Gives the cells back. Where that cannot be done they come back by themselves.
    pub(super) async fn give_back(&self, cells: &[(LimitId, Bucket)]) {
        let buckets: Vec<_> = cells.iter().map(|(_, bucket)| bucket.clone()).collect();
        match self.auth.limiter().give_back(&buckets, self.auth.moment()).await {
            Ok(levels) => self.note(cells, &levels),
            Err(error) => self.report_outage(&error),
        }
    }

    fn judge(&self, cells: &[(LimitId, Bucket)], levels: &[Level]) -> Result<(), Limited> {
        self.note(cells, levels);
        let empty = cells.iter().zip(levels).filter(|(_, level)| !level.has_room);
        let mut names = Vec::new();
        let mut wait = 0;
        for ((id, _), level) in empty {
            wait = wait.max(seconds(level.next)).max(1);
            let name = self.limit(*id).map(|limit| limit.name.clone());
            names.extend(name.filter(|name| !names.contains(name)));
        }
        if wait == 0 {
            return Ok(());
        }
        let problem = Problem::quota_exceeded(names).retry_after(Seconds(wait));
        Err(Limited { denial: problem.into(), cause: "rate-limited" })
    }

    /// What each limit says to a limiter that does not answer: one that refuses is enough.
    fn outage(&self, cells: &[(LimitId, Bucket)], error: &StoreError) -> Result<(), Limited> {
        self.report_outage(error);
        let allows = |limit: &Limit| limit.on_store_down == LimitOnStoreDown::Allow;
        if cells.iter().all(|(id, _)| self.limit(*id).is_some_and(allows)) {
            return Ok(());
        }
        Err(Limited { denial: Problem::unavailable().into(), cause: "limiter-unreachable" })
    }

    fn report_outage(&self, error: &StoreError) {
        tracing::error!(target: "auth", %error, "the limiter does not answer");
        self.auth.report_limiter(false);
    }

    fn note(&self, cells: &[(LimitId, Bucket)], levels: &[Level]) {
        for ((id, bucket), level) in cells.iter().zip(levels) {
            self.client.visit.note.level(*id, bucket, *level);
        }
    }

    /// The buckets of these limits, each once.
    fn cells(
        &self,
        limits: &[LimitId],
        caller: Caller<'_>,
        counts: impl Fn(&[LimitKey]) -> bool,
    ) -> Cells {
        let mut cells: Cells = Vec::new();
        for id in limits {
            let Some(limit) = self.limit(*id) else { continue };
            for by in limit.by.iter().filter(|by| counts(by)) {
                let bucket = self.bucket(limit, by, caller);
                if cells.iter().all(|(_, known)| known.id() != bucket.id()) {
                    cells.push((*id, bucket));
                }
            }
        }
        cells
    }

    fn bucket(&self, limit: &Limit, by: &[LimitKey], caller: Caller<'_>) -> Bucket {
        let parts: Vec<_> = by.iter().map(|key| self.part(*key, caller)).collect();
        let parts: Vec<_> = parts.iter().map(|(what, which)| (*what, which.as_slice())).collect();
        Bucket::new(limit, &parts)
    }

    fn part(&self, key: LimitKey, caller: Caller<'_>) -> (Counted, Vec<u8>) {
        match (key, caller) {
            (LimitKey::Address, _) => self.address(),
            (LimitKey::Route, _) => (Counted::Route, self.client.endpoint.clone().into_bytes()),
            (LimitKey::Account | LimitKey::Credential, Caller::Named(name)) => {
                (Counted::AccountName, folded(name).into_bytes())
            }
            (LimitKey::Account | LimitKey::Credential, Caller::Nobody) => {
                (Counted::Nobody, self.address().1)
            }
            (LimitKey::Account, Caller::Known(identity)) => subject(identity),
            (LimitKey::Credential, Caller::Known(identity)) => credential(identity),
        }
    }

    fn address(&self) -> (Counted, Vec<u8>) {
        let bits = self.policy.network().ipv6_prefix;
        match self.client.address().map(|address| network_of(address, bits)) {
            Some(IpAddr::V4(address)) => (Counted::Address, address.octets().to_vec()),
            Some(IpAddr::V6(address)) => (Counted::Address, address.octets().to_vec()),
            None => (Counted::UnknownAddress, Vec::new()),
        }
    }

    fn limit(&self, id: LimitId) -> Option<&Limit> {
        self.policy.limit(id)
    }
}

/// Whether these can be counted only once the caller is known.
fn names_a_caller(by: &[LimitKey]) -> bool {
    by.iter().any(|key| matches!(key, LimitKey::Account | LimitKey::Credential))
}

/// Names that somebody might take for the same are one, so that spelling gives no new bucket.
fn folded(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    name.trim().nfkc().flat_map(char::to_lowercase).collect()
}

fn subject(identity: &Identity) -> (Counted, Vec<u8>) {
    let subject = identity.subject();
    (Counted::Subject, joined(&[&subject.issuer, &subject.id]))
}

/// A token without an id of its own counts as its subject.
fn credential(identity: &Identity) -> (Counted, Vec<u8>) {
    match identity.credential_id() {
        Some(id) => {
            (Counted::Credential, joined(&[identity.scheme(), &identity.subject().issuer, id]))
        }
        None => subject(identity),
    }
}

/// Each with its length, so that no two lists are the same bytes.
fn joined(words: &[&str]) -> Vec<u8> {
    let each = words
        .iter()
        .flat_map(|word| (word.len() as u64).to_be_bytes().into_iter().chain(word.bytes()));
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p8_spelling_gives_no_new_bucket() {
        for other in ["alice", "ALICE", " Alice ", "ａｌｉｃｅ"] {
            assert_eq!(folded(other), "alice");
        }
        assert_ne!(folded("alice"), folded("alicia"));
    }

    #[test]
    fn m12_lists_of_words_are_the_same_bytes_only_if_they_are_the_same() {
        assert_ne!(joined(&["ab", "c"]), joined(&["a", "bc"]));
        assert_ne!(joined(&["ab"]), joined(&["ab", ""]));
    }
}
