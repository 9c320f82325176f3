//! The settings of two policies. In: their values. Out: every key whose value is another one, with
//! its verdict, as the direction of the key in the table of the language says.

use serde::Serialize;
use serde_json::Value;

use super::{
    Verdict, limits,
    verdict::{Limits, members_only_in, plain, ways},
    ways::Ways,
};
use crate::{
    language::{self, Form, Key, Map, Weaker},
    settings::Seconds,
};

/// A key of the policy whose value is another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Setting {
    /// Where it stands, such as `schemes.jwt.access_ttl` or `limits.login.rate`.
    pub path: String,
    /// What happened to it.
    pub change: Turn,
}

/// What happened to a setting. Values are written as a policy could have them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Turn {
    /// It has another value; `none` where it has none.
    #[non_exhaustive]
    Value {
        /// What it was.
        old: String,
        /// What it is.
        new: String,
    },
    /// A list has members it did not have.
    Added(Vec<String>),
    /// A list lacks members it had.
    Removed(Vec<String>),
    /// A section or an entry is there that was not, with all it says.
    Appeared(String),
    /// A section or an entry is not there any more, with all it said.
    Disappeared(String),
}

/// A setting that changed, and what that comes to.
pub(super) type Judged = (Verdict, Setting);

/// Everything that is set otherwise, in the order of the language.
pub(super) fn settings(old: &Value, new: &Value) -> Vec<Judged> {
    let mut walk = Walk { limits: Limits::of(old, new), found: Vec::new() };
    if let Some(map) = language::map("") {
        walk.map(map, "", old, new);
    }
    walk.found
}

struct Walk<'v> {
    limits: Limits<'v>,
    found: Vec<Judged>,
}

impl Walk<'_> {
    fn map(&mut self, map: &Map, above: &str, old: &Value, new: &Value) {
        for key in map.keys {
            let (old, new) = (member(old, key.name), member(new, key.name));
            if old != new {
                let dot = if above.is_empty() { "" } else { "." };
                self.key(key, &format!("{above}{dot}{}", key.name), old, new);
            }
        }
    }

    fn key(&mut self, key: &Key, path: &str, old: &Value, new: &Value) {
        match (section(&key.form), entry(&key.form)) {
            (Some(map), _) if !old.is_null() && !new.is_null() => self.map(map, path, old, new),
            (Some(map), _) => self.presence(key.weaker, map, path, old, new),
            (_, Some(map)) => self.entries(key.weaker, map, path, old, new),
            (None, None) => self.leaf(key, path, old, new),
        }
    }

    /// A map of names: what is in both is compared, and the rest came or went.
    fn entries(&mut self, weaker: Weaker, map: &Map, path: &str, old: &Value, new: &Value) {
        for name in names(old, new) {
            let path = format!("{path}.{name}");
            let (old, new) = (member(old, name), member(new, name));
            match (old.is_null(), new.is_null()) {
                (false, false) if old != new => self.map(map, &path, old, new),
                (false, false) => {}
                _ => self.presence(weaker, map, &path, old, new),
            }
        }
    }

    fn presence(&mut self, weaker: Weaker, map: &Map, path: &str, old: &Value, new: &Value) {
        let ways = ways(weaker, old, new, &self.limits);
        let change = if old.is_null() {
            Turn::Appeared(said_map(map, new))
        } else {
            Turn::Disappeared(said_map(map, old))
        };
        self.add(path, ways, |_| change.clone());
    }

    fn leaf(&mut self, key: &Key, path: &str, old: &Value, new: &Value) {
        if matches!(key.weaker, Weaker::Access) {
            return;
        }
        let ways = ways(key.weaker, old, new, &self.limits);
        let (said_old, said_new) = (said(key, old), said(key, new));
        let is_set = matches!(key.weaker, Weaker::More | Weaker::Fewer);
        let (gone, come) = (members_only_in(old, new), members_only_in(new, old));
        self.add(path, ways, |widens| match is_set && ways != Ways::NEITHER {
            // Each verdict with the members that it is about.
            true if widens == matches!(key.weaker, Weaker::More) => Turn::Added(come.clone()),
            true => Turn::Removed(gone.clone()),
            false => Turn::Value { old: said_old.clone(), new: said_new.clone() },
        });
    }

    /// Both ways are two findings: one that has to be approved, and one that does not.
    fn add(&mut self, path: &str, ways: Ways, change: impl Fn(bool) -> Turn) {
        let mut push = |verdict, widens| {
            let change = change(widens);
            self.found.push((verdict, Setting { path: path.to_owned(), change }));
        };
        if ways.widens {
            push(Verdict::Widens, true);
        }
        if ways.narrows {
            push(Verdict::Narrows, false);
        }
        if ways == Ways::NEITHER {
            push(Verdict::Neutral, true);
        }
    }
}

fn member<'v>(value: &'v Value, name: &str) -> &'v Value {
    value.get(name).unwrap_or(&Value::Null)
}

/// The map that a key takes.
fn section(form: &Form) -> Option<&'static Map> {
    if let Form::Map(path) = form { language::map(path) } else { None }
}

/// The map that each entry of a key takes.
fn entry(form: &Form) -> Option<&'static Map> {
    let Form::Names(of) = form else { return None };
    match of {
        Form::Either(forms) => forms.iter().find_map(section),
        form => section(form),
    }
}

/// The names in either map, sorted.
fn names<'v>(old: &'v Value, new: &'v Value) -> Vec<&'v str> {
    let maps = [old, new].into_iter().filter_map(Value::as_object);
    let mut names: Vec<_> = maps.flat_map(|map| map.keys().map(String::as_str)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// A value as the policy could have it.
fn said(key: &Key, value: &Value) -> String {
    let said = match key.form {
        Form::Map(path) => language::map(path).map(|map| said_map(map, value)),
        Form::Time => value.as_u64().map(|seconds| Seconds(seconds).to_string()),
        Form::Reference => reference(value),
        _ if matches!(key.weaker, Weaker::Faster) => limits::rate(value).map(limits::rate_said),
        _ if matches!(key.weaker, Weaker::Finer) => limits::buckets_said(value),
        _ => reference(value),
    };
    said.unwrap_or_else(|| plain(value))
}

/// A section as the policy could have it, with every default.
fn said_map(map: &Map, value: &Value) -> String {
    let keys = map.keys.iter().map(|key| (key, member(value, key.name)));
    let keys = keys.filter(|(_, value)| !value.is_null());
    let keys: Vec<_> =
        keys.map(|(key, value)| format!("{}: {}", key.name, said(key, value))).collect();
    if keys.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", keys.join(", ")) }
}

/// Where a secret comes from, or a client id that may come from there too.
fn reference(value: &Value) -> Option<String> {
    let (kind, inner) = value.as_object().filter(|map| map.len() == 1)?.iter().next()?;
    match kind.as_str() {
        "environment" => Some(format!("${{{}}}", inner.as_str()?)),
        "file" => Some(format!("file:{}", inner.as_str()?.escape_debug())),
        "literal" => Some(plain(inner)),
        "reference" => reference(inner),
        _ => None,
    }
}
