//! Every key of the language, changed in turn. In: the table, and a policy that has all of its keys.
//! Out: for each the verdict that its direction says.
//!
//! What is tried comes from the table alone: a key that is added to it is tried too, and fails
//! until `everything.yaml` has it.

use std::{collections::BTreeSet, thread};

use serde_json::{Map, Value, json};

use super::{Verdict, settings::settings, values::values};
use crate::{
    Policy, Source, check,
    duration::seconds,
    language::{self, Form, Key, Need, Weaker},
};

const EVERYTHING: &str = include_str!("everything.yaml");

/// How many values of a key are tried that a policy may have.
const MOST: usize = 6;

/// What no policy can have in another way.
const FIXED: &[&str] = &["version", "providers.github.profile", "headers.hsts.include_subdomains"];

/// A key of `everything.yaml` and where it is.
struct Leaf {
    path: Vec<String>,
    key: &'static Key,
}

impl Leaf {
    fn name(&self) -> String {
        self.path.join(".")
    }
}

fn everything() -> Value {
    serde_yaml::from_str(EVERYTHING).unwrap()
}

fn policy(said: &Value) -> Option<Policy> {
    // JSON is YAML.
    check(&Source::new("p.yaml", said.to_string().into())).policy
}

/// What `diff` says of the settings of two policies: the verdict, and the path.
fn compare(old: &Policy, new: &Policy) -> Vec<(Verdict, String)> {
    let found = settings(&values(old.contents()), &values(new.contents()));
    found.into_iter().map(|(verdict, setting)| (verdict, setting.path)).collect()
}

fn map_in(form: &Form) -> Option<&'static language::Map> {
    match form {
        Form::Map(path) => language::map(path),
        Form::Names(of) | Form::List(of) => map_in(of),
        Form::Either(forms) => forms.iter().find_map(map_in),
        _ => None,
    }
}

/// A key and every key below it.
fn leaf(key: &'static Key, above: &[String], said: &Value, found: &mut Vec<Leaf>) {
    let path = [above, &[key.name.to_owned()]].concat();
    let value = &said[key.name];
    assert!(!value.is_null(), "everything.yaml has no `{}`", path.join("."));
    let inner = map_in(&key.form).filter(|inner| inner.path != "scopes");
    match (inner, &key.form) {
        (Some(inner), Form::Names(_)) => {
            let entries = value.as_object().unwrap();
            for key in inner.keys {
                let (name, entry) = entry_with(entries, key.name);
                leaf(key, &[path.clone(), vec![name.clone()]].concat(), entry, found);
            }
            let (name, _) = entry_with(entries, inner.keys[0].name);
            found.push(Leaf { path: [path, vec![name.clone()]].concat(), key });
        }
        (Some(inner), Form::List(_)) => {
            statement(inner, &path, value, found);
            found.push(Leaf { path, key });
        }
        (Some(inner), _) => {
            inner.keys.iter().for_each(|key| leaf(key, &path, value, found));
            found.push(Leaf { path, key });
        }
        _ => found.push(Leaf { path, key }),
    }
}

/// Every key of the statements in a list, each of the first that has it.
fn statement(map: &'static language::Map, above: &[String], said: &Value, found: &mut Vec<Leaf>) {
    let list = said.as_array().unwrap();
    let reaches = language::map("reaches").unwrap();
    for key in map.keys.iter().filter(|key| key.name != "reaches") {
        leaf(key, &[above, &["0".to_owned()]].concat(), &list[0], found);
    }
    for key in reaches.keys {
        let place = list.iter().position(|item| item["reaches"].get(key.name).is_some());
        let place = place.unwrap_or_else(|| panic!("no statement has `{}`", key.name));
        let path = [above, &[place.to_string(), "reaches".to_owned()]].concat();
        leaf(key, &path, &list[place]["reaches"], found);
    }
}

/// An entry that has the key: one that nothing needs, or else the one that says most.
fn entry_with<'v>(entries: &'v Map<String, Value>, key: &str) -> (&'v String, &'v Value) {
    let having = entries.iter().filter(|(_, entry)| entry.get(key).is_some());
    let keys = |entry: &Value| entry.as_object().map_or(0, Map::len);
    let most = |(name, entry): &(&String, &Value)| (*name == "unused", keys(entry));
    having.max_by_key(most).unwrap_or_else(|| panic!("no entry of everything.yaml has `{key}`"))
}

fn all_leaves() -> Vec<Leaf> {
    let mut found = Vec::new();
    let keys = language::map("").unwrap().keys.iter();
    keys.for_each(|key| leaf(key, &[], &everything(), &mut found));
    found
}

/// The same policy with another value there, or with none.
fn with(base: &Value, path: &[String], value: Option<Value>) -> Value {
    let mut said = base.clone();
    let (last, above) = path.split_last().unwrap();
    let map = above.iter().fold(&mut said, |map, step| match step.parse::<usize>() {
        Ok(place) => &mut map[place],
        Err(_) => &mut map[step.as_str()],
    });
    let map = map.as_object_mut().unwrap();
    match value {
        Some(value) => map.insert(last.clone(), value),
        None => map.remove(last),
    };
    said
}

fn at<'v>(said: &'v Value, path: &[String]) -> &'v Value {
    path.iter().fold(said, |map, step| match step.parse::<usize>() {
        Ok(place) => &map[place],
        Err(_) => &map[step.as_str()],
    })
}

/// Words of which each key takes some.
const WORDS: &[&str] = &[
    "admin",
    "read:posts",
    "delete:posts",
    "reader",
    "author",
    "narrow",
    "wide",
    "search",
    "https://other.example",
    "https://other.example/path",
    "other",
    "X-Other",
    "__Host-other",
    "__Secure-other",
    "/other/renew",
    "10.0.0.0/7",
    "10.0.0.0/9",
    "file:/other",
    "default-src 'none'; frame-ancestors 'self'",
    "51/minute burst 90",
    "50/minute burst 91",
    "50/hour burst 90",
    "51/minute burst 80",
    "address",
    "address+account+route",
    "credential",
    "GET /other",
];

/// Values to try, of the kind that the key takes.
fn candidates(form: &Form, now: &Value) -> Vec<Value> {
    let words = || WORDS.iter().map(|word| json!(word));
    match form {
        Form::Version => vec![json!(2)],
        Form::Boolean => vec![json!(!now.as_bool().unwrap())],
        Form::Number(least, most) => {
            let number = u32::try_from(now.as_u64().unwrap()).unwrap();
            [number - 1, number + 1, *least, *most].map(|number| json!(number)).into()
        }
        Form::Time => {
            let seconds = seconds(now.as_str().unwrap()).unwrap().0;
            [seconds - 1, seconds + 1].map(|seconds| json!(format!("{seconds}s"))).into()
        }
        Form::Choice(choice) => choice.iter().map(|word| json!(word)).collect(),
        Form::List(of) | Form::Some(of) | Form::OneOrMore(of) => {
            let list = now.as_array().cloned().unwrap_or_else(|| vec![now.clone()]);
            let first = list.first().cloned().unwrap_or_default();
            let mut lists = vec![Vec::new()];
            lists.push(list.iter().skip(1).cloned().collect());
            for other in candidates(of, &first) {
                lists.push([list.clone(), vec![other.clone()]].concat());
                lists.push(vec![other]);
            }
            lists.into_iter().map(Value::Array).collect()
        }
        Form::Either(forms) => forms.iter().flat_map(|form| candidates(form, now)).collect(),
        Form::ForeignNames(_) => {
            vec![
                json!({}),
                json!({ "Staff": "author" }),
                json!({ "Staff": "author", "Guests": "author" }),
                json!({ "Staff": "author", "Guests": "reader", "Others": "reader" }),
            ]
        }
        Form::Map(_) if now.get("role").is_some() => {
            vec![json!({ "role": "reader", "reaches": { "scopes": "admin" } })]
        }
        Form::Map(_) | Form::Names(_) => Vec::new(),
        Form::Text | Form::Pattern(_) | Form::Name | Form::Reference => words().collect(),
    }
}

/// What a change is by the direction of its key, read off the words of the file.
fn expected(weaker: Weaker, old: &Value, new: &Value) -> BTreeSet<Verdict> {
    let number = |value: &Value| match value.as_str() {
        Some(text) => seconds(text).unwrap().0,
        None => value.as_u64().unwrap(),
    };
    let members = |value: &Value| -> BTreeSet<String> {
        match value {
            Value::Array(list) => list.iter().map(ToString::to_string).collect(),
            Value::Object(map) => map.iter().map(|(key, value)| format!("{key} {value}")).collect(),
            Value::Null => BTreeSet::new(),
            other => BTreeSet::from([other.to_string()]),
        }
    };
    let less =
        |value: &Value, other: &Value| members(value).difference(&members(other)).count() > 0;
    let (widens, narrows) = match weaker {
        Weaker::Greater => (number(new) > number(old), number(new) < number(old)),
        Weaker::Smaller => (number(new) < number(old), number(new) > number(old)),
        Weaker::More => (less(new, old), less(old, new)),
        Weaker::Fewer => (less(old, new), less(new, old)),
        Weaker::On => (*new == json!(true), *new == json!(false)),
        Weaker::Off => (*new == json!(false), *new == json!(true)),
        Weaker::Last(words) => {
            let place = |word: &Value| words.iter().position(|one| word == one).unwrap();
            (place(new) > place(old), place(new) < place(old))
        }
        Weaker::Changed => (true, true),
        Weaker::Unset => (true, !new.is_null()),
        Weaker::Present => (old.is_null(), new.is_null()),
        Weaker::Absent => (new.is_null(), old.is_null()),
        // Of these few, which of the words above is which.
        Weaker::Faster => {
            let has = |part: &str| new.as_str().unwrap().contains(part);
            (has("51") || has("91"), has("hour") || has("80"))
        }
        // From an address and an account, each for itself.
        Weaker::Finer => {
            let has = |bucket: &str| members(new).contains(&format!("\"{bucket}\""));
            let kept = has("address") && has("account");
            (!kept, has("credential"))
        }
        Weaker::Addresses => match new.to_string() {
            list if list.contains("/7") => (true, list.matches(',').count() == 0),
            list if list.contains("/9") => (false, list.matches(',').count() == 0),
            list => (false, !list.contains("/8") || !list.contains("192")),
        },
        Weaker::Limit => match new.as_str() {
            Some("narrow") => (false, true),
            Some(_) => (true, false),
            None => (true, false),
        },
        Weaker::Neutral => (false, false),
        Weaker::Inside | Weaker::Access | Weaker::Whole => unreachable!(),
    };
    let neutral = !widens && !narrows;
    let verdicts =
        [(widens, Verdict::Widens), (narrows, Verdict::Narrows), (neutral, Verdict::Neutral)];
    verdicts.into_iter().filter(|(is, _)| *is).map(|(_, verdict)| verdict).collect()
}

/// What is tried on a policy with a key, and what came of it: how many values it takes.
fn try_all(base: &Value, leaf: &Leaf) -> usize {
    let before = policy(base).expect("everything.yaml is a policy");
    let now = at(base, &leaf.path);
    let values = [None].into_iter().chain(candidates(&leaf.key.form, now).into_iter().map(Some));
    let accepted = values.filter(|value| try_one(base, &before, leaf, value.as_ref()));
    accepted.take(MOST).count()
}

/// Whether a policy may have this value, and it is another one; then the verdict is as expected.
fn try_one(base: &Value, before: &Policy, leaf: &Leaf, value: Option<&Value>) -> bool {
    let Some(after) = policy(&with(base, &leaf.path, value.cloned())) else { return false };
    let found = compare(before, &after);
    let context = format!("{} = {value:?}: {found:?}", leaf.name());
    if after.revision() == before.revision() {
        assert_eq!(found, [], "{context}");
        return false;
    }
    let here = found.iter().filter(|(_, path)| *path == leaf.name());
    let here: BTreeSet<_> = here.map(|(verdict, _)| *verdict).collect();
    match leaf.key.weaker {
        // An entry that came or went is told; what it says is told elsewhere.
        Weaker::Access => assert!(here.is_empty() || value.is_none(), "{context}"),
        // Told by its list: of `always` it is no weaker, but told.
        Weaker::Whole => assert!(here.is_empty() && !found.is_empty(), "{context}"),
        Weaker::Inside => assert!(here.is_empty() && !found.is_empty(), "{context}"),
        weaker => {
            let new = value.cloned().or_else(|| match leaf.key.need {
                Need::Default(text) => serde_json::from_str(text).ok(),
                Need::Optional | Need::Required => None,
            });
            let expected = expected(weaker, at(base, &leaf.path), &new.unwrap_or_default());
            assert_eq!(here, expected, "{context}");
        }
    }
    true
}

#[test]
fn every_key_of_the_language_has_a_verdict_in_its_direction() {
    let whole = everything();
    // Without what keeps other sections from being left out.
    let mut part = everything();
    for section in ["oauth", "passwords", "providers", "rules"] {
        part.as_object_mut().unwrap().remove(section);
    }
    let accepted = |leaf: &Leaf| -> usize {
        let bases = [&whole, &part].into_iter().filter(|base| !at(base, &leaf.path).is_null());
        bases.map(|base| try_all(base, leaf)).sum()
    };
    let leaves = all_leaves();
    let tried: Vec<_> = thread::scope(|scope| {
        let parts = leaves.chunks(leaves.len().div_ceil(4));
        let parts = parts.map(|part| scope.spawn(|| part.iter().map(accepted).collect::<Vec<_>>()));
        let parts: Vec<_> = parts.collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    let silent = leaves.iter().zip(&tried).filter(|(_, tried)| **tried == 0);
    let silent: Vec<_> = silent.map(|(leaf, _)| leaf.name()).collect();
    assert_eq!(silent, FIXED);
    assert!(tried.iter().sum::<usize>() > 300, "{tried:?}");
}

#[test]
fn the_order_of_names_and_what_stands_elsewhere_change_no_setting() {
    let before = policy(&everything()).unwrap();
    // An id is an index, and these come first.
    let mut said = everything();
    said["scopes"]["a"] = json!("Another");
    said["roles"]["a"] = json!({ "grants": ["a"] });
    said["limits"]["a"] = json!({ "rate": "1/hour", "by": "address" });
    let after = policy(&said).unwrap();
    let expected = [
        (Verdict::Neutral, "scopes.a"),
        (Verdict::Widens, "roles.a"),
        (Verdict::Narrows, "limits.a"),
    ];
    let found = compare(&before, &after);
    let found: Vec<_> = found.iter().map(|(verdict, path)| (*verdict, path.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_direction_fits_what_its_key_takes() {
    let keys = language::maps().iter().flat_map(|map| map.keys);
    for key in keys {
        let is_list =
            |form: &Form| matches!(form, Form::List(_) | Form::Some(_) | Form::OneOrMore(_));
        let fits = match key.weaker {
            Weaker::Greater | Weaker::Smaller => matches!(key.form, Form::Time | Form::Number(..)),
            Weaker::More => is_list(&key.form) || matches!(key.form, Form::ForeignNames(_)),
            Weaker::Fewer | Weaker::Addresses => is_list(&key.form),
            Weaker::On | Weaker::Off => matches!(key.form, Form::Boolean),
            Weaker::Last(words) => match key.form {
                Form::Choice(choice) => {
                    let sorted =
                        |words: &[&'static str]| words.iter().copied().collect::<BTreeSet<_>>();
                    sorted(words) == sorted(choice) && words.len() == choice.len()
                }
                _ => false,
            },
            Weaker::Limit => matches!(key.form, Form::Name),
            Weaker::Present | Weaker::Absent => map_in(&key.form).is_some(),
            Weaker::Inside => matches!(key.form, Form::Map(_)),
            Weaker::Faster => key.name == "rate",
            Weaker::Finer => key.name == "by",
            Weaker::Changed | Weaker::Unset | Weaker::Neutral | Weaker::Access | Weaker::Whole => {
                true
            }
        };
        assert!(fits, "{}: {:?}", key.name, key.weaker);
    }
}

#[test]
fn whatever_a_policy_means_is_a_key_of_the_language() {
    fn known(form: &Form, value: &Value, path: &str) {
        let Some(map) = map_in(form) else { return };
        let entries: Vec<_> = match form {
            Form::Names(_) => value.as_object().unwrap().values().collect(),
            Form::List(_) => value.as_array().unwrap().iter().collect(),
            _ => vec![value],
        };
        for (name, value) in entries.into_iter().flat_map(|entry| entry.as_object().unwrap()) {
            let key = map.key(name).unwrap_or_else(|| panic!("{path}.{name} is no key"));
            if !value.is_null() && !matches!(key.weaker, Weaker::Access) {
                known(&key.form, value, &format!("{path}.{name}"));
            }
        }
    }
    let said = values(policy(&everything()).unwrap().contents());
    known(&Form::Map(""), &said, "");
}

/// Which values of a key let more happen, in the words of the page; nothing where it is told by what
/// is inside, or elsewhere.
fn words(weaker: Weaker) -> Option<String> {
    Some(match weaker {
        Weaker::Greater => "the greater".to_owned(),
        Weaker::Smaller => "the smaller".to_owned(),
        Weaker::More => "with more in it".to_owned(),
        Weaker::Fewer => "with less in it".to_owned(),
        Weaker::On => "`true`".to_owned(),
        Weaker::Off => "`false`".to_owned(),
        Weaker::Last(words) => format!("the later of `{}`", words.join("`, `")),
        Weaker::Faster => "more requests, in the long run or at once".to_owned(),
        Weaker::Finer => "fewer buckets, or such as fewer requests share".to_owned(),
        Weaker::Addresses => "with addresses that the other does not hold".to_owned(),
        Weaker::Limit => "none, or a limit that lets more through".to_owned(),
        Weaker::Changed => "any other: both".to_owned(),
        Weaker::Unset => "none; any other: both".to_owned(),
        Weaker::Present => "that it is there".to_owned(),
        Weaker::Absent => "that it is missing".to_owned(),
        Weaker::Neutral => "neither: neutral".to_owned(),
        Weaker::Inside | Weaker::Access | Weaker::Whole => return None,
    })
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a test that writes what it expects")]
fn the_page_about_reviews_has_the_direction_of_every_key() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/review.md");
    let text = std::fs::read_to_string(page).unwrap();
    let (before, rest) = text.split_once("<!-- directions -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- /directions -->\n").unwrap();
    let mut table = "| key | weaker |\n|---|---|\n".to_owned();
    for map in language::maps() {
        let dot = if map.path.is_empty() { "" } else { "." };
        let rows = map.keys.iter().filter_map(|key| Some((key.name, words(key.weaker)?)));
        let rows = rows.map(|(name, weaker)| format!("| `{}{dot}{name}` | {weaker} |\n", map.path));
        table.extend(rows);
    }
    let written = format!("{before}<!-- directions -->\n{table}<!-- /directions -->\n{after}");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(page, written).unwrap();
    } else {
        assert_eq!(text, written, "run this test with UPDATE_EXPECT=1 and review the change");
    }
}
