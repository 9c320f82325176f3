//! What is counted. In: a limit of the policy, and whose request it is. Out: the bucket that belongs
//! to them, under a name that says neither.

use std::fmt;

use auth_policy::settings::Limit;
use aws_lc_rs::digest::{Context, SHA256};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::Quota;

/// A bucket of a limit: one for each client, account, credential or route it counts by.
///
/// Its name is a hash: of one length whatever was counted, and readable by nobody who does not know
/// what to look for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Bucket {
    id: [u8; 32],
    quota: Quota,
}

impl Bucket {
    /// The bucket of that limit for these parts: of each what it is, and which one.
    pub(super) fn new(limit: &Limit, parts: &[(Counted, &[u8])]) -> Self {
        let mut hash = Context::new(&SHA256);
        hash_part(&mut hash, limit.name.as_bytes());
        for (what, which) in parts {
            hash.update(&[*what as u8]);
            hash_part(&mut hash, which);
        }
        let mut id = [0; 32];
        // INVARIANT: SHA-256 gives 32 bytes.
        id.iter_mut().zip(hash.finish().as_ref()).for_each(|(to, from)| *to = *from);
        Self { id, quota: limit.rate.into() }
    }

    /// Its name as bytes.
    pub const fn id(&self) -> &[u8; 32] {
        &self.id
    }

    /// Its name in 43 characters of base64url.
    pub fn name(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.id)
    }

    /// How many cells it holds, and how fast they come back.
    pub const fn quota(&self) -> Quota {
        self.quota
    }

    /// A bucket for tests of a [`Limiter`](super::Limiter): of that name, whatever it counts.
    pub fn named(name: &str, quota: Quota) -> Self {
        let mut hash = Context::new(&SHA256);
        hash_part(&mut hash, name.as_bytes());
        let mut id = [0; 32];
        id.iter_mut().zip(hash.finish().as_ref()).for_each(|(to, from)| *to = *from);
        Self { id, quota }
    }
}

/// Length first, so that no two lists of parts are the same bytes.
fn hash_part(hash: &mut Context, part: &[u8]) {
    hash.update(&(part.len() as u64).to_be_bytes());
    hash.update(part);
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("name", &self.name()).field("quota", &self.quota).finish()
    }
}

/// What a part of a bucket is. The numbers are in the names of buckets that are kept: they stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// An address, or the network it is in.
    Address = 1,
    /// Nobody's address: the peer is not known.
    UnknownAddress = 2,
    /// Somebody who is signed in.
    Subject = 3,
    /// The name that somebody tries to sign in with.
    AccountName = 4,
    /// A token, key or session.
    Credential = 5,
    /// An endpoint.
    Route = 6,
    /// Nobody, where an account or credential was to be counted.
    Nobody = 7,
}

#[cfg(test)]
mod tests {
    use auth_policy::settings::{Rate, Seconds};

    use super::*;

    fn limit(name: &str) -> Limit {
        let rate = Rate { requests: 5, period: Seconds(60), burst: 5 };
        Limit { name: name.to_owned(), rate, ..crate::limit::fixture::limit() }
    }

    #[test]
    fn m12_buckets_of_other_limits_parts_and_values_are_others() {
        let (a, b) = (limit("a"), limit("b"));
        let buckets = [
            Bucket::new(&a, &[(Counted::Address, b"1")]),
            Bucket::new(&b, &[(Counted::Address, b"1")]),
            Bucket::new(&a, &[(Counted::Address, b"2")]),
            Bucket::new(&a, &[(Counted::AccountName, b"1")]),
            Bucket::new(&a, &[(Counted::Address, b"1"), (Counted::AccountName, b"")]),
            Bucket::new(&a, &[(Counted::Address, b"1"), (Counted::AccountName, b"x")]),
            Bucket::new(&a, &[(Counted::AccountName, b"x"), (Counted::Address, b"1")]),
            Bucket::new(&a, &[]),
        ];
        let names: std::collections::BTreeSet<_> = buckets.iter().map(Bucket::name).collect();
        assert_eq!(names.len(), buckets.len());
        assert!(names.iter().all(|name| name.len() == 43));
        assert_eq!(buckets[0], Bucket::new(&a, &[(Counted::Address, b"1")]));
    }
}
