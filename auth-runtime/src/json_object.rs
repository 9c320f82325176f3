//! A JSON object that is being written. In: names that need no escape, and values. Out: its text.
//!
//! Most texts need no escape either, and are copied as they stand.

/// The members so far, in the order they were added.
pub(crate) struct JsonObject(Vec<u8>);

impl JsonObject {
    /// No member yet, and room for so many bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Adds a string. It is given in parts, so that nobody has to put them together.
    pub(crate) fn text(&mut self, name: &'static str, parts: &[&str]) {
        self.name(name);
        self.0.push(b'"');
        parts.iter().for_each(|part| self.escaped(part));
        self.0.push(b'"');
    }

    /// Adds what is written in JSON as it is here: a number.
    pub(crate) fn literal(&mut self, name: &'static str, literal: &str) {
        self.name(name);
        self.0.extend_from_slice(literal.as_bytes());
    }

    /// Adds an array of strings.
    pub(crate) fn texts<T: AsRef<str>>(&mut self, name: &'static str, texts: &[T]) {
        self.name(name);
        self.0.push(b'[');
        for (place, text) in texts.iter().enumerate() {
            self.0.extend_from_slice(if place == 0 { b"\"" } else { b",\"" });
            self.escaped(text.as_ref());
            self.0.push(b'"');
        }
        self.0.push(b']');
    }

    /// The whole object.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        if self.0.is_empty() {
            self.0.push(b'{');
        }
        self.0.push(b'}');
        self.0
    }

    fn name(&mut self, name: &'static str) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    /// The inside of a string.
    fn escaped(&mut self, text: &str) {
        let is_special = |byte: u8| (byte < b' ') | (byte == b'"') | (byte == b'\\');
        // All of it, without stopping: that is done for many letters at once.
        if !text.bytes().fold(false, |found, byte| found | is_special(byte)) {
            return self.0.extend_from_slice(text.as_bytes());
        }
        // INVARIANT: a string is always written, in quotes.
        let quoted = serde_json::to_string(text).unwrap_or_default();
        let inside = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        self.0.extend_from_slice(inside.unwrap_or_default().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn read(object: JsonObject) -> Value {
        serde_json::from_slice(&object.finish()).unwrap()
    }

    #[test]
    fn it_writes_what_it_is_given_in_that_order() {
        assert_eq!(JsonObject::with_capacity(0).finish(), b"{}");
        let mut object = JsonObject::with_capacity(64);
        object.text("b", &["one ", "text"]);
        object.literal("a", "401");
        object.texts("c", &["d", "e"]);
        object.texts::<&str>("f", &[]);
        assert_eq!(object.finish(), br#"{"b":"one text","a":401,"c":["d","e"],"f":[]}"#);
    }

    proptest! {
        #[test]
        fn any_text_reads_as_what_was_written(text in "[\\PC\"\\\\\n\u{0}\u{1f}é]{0,20}") {
            let mut object = JsonObject::with_capacity(0);
            object.text("a", &[&text, &text]);
            object.texts("b", &[&text]);
            prop_assert_eq!(read(object), json!({ "a": text.repeat(2), "b": [text] }));
        }
    }
}
