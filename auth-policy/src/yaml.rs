//! The YAML reader. In: a source. Out: its tree with the place of every key and value, or what is
//! wrong with it as YAML.
//!
//! This is the only file that knows `serde_yaml`; what serde cannot show (anchors, aliases, tags,
//! several documents) is looked for by [`survey`] first.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{
    Options, Spanned,
    options::{DuplicateKeyPolicy, MergeKeyPolicy},
};

use crate::{
    code::Code,
    report::Report,
    settings::Place,
    source::{Source, to_u32},
};

mod survey;

/// A value and where it is. Maps and lists are one character long: their beginning.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) place: Place,
    /// The key it is the value of; without one, its own place.
    pub(crate) owner: Place,
    pub(crate) value: Value,
}

/// What YAML's core schema makes of a node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file, repeated keys included.
    Map(Vec<(Node, Node)>),
}

impl Value {
    /// What to call it in a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

/// The tree of a source, or nothing if it cannot be trusted to be what a reviewer sees.
pub(crate) fn read(source: &Source, report: &mut Report) -> Option<Node> {
    if !survey::survey(source, report) {
        return None;
    }
    match serde_yaml::from_str_with_options::<Spanned<Value>>(source.text(), options()) {
        Ok(tree) => Some(node(tree)),
        Err(error) => {
            refuse(&error, report);
            None
        }
    }
}

fn options() -> Options {
    let mut options = Options::default();
    options.strict_booleans = true;
    options.duplicate_keys = DuplicateKeyPolicy::PassThrough;
    options.merge_keys = MergeKeyPolicy::AsOrdinary;
    options.with_snippet = false;
    options
}

/// What the survey let through and the reader does not, which is next to nothing.
fn refuse(error: &serde_yaml::Error, report: &mut Report) {
    let place = error.location().map(|at| place(at.line(), at.column(), 1)).unwrap_or_default();
    let reason = error.without_snippet().to_string();
    let reason = reason.lines().next().unwrap_or_default().to_owned();
    report.add(Code::YamlSyntax, place, |found| {
        found.message(format!("this cannot be read as YAML: {reason}"))
    });
}

fn place(line: u64, column: u64, length: usize) -> Place {
    let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Place { line: narrow(line), column: narrow(column), length: to_u32(length.max(1)) }
}

fn node(spanned: Spanned<Value>) -> Node {
    let at = spanned.referenced;
    let length = usize::try_from(at.span().len()).unwrap_or(1);
    let place = place(at.line(), at.column(), length);
    Node { place, owner: place, value: spanned.value }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(Value::Integer(i128::try_from(value).unwrap_or(i128::MAX)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut nodes = Vec::new();
        while let Some(item) = list.next_element()? {
            nodes.push(node(item));
        }
        Ok(Value::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key()? {
            let key = node(key);
            let value = Node { owner: key.place, ..node(map.next_value()?) };
            entries.push((key, value));
        }
        Ok(Value::Map(entries))
    }
}
