//! `RateLimit-Policy` and `RateLimit`. In: the buckets that a request was counted in. Out: both
//! fields, as draft-ietf-httpapi-ratelimit-headers has them: structured fields (RFC 9651).

use std::time::Duration;

use auth_policy::{Policy, policy::LimitId, settings::Limit};
use axum::http::HeaderValue;

use super::{Bucket, Level};

/// A bucket that was asked.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    pub(super) limit: LimitId,
    pub(super) bucket: Bucket,
    pub(super) level: Level,
}

/// Both fields.
pub(super) struct Fields {
    /// What the policy says: `"login";q=5;w=60`.
    pub(super) policy: HeaderValue,
    /// What is left: `"login";r=4;t=12`.
    pub(super) state: HeaderValue,
}

/// The fields for these buckets; nothing where there are none. A limit with several buckets is as
/// empty as the emptiest of them.
pub(super) fn written(policy: &Policy, counted: &[Counted]) -> Option<Fields> {
    let mut limits: Vec<LimitId> = counted.iter().map(|one| one.limit).collect();
    limits.sort_unstable();
    limits.dedup();
    let mut items = (Vec::new(), Vec::new());
    for id in limits {
        let Some(limit) = policy.limit(id) else { continue };
        let levels = counted.iter().filter(|one| one.limit == id).map(|one| one.level);
        // Of two that are as empty, the one that stays so for longer.
        let least = levels.min_by_key(|level| (level.remaining, std::cmp::Reverse(level.next)))?;
        items.0.push(promise(limit));
        let (name, left, wait) = (name(limit), least.remaining, seconds(least.next));
        items.1.push(format!("{name};r={left};t={wait}"));
    }
    let field = |items: Vec<String>| HeaderValue::try_from(items.join(", ")).ok();
    if items.0.is_empty() {
        return None;
    }
    Some(Fields { policy: field(items.0)?, state: field(items.1)? })
}

/// A wait in whole seconds, never less than it is.
pub(super) fn seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0))
}

fn promise(limit: &Limit) -> String {
    format!("{};q={};w={}", name(limit), limit.rate.requests, limit.rate.period.0)
}

/// A string of RFC 9651. Names of limits hold neither quotes nor backslashes, nor anything else
/// that would have to be escaped.
fn name(limit: &Limit) -> String {
    format!("\"{}\"", limit.name.replace(['"', '\\'], ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rl2_a_wait_is_never_shortened() {
        for (milliseconds, whole) in [(0, 0), (1, 1), (999, 1), (1_000, 1), (1_001, 2)] {
            assert_eq!(seconds(Duration::from_millis(milliseconds)), whole);
        }
    }
}
