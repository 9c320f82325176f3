//! `limits` and `passwords` as written. In: their nodes. Out: their forms.

use super::{At, LimitForm, PasswordsForm, fields::Fields, values};
use crate::{
    code::Code,
    report::Report,
    settings::{CharacterClass, LimitKey, LimitOnStoreDown, Place, Rate, Rejected, Seconds},
    source::quoted,
    yaml::{Node, Value},
};

/// `{ rate: 5/minute, by: [address, account], on_store_down: refuse }`.
pub(super) fn limit(node: &Node, report: &mut Report) -> LimitForm {
    let Some(fields) = Fields::open(node, "limits.*", report) else {
        return LimitForm::default();
    };
    let rate = fields.need("rate", "how many requests in which time, such as `5/minute`", report);
    let by =
        fields.need("by", "what is counted: `address`, `account`, `credential`, `route`", report);
    let actions = [("refuse", LimitOnStoreDown::Refuse), ("allow", LimitOnStoreDown::Allow)];
    LimitForm {
        rate: rate.and_then(|node| rate_of(node, report)),
        by: by.map(|node| At { value: buckets(node, report), place: node.place }),
        on_store_down: fields
            .get("on_store_down")
            .and_then(|node| values::choice(node, &actions, report)),
    }
}

fn buckets(node: &Node, report: &mut Report) -> Vec<Vec<LimitKey>> {
    let words = match node.value {
        Value::List(_) => {
            values::some_words(Some(node), "a list such as `[address, account]`", report)
        }
        _ => values::one_or_more(node, "what is counted, such as `address`", report),
    };
    words.iter().map(|word| bucket(word, report)).collect()
}

fn bucket(word: &At<String>, report: &mut Report) -> Vec<LimitKey> {
    let known = [
        ("address", LimitKey::Address),
        ("account", LimitKey::Account),
        ("credential", LimitKey::Credential),
        ("route", LimitKey::Route),
    ];
    let mut keys = Vec::new();
    for part in word.value.split('+') {
        match known.iter().find(|(name, _)| *name == part.trim()) {
            Some((_, key)) if !keys.contains(key) => keys.push(*key),
            Some(_) => {}
            None => report.add(Code::UnknownValue, word.place, |found| {
                found
                    .message(format!("{} is nothing a limit can count by", quoted(part)))
                    .help("it counts by `address`, `account`, `credential` or `route`, or by several joined with `+`")
            }),
        }
    }
    keys.sort_unstable();
    keys
}

fn rate_of(node: &Node, report: &mut Report) -> Option<Rate> {
    let text = values::text(node, "a rate such as `5/minute`", report)?;
    let rate = parse_rate(&text.value);
    if rate.is_none() {
        report.add(Code::InvalidRate, text.place, |found| {
            found
                .message(format!("{} is no rate", quoted(&text.value)))
                .help("write `5/minute`, or `1000/minute burst 50`; per `second`, `minute`, `hour` or `day`")
        });
    }
    rate
}

fn parse_rate(text: &str) -> Option<Rate> {
    let mut words = text.split_whitespace();
    let (requests, period) = words.next()?.split_once('/')?;
    let requests = positive(requests)?;
    let period = match period {
        "second" => 1,
        "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        _ => return None,
    };
    let burst = match (words.next(), words.next(), words.next()) {
        (None, ..) => requests,
        (Some("burst"), Some(burst), None) => positive(burst)?,
        _ => return None,
    };
    Some(Rate { requests, period: Seconds(period), burst })
}

fn positive(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && (1..=1_000_000).contains(number))
}

/// `{ min_length: 15, classes: [..], reject: [..], argon2: { .. } }`.
pub(super) fn passwords(entry: Option<(Place, &Node)>, report: &mut Report) -> PasswordsForm {
    let Some((place, node)) = entry else { return PasswordsForm::default() };
    let Some(fields) = Fields::open(node, "passwords", report) else {
        return PasswordsForm { place: Some(place), ..PasswordsForm::default() };
    };
    let mut form = argon2(fields.get("argon2"), report);
    form.place = Some(place);
    let mut number = |key| {
        fields.get(key).and_then(|node| values::integer(node, "a number of characters", report))
    };
    form.min_length = number("min_length");
    form.max_length = number("max_length");
    form.classes =
        fields.get("classes").map(|node| At { value: classes(node, report), place: node.place });
    form.reject = fields.get("reject").map(|node| rejected(node, report));
    form
}

fn argon2(node: Option<&Node>, report: &mut Report) -> PasswordsForm {
    let Some(fields) = node.and_then(|node| Fields::open(node, "passwords.argon2", report)) else {
        return PasswordsForm::default();
    };
    let mut number =
        |key| fields.get(key).and_then(|node| values::integer(node, "a number", report));
    PasswordsForm {
        memory_kib: number("memory_kib"),
        iterations: number("iterations"),
        parallelism: number("parallelism"),
        ..PasswordsForm::default()
    }
}

fn classes(node: &Node, report: &mut Report) -> Vec<CharacterClass> {
    let words = [
        ("lower", CharacterClass::Lower),
        ("upper", CharacterClass::Upper),
        ("digit", CharacterClass::Digit),
        ("symbol", CharacterClass::Symbol),
    ];
    set(node, &words, report)
}

fn rejected(node: &Node, report: &mut Report) -> Vec<Rejected> {
    set(node, &[("common", Rejected::Common), ("username", Rejected::Username)], report)
}

/// A list of known words as a sorted set.
fn set<T: Copy + Ord>(node: &Node, words: &[(&str, T)], report: &mut Report) -> Vec<T> {
    let items = values::list(node, "a list", report);
    let chosen = items.iter().filter_map(|item| values::choice(item, words, report));
    let mut set: Vec<T> = chosen.map(|word| word.value).collect();
    set.sort_unstable();
    set.dedup();
    set
}
