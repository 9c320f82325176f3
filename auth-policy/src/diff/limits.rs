//! What limits are made of. In: two rates or two lists of buckets, as values of a policy. Out: which
//! of them lets more requests through.

use std::collections::BTreeSet;

use serde_json::Value;

use super::ways::Ways;
use crate::settings::Rate;

/// Of two rates: in the long run, and at once.
pub(super) fn faster(old: &Value, new: &Value) -> Ways {
    let (Some(old), Some(new)) = (rate(old), rate(new)) else { return Ways::BOTH };
    let per_period =
        |rate: Rate, other: Rate| u128::from(rate.requests) * u128::from(other.period.0);
    let (before, after) = (per_period(old, new), per_period(new, old));
    Ways {
        widens: after > before || new.burst > old.burst,
        narrows: after < before || new.burst < old.burst,
    }
}

pub(super) fn rate(value: &Value) -> Option<Rate> {
    serde_json::from_value(value.clone()).ok()
}

/// A rate as a policy has it.
pub(super) fn rate_said(rate: Rate) -> String {
    let units = [(1, "second"), (60, "minute"), (3_600, "hour"), (86_400, "day")];
    let unit = units.into_iter().find(|(seconds, _)| *seconds == rate.period.0);
    let unit = unit.map_or_else(|| rate.period.to_string(), |(_, unit)| unit.to_owned());
    let burst = format!(" burst {}", rate.burst);
    format!("{}/{unit}{}", rate.requests, if rate.burst == rate.requests { "" } else { &burst })
}

/// Buckets as a policy has them.
pub(super) fn buckets_said(value: &Value) -> Option<String> {
    let keys = |bucket: &Value| {
        let keys: Option<Vec<_>> = bucket.as_array()?.iter().map(Value::as_str).collect();
        Some(keys?.join("+"))
    };
    let buckets: Option<Vec<_>> = value.as_array()?.iter().map(keys).collect();
    match buckets?.as_slice() {
        [one] => Some(one.clone()),
        several => Some(format!("[{}]", several.join(", "))),
    }
}

/// Of two lists of buckets. A request that fits into a bucket which more requests share fits into
/// one which fewer do: `address` is stricter than `address+account`.
pub(super) fn finer(old: &Value, new: &Value) -> Ways {
    let (Some(old), Some(new)) = (buckets(old), buckets(new)) else { return Ways::BOTH };
    Ways { widens: !as_strict(&new, &old), narrows: !as_strict(&old, &new) }
}

/// Whether whatever passes the first passes the second.
fn as_strict(buckets: &[BTreeSet<&str>], others: &[BTreeSet<&str>]) -> bool {
    others.iter().all(|other| buckets.iter().any(|bucket| bucket.is_subset(other)))
}

fn buckets(value: &Value) -> Option<Vec<BTreeSet<&str>>> {
    value.as_array()?.iter().map(bucket).collect()
}

fn bucket(value: &Value) -> Option<BTreeSet<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(requests: u32, period: u64, burst: u32) -> Value {
        json!({ "requests": requests, "period": period, "burst": burst })
    }

    #[test]
    fn rates_are_compared_in_the_long_run_and_at_once() {
        assert_eq!(faster(&at(1, 1, 60), &at(60, 60, 60)), Ways::NEITHER);
        assert_eq!(faster(&at(5, 60, 5), &at(6, 60, 6)), Ways::WIDENS);
        assert_eq!(faster(&at(5, 60, 5), &at(5, 3600, 5)), Ways::NARROWS);
        assert_eq!(faster(&at(5, 60, 5), &at(5, 60, 9)), Ways::WIDENS);
        assert_eq!(faster(&at(5, 60, 5), &at(1, 1, 1)), Ways::BOTH);
        assert_eq!(faster(&at(5, 60, 5), &Value::Null), Ways::BOTH);
    }

    #[test]
    fn buckets_are_stricter_the_more_requests_share_them_and_the_more_there_are() {
        let (address, both) = (json!([["address"]]), json!([["address"], ["account"]]));
        let pair = json!([["address", "account"]]);
        assert_eq!(finer(&both, &address), Ways::WIDENS);
        assert_eq!(finer(&address, &pair), Ways::WIDENS);
        assert_eq!(finer(&pair, &both), Ways::NARROWS);
        assert_eq!(finer(&address, &json!([["account"]])), Ways::BOTH);
        assert_eq!(finer(&json!([["account", "address"]]), &pair), Ways::NEITHER);
    }
}
