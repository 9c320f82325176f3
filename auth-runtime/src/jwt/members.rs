//! The members of a JSON object, one after another. In: its text. Out: each name, and its value in
//! the form it is asked for, borrowed from the text where no escape stands in the way.
//!
//! What nearly all claims are is read here: strings of a text in which nothing is escaped, and whole
//! numbers. Everything else is read by serde_json, which is told where it begins and says where it
//! ends.

use std::borrow::Cow;

use memchr::memchr;
use serde::de::{DeserializeSeed, IgnoredAny};

use super::json::Text;

/// An object that is being read. After an error the rest of it means nothing.
pub(super) struct Members<'a> {
    /// What is yet to be read.
    rest: &'a str,
    is_first: bool,
    /// Whether a quote begins or ends a string wherever one stands: nothing is escaped, and there is
    /// no control character, which no string may hold.
    is_plain: bool,
}

/// What stands there is no JSON, or not what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl<'a> Members<'a> {
    /// Begins to read the object that this text is.
    pub(super) fn of(text: &'a str) -> Result<Self, Malformed> {
        // All of it, without stopping: that is done for many letters at once.
        let is_special = |byte: u8| (byte < b' ') | (byte == b'\\');
        let is_plain = !text.bytes().fold(false, |found, byte| found | is_special(byte));
        let mut members = Self { rest: text, is_first: true, is_plain };
        members.skip_space();
        members.expect(b'{')?;
        Ok(members)
    }

    /// The name of the next member, whose value has to be read next. Behind the last one there must
    /// be nothing more.
    pub(super) fn next_name(&mut self) -> Result<Option<Cow<'a, str>>, Malformed> {
        self.skip_space();
        if self.take(b'}') {
            self.skip_space();
            return if self.rest.is_empty() { Ok(None) } else { Err(Malformed) };
        }
        if !std::mem::take(&mut self.is_first) {
            self.expect(b',')?;
            self.skip_space();
        }
        let name = self.text()?;
        self.skip_space();
        self.expect(b':')?;
        self.skip_space();
        Ok(Some(name))
    }

    /// A value that is a string.
    #[inline]
    pub(super) fn text(&mut self) -> Result<Cow<'a, str>, Malformed> {
        match self.plain_text() {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => self.read(Text),
        }
    }

    /// A value that is an array of strings: each of them is shown.
    pub(super) fn texts(&mut self, mut each: impl FnMut(&str)) -> Result<(), Malformed> {
        self.expect(b'[')?;
        self.skip_space();
        if self.take(b']') {
            return Ok(());
        }
        loop {
            each(&self.text()?);
            self.skip_space();
            if self.take(b']') {
                return Ok(());
            }
            self.expect(b',')?;
            self.skip_space();
        }
    }

    /// Whether the value is an array.
    pub(super) fn is_array(&self) -> bool {
        self.rest.starts_with('[')
    }

    /// A value that is a number of nothing but digits; nothing, and nothing is read, where it is
    /// anything else, or more than an `i64` holds.
    pub(super) fn digits(&mut self) -> Option<i64> {
        let (mut number, mut after) = (0i64, self.rest.as_bytes());
        while let [digit @ b'0'..=b'9', rest @ ..] = after {
            number = number.checked_mul(10)?.checked_add(i64::from(digit - b'0'))?;
            after = rest;
        }
        let (digits, after) = self.rest.split_at_checked(self.rest.len() - after.len())?;
        let is_longer = matches!(after.as_bytes(), [b'.' | b'e' | b'E', ..]);
        if digits.is_empty() || digits.starts_with('0') || is_longer {
            return None;
        }
        self.rest = after;
        Some(number)
    }

    /// Any value, as serde_json reads it.
    pub(super) fn read<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, Malformed> {
        let mut deserializer = serde_json::Deserializer::from_str(self.rest);
        let value = seed.deserialize(&mut deserializer).map_err(|_| Malformed)?;
        let read = deserializer.into_iter::<IgnoredAny>().byte_offset();
        self.rest = self.rest.get(read..).ok_or(Malformed)?;
        Ok(value)
    }

    /// A string, where none has to be looked at; nothing, and nothing is read, where it is anything
    /// else.
    #[inline]
    fn plain_text(&mut self) -> Option<&'a str> {
        let text = self.rest.strip_prefix('"').filter(|_| self.is_plain)?;
        let (text, after) = text.split_at_checked(memchr(b'"', text.as_bytes())?)?;
        self.rest = after.strip_prefix('"')?;
        Some(text)
    }

    fn expect(&mut self, letter: u8) -> Result<(), Malformed> {
        if self.take(letter) { Ok(()) } else { Err(Malformed) }
    }

    /// Reads one letter of ASCII, if it stands there.
    fn take(&mut self, letter: u8) -> bool {
        if self.rest.as_bytes().first() != Some(&letter) {
            return false;
        }
        self.rest = self.rest.get(1..).unwrap_or_default();
        true
    }

    fn skip_space(&mut self) {
        // Issuers write none.
        if self.rest.as_bytes().first().is_some_and(|first| *first <= b' ') {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    use super::{
        super::json::{Duplicate, Keep},
        *,
    };

    /// The object, read member by member, each value in the first form that it has. Of two members of
    /// one name it keeps the last, as serde_json does.
    fn read(text: &str) -> Option<Map<String, Value>> {
        let mut members = Members::of(text).ok()?;
        let mut read = Map::new();
        while let Some(name) = members.next_name().ok()? {
            read.insert(name.into_owned(), value(&mut members)?);
        }
        Some(read)
    }

    fn value(members: &mut Members<'_>) -> Option<Value> {
        if let Some(number) = members.digits() {
            return Some(number.into());
        }
        let (rest, is_plain) = (members.rest, members.is_plain);
        let mut texts = Vec::new();
        let is_texts =
            members.is_array() && members.texts(|text| texts.push(Value::from(text))).is_ok();
        if is_texts {
            return Some(texts.into());
        }
        *members = Members { rest, is_first: false, is_plain };
        if rest.starts_with('"') {
            return members.text().ok().map(|text| text.into());
        }
        members.read(Keep(&Duplicate::default())).ok()
    }

    /// What serde_json says of the same text.
    fn expected(text: &str) -> Option<Map<String, Value>> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn sound_objects_read_as_serde_json_reads_them() {
        for text in [
            "{}",
            " { } ",
            r#"{"a":"b"}"#,
            "\t{\r\n\"a\" : \"b\" ,\n\"c\":[ \"d\" , \"e\" ] , \"f\" : 1 }\n",
            r#"{"a":[],"b":[[]],"c":{},"d":{"a":{"a":1}},"e":null,"f":true,"":""}"#,
            r#"{"\u0061":"\n","b":"\ud83d\ude00","c":["\"","d"],"é":"é\\"}"#,
            r#"{"a":0,"b":-1,"c":1.5,"d":1e3,"e":1E3,"f":9223372036854775807,"g":123456789012345678}"#,
        ] {
            assert!(expected(text).is_some(), "{text}");
            assert_eq!(read(text), expected(text), "{text}");
        }
    }

    #[test]
    fn j13_what_is_no_json_object_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "}",
            "[]",
            "null",
            "\"a\"",
            "1",
            "{}{}",
            "{} {}",
            "{}x",
            "{,}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{,"a":1}"#,
            r#"{"a":1 "b":2}"#,
            r#"{"a":1,,"b":2}"#,
            r#"{"a" 1}"#,
            r#"{a:1}"#,
            r#"{'a':1}"#,
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":1x}"#,
            r#"{"a":"b}"#,
            r#"{"a":"b\"}"#,
            r#"{"a":"\x"}"#,
            r#"{"a":["b",]}"#,
            r#"{"a":["b"}"#,
            r#"{"a":["b""c"]}"#,
            r#"{"a":["b" "c"]}"#,
            r#"{"a":"b"]"#,
            r#"{"a":"b"#,
            "{\"a\":\"b\n\"}",
            "{\"a\n\":1}",
            "{\"a\":1}\u{b}",
            "{\"a\":\u{a0}1}",
            "\u{feff}{}",
            r#"{"a":12"#,
            r#"{"a":[1"#,
            r#"{"a":tru}"#,
        ] {
            assert_eq!(expected(text), None, "{text}");
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn e5_deep_nesting_is_an_error_and_no_overflow() {
        assert_eq!(read(&format!(r#"{{"a":{}"#, "[".repeat(100_000))), None);
        assert_eq!(read(&format!(r#"{{"a":{}"#, r#"{"a":"#.repeat(100_000))), None);
    }

    proptest! {
        /// Whatever stands there: what one of both refuses the other does not read as something.
        #[test]
        fn j13_any_text_reads_as_serde_json_reads_it(
            text in r#"\{("[ab]":("[a\\n"é]{0,3}"|-?[01]{1,3}(\.5|e1)?|\["?b"?,?\]|[ntx]ull)[, ]?){0,3}[}\]]?"#,
        ) {
            prop_assert_eq!(read(&text), expected(&text));
        }
    }
}
