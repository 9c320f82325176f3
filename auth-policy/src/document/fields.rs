//! Maps with known keys, and maps of names. In: a node. Out: its values by key, with unknown,
//! repeated, missing and malformed keys reported.

use std::collections::HashMap;

use super::{At, Entry, values::mismatch};
use crate::{
    code::Code,
    hints, language,
    name::{self, listed},
    report::Report,
    settings::Place,
    source::quoted,
    suggest::nearest,
    yaml::{Node, Value},
};

/// A map whose keys the policy language knows.
pub(crate) struct Fields<'n> {
    /// Where in the language it stands, such as `schemes.jwt`; empty for the whole file.
    path: &'static str,
    /// The key whose value it is.
    owner: Place,
    known: Vec<(&'n str, Place, &'n Node)>,
}

impl<'n> Fields<'n> {
    /// Opens a map, and reports every key that the language does not have there, or that is repeated.
    pub(crate) fn open(node: &'n Node, path: &'static str, report: &mut Report) -> Option<Self> {
        Self::open_with(node, path, &language::names(path), report)
    }

    /// The same for a map with these keys, which is no part of the policy language.
    pub(crate) fn open_with(
        node: &'n Node,
        path: &'static str,
        known: &[&'static str],
        report: &mut Report,
    ) -> Option<Self> {
        let expected = || format!("a map with {}", listed(known.iter().take(4).copied()));
        let pairs = keyed(node, expected, report)?;
        let mut fields = Self { path, owner: node.owner, known: Vec::new() };
        for (key, place, value) in pairs {
            if !known.contains(&key) {
                unknown(path, key, place, known, report);
                continue;
            }
            fields.known.push((key, place, value));
        }
        Some(fields)
    }

    /// The value of a key, if it is there.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The place of a key and its value, if it is there.
    pub(crate) fn entry(&self, key: &str) -> Option<(Place, &'n Node)> {
        let mut known = self.known.iter();
        known.find(|(name, ..)| *name == key).map(|(_, place, value)| (*place, *value))
    }

    /// The value of a key that has to be there; `meaning` says what for.
    pub(crate) fn need(&self, key: &str, meaning: &str, report: &mut Report) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() {
            report.add(Code::MissingKey, self.owner, |found| {
                found
                    .message(format!("{} lacks {}", what(self.path), quoted(key)))
                    .help(format!("add `{key}`: it says {meaning}"))
            });
        }
        found
    }
}

/// What to call a map in a message.
fn what(path: &str) -> String {
    let noun = match path {
        "" => "the policy",
        "scopes.*" => "a scope",
        "roles.*" => "a role",
        "issuers.*" => "an issuer",
        "providers.*" => "a provider",
        "providers.*.profile" => "the `profile` of a provider",
        "limits.*" => "a limit",
        "endpoints.*" => "an entry of `endpoints`",
        "rules.*" => "a rule",
        "never.*" => "an entry of `never`",
        "always.*" => "an entry of `always`",
        "tests" => "the test file",
        "tests.cases.*" => "a case",
        _ => return format!("`{path}`"),
    };
    noun.to_owned()
}

/// The entries of a map by their keys. A key given twice counts once.
pub(crate) fn keyed<'n>(
    node: &'n Node,
    expected: impl Fn() -> String,
    report: &mut Report,
) -> Option<Vec<(&'n str, Place, &'n Node)>> {
    let Value::Map(entries) = &node.value else {
        mismatch(node, &expected(), report);
        return None;
    };
    let mut first: HashMap<&str, Place> = HashMap::with_capacity(entries.len());
    let mut pairs = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let Some(text) = text_key(key, report) else { continue };
        if let Some(earlier) = first.get(text) {
            duplicate(text, key.place, *earlier, report);
            continue;
        }
        first.insert(text, key.place);
        pairs.push((text, key.place, value));
    }
    Some(pairs)
}

fn text_key<'n>(key: &'n Node, report: &mut Report) -> Option<&'n str> {
    match &key.value {
        Value::Text(text) if text == "<<" => {
            report.add(Code::MergeKey, key.place, |found| {
                found
                    .message("the merge key `<<` may not stand in a policy")
                    .help("write the keys out, so that whoever reviews this entry sees all of it")
            });
            None
        }
        Value::Text(text) => Some(text),
        other => {
            let kind = other.kind();
            report.add(Code::WrongType, key.place, |found| {
                found
                    .message(format!("a key is a string, but this one is {kind}"))
                    .help("quote it, if it is meant to be a name")
            });
            None
        }
    }
}

fn duplicate(key: &str, place: Place, earlier: Place, report: &mut Report) {
    report.add(Code::DuplicateKey, place, |found| {
        found
            .message(format!("the key {} is given twice", quoted(key)))
            .label("again here")
            .other(earlier, "first here")
            .help("keep one of them: which one counts would depend on the reader")
    });
}

fn unknown(path: &str, key: &str, place: Place, known: &[&str], report: &mut Report) {
    report.add(Code::UnknownKey, place, |found| {
        let help = hints::hint(path, key).map(str::to_owned).unwrap_or_else(|| {
            match nearest(key, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {}", listed(known.iter().copied())),
            }
        });
        found.message(format!("{} has no key {}", what(path), quoted(key))).help(help)
    });
}

/// A section that maps names to entries of one kind. `kind` is a noun in the plural.
pub(crate) fn entries<T>(
    node: Option<&Node>,
    kind: &str,
    report: &mut Report,
    read: impl Fn(&Node, &mut Report) -> T,
) -> Vec<Entry<T>> {
    let Some(pairs) =
        node.and_then(|node| keyed(node, || format!("a map from names to {kind}"), report))
    else {
        return Vec::new();
    };
    let mut list = Vec::with_capacity(pairs.len());
    for (text, place, value) in pairs {
        let form = read(value, report);
        if name::check(text, place, report) {
            list.push(Entry { name: At { value: text.to_owned(), place }, form });
        }
    }
    list
}

/// A map of foreign names, which may be any printable ASCII, to nodes.
pub(crate) fn foreign<'n>(node: &'n Node, report: &mut Report) -> Vec<(At<String>, &'n Node)> {
    let pairs =
        keyed(node, || "a map from their roles to ours".to_owned(), report).unwrap_or_default();
    let printable = |text: &str| text.chars().all(|c| c == ' ' || c.is_ascii_graphic());
    let mut list = Vec::with_capacity(pairs.len());
    for (text, place, value) in pairs {
        if text.is_empty() || text.len() > 256 || !printable(text) {
            report.add(Code::InvalidName, place, |found| {
                found
                    .message(format!("{} cannot be the name of a role there", quoted(text)))
                    .help("use 1 to 256 printable ASCII characters")
            });
        } else {
            list.push((At { value: text.to_owned(), place }, value));
        }
    }
    list
}
