//! JSON in which every object names a member once. In: text. Out: the value, or the text found
//! sound; a duplicate at any depth is an error.
//!
//! Two readers that pick different ones of two equal names see two different tokens, so RFC 8725
//! and RFC 7517 let a reader refuse them, and this one does.

use std::{borrow::Cow, cell::Cell, collections::HashSet, fmt};

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Value};

/// Remembers that a duplicate was met, since serde errors carry nothing but text.
#[derive(Debug, Default)]
pub(super) struct Duplicate(Cell<bool>);

impl Duplicate {
    /// The error for a duplicate, which is remembered.
    pub(super) fn found<E: Error>(&self) -> E {
        self.0.set(true);
        E::custom("duplicate member")
    }

    pub(super) fn was_found(&self) -> bool {
        self.0.get()
    }
}

/// Reads a value and keeps it.
#[derive(Clone, Copy)]
pub(super) struct Keep<'f>(pub(super) &'f Duplicate);

/// Reads a value and keeps nothing of it.
#[derive(Clone, Copy)]
pub(super) struct Skip<'f>(pub(super) &'f Duplicate);

/// Reads a string, borrowed where no escape stands in the way.
#[derive(Clone, Copy)]
pub(super) struct Text;

/// Finds the first object in the text that names a member twice.
///
/// # Errors
///
/// What serde_json says of text that is not JSON, or of a duplicate.
pub(super) fn refuse_duplicates(text: &str, duplicate: &Duplicate) -> serde_json::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Skip(duplicate).deserialize(&mut deserializer)?;
    deserializer.end()
}

/// What an object says that names a member once, as does every object in it; nothing if it is not.
///
/// SECURITY: serde takes a list of the members' values as well, which another reader takes for
/// nothing of the kind.
pub(crate) fn read_object<T: DeserializeOwned>(text: &str) -> Option<T> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    refuse_duplicates(text, &Duplicate::default()).ok()?;
    serde_json::from_str(text).ok()
}

impl<'de> DeserializeSeed<'de> for Keep<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keep<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(self)?;
            if members.insert(name, value).is_some() {
                return Err(self.0.found());
            }
        }
        Ok(members.into())
    }
}

impl<'de> DeserializeSeed<'de> for Skip<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Skip<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key_seed(Text)? {
            if !names.insert(name) {
                return Err(self.0.found());
            }
            map.next_value_seed(self)?;
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(text: &str) -> Result<Value, bool> {
        let duplicate = Duplicate::default();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let value = Keep(&duplicate).deserialize(&mut deserializer);
        let skipped = Duplicate::default();
        assert_eq!(refuse_duplicates(text, &skipped).is_ok(), value.is_ok(), "{text}");
        assert_eq!(skipped.was_found(), duplicate.was_found(), "{text}");
        value.map_err(|_| duplicate.was_found())
    }

    #[test]
    fn sound_json_reads_as_serde_json_reads_it() {
        let text = r#"{"a":[1,-2,3.5,null,true,"x\n"],"b":{"a":{"a":{}}},"":""}"#;
        assert_eq!(keep(text), Ok(serde_json::from_str(text).unwrap()));
    }

    #[test]
    fn j13_duplicates_are_found_at_any_depth_and_under_escapes() {
        for text in
            [r#"{"a":1,"a":1}"#, r#"{"a":[{"b":{"c":1,"d":2,"c":3}}]}"#, r#"[{"a":1,"\u0061":2}]"#]
        {
            assert_eq!(keep(text), Err(true), "{text}");
        }
    }

    #[test]
    fn e5_deep_nesting_is_an_error_and_no_overflow() {
        assert_eq!(keep(&"[".repeat(100_000)), Err(false));
        assert_eq!(keep(&r#"{"a":"#.repeat(100_000)), Err(false));
    }
}
