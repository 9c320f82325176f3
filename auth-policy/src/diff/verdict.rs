//! A verdict on two values of one key. In: which way the key is weaker, and both values. Out:
//! whether the new one lets more happen, less, both or neither, and which part of it does.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{limits, ways::Ways};
use crate::{
    language::{self, Weaker},
    settings::AddressBlock,
};

/// What a change of a value comes to.
///
/// INVARIANT: a direction that does not know what it sees says both.
pub(super) fn ways(weaker: Weaker, old: &Value, new: &Value, limits: &Limits<'_>) -> Ways {
    match weaker {
        Weaker::Greater => greater(old, new),
        Weaker::Smaller => greater(old, new).back(),
        Weaker::More => more(old, new),
        Weaker::Fewer => more(old, new).back(),
        Weaker::On => on(old, new),
        Weaker::Off => on(old, new).back(),
        Weaker::Last(words) => last(words, old, new),
        Weaker::Faster => limits::faster(old, new),
        Weaker::Finer => limits::finer(old, new),
        Weaker::Addresses => addresses(old, new),
        Weaker::Limit => limit(limits.old_named(old.as_str()), limits.new_named(new.as_str())),
        Weaker::Changed => Ways::BOTH,
        Weaker::Unset => present(new, old).unwrap_or(Ways::BOTH),
        Weaker::Present => present(old, new).unwrap_or(Ways::BOTH),
        Weaker::Absent => present(new, old).unwrap_or(Ways::BOTH),
        Weaker::Inside | Weaker::Neutral | Weaker::Access => Ways::NEITHER,
        // Never asked: the list they are in has a direction of its own.
        Weaker::Whole => Ways::BOTH,
    }
}

/// The limits of both policies, by name.
pub(super) struct Limits<'v> {
    pub(super) old: &'v Value,
    pub(super) new: &'v Value,
}

impl<'v> Limits<'v> {
    /// Those of the values of two policies.
    pub(super) fn of(old: &'v Value, new: &'v Value) -> Self {
        let limits = |values: &'v Value| values.get("limits").unwrap_or(&Value::Null);
        Self { old: limits(old), new: limits(new) }
    }

    pub(super) fn old_named(&self, name: Option<&str>) -> Option<&'v Value> {
        name.and_then(|name| self.old.get(name))
    }

    pub(super) fn new_named(&self, name: Option<&str>) -> Option<&'v Value> {
        name.and_then(|name| self.new.get(name))
    }
}

/// The members that only one of two lists has. A map is the list of its pairs.
pub(super) fn members_only_in(one: &Value, other: &Value) -> Vec<String> {
    let other: BTreeSet<_> = members(other).into_iter().collect();
    members(one).into_iter().filter(|member| !other.contains(member)).collect()
}

fn members(list: &Value) -> Vec<String> {
    match list {
        Value::Array(list) => list.iter().map(plain).collect(),
        Value::Object(pairs) => {
            pairs.iter().map(|(key, value)| format!("{}: {}", quoted(key), plain(value))).collect()
        }
        _ => Vec::new(),
    }
}

/// A value as a policy could have it, on one line.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => quoted(text),
        Value::Array(_) => format!("[{}]", members(value).join(", ")),
        Value::Object(_) => format!("{{ {} }}", members(value).join(", ")),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A text as it is if it is plainly one word, and in quotes otherwise.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.:/+*@${}".contains(c);
    let is_plain = !text.is_empty() && text.chars().all(plain);
    if is_plain { text.to_owned() } else { format!("\"{}\"", text.escape_debug()) }
}

/// Of two limits, or of none and one.
pub(super) fn limit(old: Option<&Value>, new: Option<&Value>) -> Ways {
    match (old, new) {
        (None, None) => Ways::NEITHER,
        (None, Some(_)) => Ways::NARROWS,
        (Some(_), None) => Ways::WIDENS,
        (Some(old), Some(new)) => parts(old, new),
    }
}

/// What all keys of the limits come to.
fn parts(old: &Value, new: &Value) -> Ways {
    let Some(map) = language::map("limits.*") else { return Ways::BOTH };
    let none = Limits { old: &Value::Null, new: &Value::Null };
    let keys = map.keys.iter().map(|key| {
        let (old, new) = (old.get(key.name), new.get(key.name));
        let (old, new) = (old.unwrap_or(&Value::Null), new.unwrap_or(&Value::Null));
        if old == new { Ways::NEITHER } else { ways(key.weaker, old, new, &none) }
    });
    keys.fold(Ways::NEITHER, |all, key| Ways {
        widens: all.widens || key.widens,
        narrows: all.narrows || key.narrows,
    })
}

fn greater(old: &Value, new: &Value) -> Ways {
    match (old.as_u64(), new.as_u64()) {
        (Some(old), Some(new)) => Ways { widens: new > old, narrows: new < old },
        _ => Ways::BOTH,
    }
}

fn more(old: &Value, new: &Value) -> Ways {
    let is_list = |value: &Value| value.is_array() || value.is_object() || value.is_null();
    if !is_list(old) || !is_list(new) {
        return Ways::BOTH;
    }
    Ways {
        widens: !members_only_in(new, old).is_empty(),
        narrows: !members_only_in(old, new).is_empty(),
    }
}

fn on(old: &Value, new: &Value) -> Ways {
    match (old.as_bool(), new.as_bool()) {
        (Some(old), Some(new)) => Ways { widens: new && !old, narrows: old && !new },
        _ => Ways::BOTH,
    }
}

fn last(words: &[&str], old: &Value, new: &Value) -> Ways {
    let place = |value: &Value| words.iter().position(|word| Some(*word) == value.as_str());
    match (place(old), place(new)) {
        (Some(old), Some(new)) => Ways { widens: new > old, narrows: new < old },
        _ => Ways::BOTH,
    }
}

/// Of something that is there or is not; nothing to say if both are.
fn present(old: &Value, new: &Value) -> Option<Ways> {
    match (old.is_null(), new.is_null()) {
        (true, false) => Some(Ways::WIDENS),
        (false, true) => Some(Ways::NARROWS),
        _ => None,
    }
}

fn addresses(old: &Value, new: &Value) -> Ways {
    let (Some(old), Some(new)) = (blocks(old), blocks(new)) else { return Ways::BOTH };
    Ways { widens: !within(&new, &old), narrows: !within(&old, &new) }
}

fn blocks(list: &Value) -> Option<Vec<AddressBlock>> {
    let empty = Vec::new();
    let list = if list.is_null() { &empty } else { list.as_array()? };
    list.iter().map(|block| block.as_str()?.parse().ok()).collect()
}

/// Whether each block lies in one of the others. Two halves that make a whole are not put together.
fn within(blocks: &[AddressBlock], others: &[AddressBlock]) -> bool {
    let holds = |other: &AddressBlock, block: &AddressBlock| {
        other.prefix() <= block.prefix() && other.contains(block.first())
    };
    blocks.iter().all(|block| others.iter().any(|other| holds(other, block)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NO_LIMITS: Limits<'_> = Limits { old: &Value::Null, new: &Value::Null };

    #[track_caller]
    fn holds(weaker: Weaker, old: &Value, new: &Value, expected: Ways) {
        assert_eq!(ways(weaker, old, new, &NO_LIMITS), expected, "{old} {new}");
        assert_eq!(ways(weaker, new, old, &NO_LIMITS), expected.back(), "{new} {old}");
    }

    #[test]
    fn each_direction_widens_one_way_and_narrows_the_other() {
        holds(Weaker::Greater, &json!(1), &json!(2), Ways::WIDENS);
        holds(Weaker::Smaller, &json!(1), &json!(2), Ways::NARROWS);
        holds(Weaker::More, &json!(["a"]), &json!(["b", "a"]), Ways::WIDENS);
        holds(Weaker::More, &json!(["a"]), &json!(["b"]), Ways::BOTH);
        holds(Weaker::More, &json!(["a", "b"]), &json!(["b", "a"]), Ways::NEITHER);
        holds(Weaker::More, &json!(null), &json!(["a"]), Ways::WIDENS);
        holds(Weaker::More, &json!({ "a": "x" }), &json!({ "a": "x", "b": "x" }), Ways::WIDENS);
        holds(Weaker::More, &json!({ "a": "x" }), &json!({ "a": "y" }), Ways::BOTH);
        holds(Weaker::Fewer, &json!(["a"]), &json!(["b", "a"]), Ways::NARROWS);
        holds(Weaker::On, &json!(false), &json!(true), Ways::WIDENS);
        holds(Weaker::Off, &json!(false), &json!(true), Ways::NARROWS);
        holds(Weaker::Last(&["strict", "lax"]), &json!("strict"), &json!("lax"), Ways::WIDENS);
        holds(Weaker::Changed, &json!("a"), &json!("b"), Ways::BOTH);
        holds(Weaker::Unset, &json!("a"), &json!(null), Ways::WIDENS);
        holds(Weaker::Unset, &json!("a"), &json!("b"), Ways::BOTH);
        holds(Weaker::Present, &json!(null), &json!({}), Ways::WIDENS);
        holds(Weaker::Absent, &json!(null), &json!({}), Ways::NARROWS);
        holds(Weaker::Neutral, &json!("a"), &json!("b"), Ways::NEITHER);
    }

    #[test]
    fn what_a_direction_does_not_know_is_both() {
        holds(Weaker::Greater, &json!(1), &json!("2"), Ways::BOTH);
        holds(Weaker::More, &json!("a"), &json!(["a"]), Ways::BOTH);
        holds(Weaker::On, &json!(null), &json!(true), Ways::BOTH);
        holds(Weaker::Last(&["strict", "lax"]), &json!("strict"), &json!("none"), Ways::BOTH);
        holds(Weaker::Addresses, &json!(["10.0.0.0/8"]), &json!(["all"]), Ways::BOTH);
    }

    #[test]
    fn a_block_within_another_is_no_new_address() {
        let (eight, nine) = (json!(["10.0.0.0/8"]), json!(["10.128.0.0/9", "10.0.0.7"]));
        holds(Weaker::Addresses, &nine, &eight, Ways::WIDENS);
        holds(Weaker::Addresses, &json!(null), &eight, Ways::WIDENS);
        holds(Weaker::Addresses, &nine, &json!(["10.0.0.0/9"]), Ways::BOTH);
        holds(Weaker::Addresses, &eight, &json!(["::/0"]), Ways::BOTH);
    }

    #[test]
    fn values_are_shown_on_one_line_and_cannot_pass_for_others() {
        let value = json!({ "a b": ["x", "y -> z"], "n": null, "l": 7 });
        assert_eq!(plain(&value), r#"{ "a b": [x, "y -> z"], l: 7, n: none }"#);
        assert_eq!(plain(&json!("a\n\"b\u{202e}")), r#""a\n\"b\u{202e}""#);
    }

    #[test]
    fn a_limit_is_what_its_parts_are() {
        let rate = |requests: u32| json!({ "requests": requests, "period": 60, "burst": requests });
        let of = |rate: Value, down: &str| json!({ "rate": rate, "by": [["address"]], "on_store_down": down });
        let (slow, fast) = (of(rate(5), "refuse"), of(rate(9), "refuse"));
        let open = of(rate(5), "allow");
        assert_eq!(limit(Some(&slow), Some(&fast)), Ways::WIDENS);
        assert_eq!(limit(Some(&slow), Some(&open)), Ways::WIDENS);
        assert_eq!(limit(Some(&fast), Some(&open)), Ways::BOTH);
        assert_eq!(limit(Some(&slow), Some(&slow)), Ways::NEITHER);
        assert_eq!(limit(Some(&slow), None), Ways::WIDENS);
        assert_eq!(limit(None, Some(&slow)), Ways::NARROWS);
        assert_eq!(limit(None, None), Ways::NEITHER);
    }
}
