//! The policy language as one table. In: the name of a map, such as `schemes.jwt`. Out: its keys,
//! in the canonical order, each with what it takes and what it is for.
//!
//! The document reader, the schema for editors and the formatter all ask this table, so a key that
//! one of them knows is known to all.

#![allow(dead_code, reason = "without `tools`, the compiler's reader asks for names alone")]

mod table;
mod weaker;

pub(crate) use weaker::Weaker;

/// A map of the language whose keys are fixed.
#[derive(Debug)]
pub(crate) struct Map {
    /// Where it stands, such as `schemes.jwt`; empty for the whole file, `roles.*` for each role.
    pub(crate) path: &'static str,
    /// In the canonical order.
    pub(crate) keys: &'static [Key],
}

/// A key and what it takes.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) need: Need,
    pub(crate) form: Form,
    /// Which way its values are weaker, for whoever compares two policies.
    pub(crate) weaker: Weaker,
    /// One sentence for somebody who writes it.
    pub(crate) meaning: &'static str,
}

/// Whether a key has to be there, and what counts if it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    /// May be left out, and nothing stands in for it.
    Optional,
    /// May be left out, and then this counts, as JSON.
    Default(&'static str),
}

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    /// The version of the language.
    Version,
    Boolean,
    /// A whole number within these bounds.
    Number(u32, u32),
    /// A string that is not empty.
    Text,
    /// A string of this pattern (ECMA 262).
    Pattern(&'static str),
    /// A name that the policy declares elsewhere.
    Name,
    /// A span of time such as `15m`.
    Time,
    /// Where a secret comes from: `${NAME}` or `file:PATH`.
    Reference,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of such values.
    List(&'static Self),
    /// A list of such values that is not empty.
    Some(&'static Self),
    /// Such a value or a list of them.
    OneOrMore(&'static Self),
    /// One of these forms, which differ in kind.
    Either(&'static [Self]),
    /// The map of that path.
    Map(&'static str),
    /// A map from names to such values.
    Names(&'static Self),
    /// A map from names that somebody else gave to such values.
    ForeignNames(&'static Self),
}

/// Every map.
#[cfg(test)]
pub(crate) fn maps() -> &'static [Map] {
    table::MAPS
}

/// The map of that path.
pub(crate) fn map(path: &str) -> Option<&'static Map> {
    table::MAPS.iter().find(|map| map.path == path)
}

/// The names of a map's keys, in the canonical order; none for a map that the table does not have.
pub(crate) fn names(path: &str) -> Vec<&'static str> {
    map(path).map(|map| map.keys.iter().map(|key| key.name).collect()).unwrap_or_default()
}

#[cfg(feature = "tools")]
impl Map {
    /// The key of that name.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// Where a key stands in the canonical order; unknown ones come last.
    pub(crate) fn position(&self, name: &str) -> usize {
        self.keys.iter().position(|key| key.name == name).unwrap_or(self.keys.len())
    }
}

#[cfg(feature = "tools")]
#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{code::Code, document::Document, report::Report, source::Source, yaml};

    /// A policy that says nothing but `inner` in the map of that path.
    fn within(path: &str, inner: &str) -> String {
        match path {
            "" => inner.to_owned(),
            "never.*" | "always.*" => format!("{}: [{{ {inner} }}]", path.trim_end_matches(".*")),
            "reaches" => format!("never: [{{ role: a, reaches: {{ {inner} }} }}]"),
            "scopes" => format!("rules: {{ a: {{ schemes: a, scopes: {{ {inner} }} }} }}"),
            "endpoints.*" => format!("endpoints: {{ login: {{ {inner} }} }}"),
            path => {
                let steps = path.split('.');
                let name = |step: &str| format!("{}: {{ ", step.replace('*', "a"));
                let close = " }".repeat(steps.clone().count());
                format!("{}{inner}{close}", steps.map(name).collect::<String>())
            }
        }
    }

    /// Every choice of the language with a policy that makes it, where `WORD` stands for the word.
    fn choices() -> Vec<(String, &'static [&'static str])> {
        let mut found = Vec::new();
        for map in table::MAPS {
            for key in map.keys {
                let (value, words) = match key.form {
                    Form::Choice(words) => ("WORD", words),
                    Form::List(Form::Choice(words)) | Form::Some(Form::Choice(words)) => {
                        ("[WORD]", *words)
                    }
                    _ => continue,
                };
                found.push((within(map.path, &format!("{}: {value}", key.name)), words));
            }
        }
        found
    }

    fn findings(text: &str) -> Vec<(Code, String)> {
        let source = Source::new("p.yaml", text.into());
        let mut report = Report::default();
        let tree = yaml::read(&source, &mut report).unwrap_or_else(|| panic!("{text}"));
        Document::read(&tree, &mut report);
        report.finish(&source).into_iter().map(|found| (found.code, found.message)).collect()
    }

    #[test]
    fn the_reader_takes_the_words_of_the_table_and_no_others() {
        let choices = choices();
        assert!(choices.len() > 15, "{choices:?}");
        for (text, words) in choices {
            for word in words {
                let found = findings(&text.replace("WORD", word));
                let taken = found.iter().all(|(code, _)| *code != Code::UnknownValue);
                assert!(taken, "{text} {word}: {found:?}");
            }
            let found = findings(&text.replace("WORD", "zzz"));
            let refused = found.iter().find(|(code, _)| *code == Code::UnknownValue);
            let (_, message) = refused.unwrap_or_else(|| panic!("{text}: {found:?}"));
            // "`zzz` is unknown, where one of `a` and `b` is expected"
            let listed: BTreeSet<_> = message.split('`').skip(3).step_by(2).collect();
            assert_eq!(listed, words.iter().copied().collect(), "{text}");
        }
    }

    #[test]
    fn the_reader_looks_at_every_key_of_the_table() {
        for map in table::MAPS {
            for key in map.keys {
                let text = within(map.path, &format!("{}: 3.5", key.name));
                let wrong = |(code, message): &(Code, String)| {
                    *code == Code::WrongType && message.starts_with("this is a number, where")
                };
                let looked_at = key.name == "endpoint" || findings(&text).iter().any(wrong);
                assert!(looked_at, "{text}: {:?}", findings(&text));
            }
        }
    }

    #[test]
    fn every_map_is_led_to_and_every_lead_leads_somewhere() {
        let mut led = BTreeSet::from([""]);
        fn follow(form: &Form, led: &mut BTreeSet<&'static str>) {
            match form {
                Form::Map(path) => drop(led.insert(path)),
                Form::List(of) | Form::Some(of) | Form::OneOrMore(of) => follow(of, led),
                Form::Names(of) | Form::ForeignNames(of) => follow(of, led),
                Form::Either(forms) => forms.iter().for_each(|form| follow(form, led)),
                _ => {}
            }
        }
        let keys = table::MAPS.iter().flat_map(|map| map.keys);
        keys.for_each(|key| follow(&key.form, &mut led));
        let there: BTreeSet<_> = table::MAPS.iter().map(|map| map.path).collect();
        assert_eq!(led, there);
        assert_eq!(there.len(), table::MAPS.len(), "a path stands in the table twice");
    }

    #[test]
    fn a_default_is_json_of_the_kind_its_key_takes() {
        for key in table::MAPS.iter().flat_map(|map| map.keys) {
            if let Need::Default(text) = key.need {
                let value: serde_json::Value = serde_json::from_str(text).unwrap();
                let fits = match key.form {
                    Form::Boolean => value.is_boolean(),
                    Form::Number(least, most) => {
                        (u64::from(least)..=u64::from(most)).contains(&value.as_u64().unwrap())
                    }
                    Form::Choice(words) => words.contains(&value.as_str().unwrap()),
                    Form::List(_) | Form::Some(_) => value.is_array(),
                    _ => value.is_string(),
                };
                assert!(fits, "{}: {text}", key.name);
            }
        }
    }

    #[test]
    fn what_a_key_is_for_is_one_sentence() {
        for key in table::MAPS.iter().flat_map(|map| map.keys) {
            let meaning = key.meaning;
            let begins = meaning.starts_with(|c: char| c.is_uppercase() || c == '`');
            assert!(begins && meaning.ends_with('.') && !meaning.contains('\n'), "{}", key.name);
        }
    }
}
