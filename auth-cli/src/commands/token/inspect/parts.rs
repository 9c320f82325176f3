//! A token taken apart. In: text from anywhere. Out: its header, its claims and its signature, in
//! the order of their author; or a sentence with the place where it stops being a token.

use std::{collections::HashSet, fmt};

use auth_runtime::jwt::MAX_TOKEN_BYTES;
use base64::{DecodeError, Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// A token in its three parts, none of which is to be believed.
pub(super) struct Token {
    pub(super) header: Members,
    pub(super) claims: Members,
    pub(super) signature: Vec<u8>,
}

/// The members of a JSON object in the order in which they were written.
pub(in crate::commands::token) struct Members {
    members: Vec<(String, Value)>,
    /// The names that are there more than once.
    pub(super) twice: Vec<String>,
}

impl Token {
    /// Takes a token apart.
    ///
    /// # Errors
    ///
    /// A sentence that says where it is none.
    pub(super) fn read(compact: &str) -> Result<Self, String> {
        if compact.is_empty() {
            return Err("it is empty".to_owned());
        }
        if compact.len() > MAX_TOKEN_BYTES {
            return Err(format!("it is longer than {MAX_TOKEN_BYTES} bytes"));
        }
        if compact.starts_with('{') {
            return Err(
                "it is JSON; tokens are in compact form, three parts with dots between".to_owned()
            );
        }
        let parts: Vec<_> = compact.split('.').collect();
        match parts.as_slice() {
            [header, claims, signature] => Ok(Self {
                header: part("the header (part 1)", header)?,
                claims: part("the claims (part 2)", claims)?,
                signature: decode("the signature (part 3)", signature)?,
            }),
            [_, _, _, _, _] => Err(
                "it has 5 parts, so it is encrypted (JWE, RFC 7516): only its receiver can read it"
                    .to_owned(),
            ),
            parts => Err(format!(
                "it has {} part{}; a token has 3, with dots between",
                parts.len(),
                if parts.len() == 1 { "" } else { "s" }
            )),
        }
    }
}

fn part(name: &str, text: &str) -> Result<Members, String> {
    let bytes = decode(name, text)?;
    Members::read(&bytes).map_err(|problem| format!("{name} {problem}"))
}

/// The bytes of a part, or at which of its characters it is no base64url.
fn decode(name: &str, text: &str) -> Result<Vec<u8>, String> {
    let foreign = |letter: &char| !matches!(letter, 'A'..='Z' | 'a'..='z' | '0'..='9' | '-' | '_');
    if let Some((letter, place)) = text.chars().zip(1..).find(|(letter, _)| foreign(letter)) {
        let letter = letter.escape_debug();
        return Err(format!(
            "{name}, character {place}: `{letter}` is not of base64url (RFC 7515)"
        ));
    }
    URL_SAFE_NO_PAD.decode(text).map_err(|error| match error {
        DecodeError::InvalidLastSymbol { offset, .. } => format!(
            "{name}, character {}: more bits than a byte has; the end may have been cut off",
            offset + 1
        ),
        _ => format!(
            "{name}: {} characters are no length of base64url; the end may have been cut off",
            text.len()
        ),
    })
}

impl Members {
    /// Reads a JSON object.
    ///
    /// # Errors
    ///
    /// What is wrong with it and where, as the end of a sentence.
    pub(in crate::commands::token) fn read(bytes: &[u8]) -> Result<Self, String> {
        let text = str::from_utf8(bytes).map_err(|error| {
            format!("is no text: byte {} is not UTF-8", error.valid_up_to() + 1)
        })?;
        serde_json::from_str(text).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            match error.classify() {
                serde_json::error::Category::Data => format!("is no JSON object ({place})"),
                serde_json::error::Category::Eof => {
                    format!("is JSON that ends too early ({place})")
                }
                _ => format!("is not JSON ({place})"),
            }
        })
    }

    /// The value of that name: the first, where there are more.
    pub(in crate::commands::token) fn get(&self, name: &str) -> Option<&Value> {
        self.iter().find(|(member, _)| *member == name).map(|(_, value)| value)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// Whether a name is there more than once.
    pub(in crate::commands::token) const fn has_duplicates(&self) -> bool {
        !self.twice.is_empty()
    }

    /// Every member, in the order in which they were written.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.members.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let (mut members, mut twice, mut names) = (Vec::new(), Vec::new(), HashSet::new());
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if !names.insert(name.clone()) {
                twice.push(name.clone());
            }
            members.push((name, value));
        }
        Ok(Members { members, twice })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Token::read(text).err().unwrap_or_default()
    }

    #[test]
    fn what_is_no_token_is_told_with_its_place() {
        let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        for (text, problem) in [
            (String::new(), "it is empty"),
            ("e30".to_owned(), "it has 1 part; a token has 3, with dots between"),
            ("a.b".to_owned(), "it has 2 parts; a token has 3, with dots between"),
            (
                "a.b.c.d.e".to_owned(),
                "it has 5 parts, so it is encrypted (JWE, RFC 7516): only its receiver can read it",
            ),
            (
                "{}".to_owned(),
                "it is JSON; tokens are in compact form, three parts with dots between",
            ),
            (
                "e30=.e30.".to_owned(),
                "the header (part 1), character 4: `=` is not of base64url (RFC 7515)",
            ),
            (
                "e30.e+0.".to_owned(),
                "the claims (part 2), character 2: `+` is not of base64url (RFC 7515)",
            ),
            (
                "e30.e30.é\u{1b}".to_owned(),
                "the signature (part 3), character 1: `é` is not of base64url (RFC 7515)",
            ),
            (
                "e30.e30.\u{1b}".to_owned(),
                "the signature (part 3), character 1: `\\u{1b}` is not of base64url (RFC 7515)",
            ),
            (
                "e30.e30.AAB".to_owned(),
                "the signature (part 3), character 3: more bits than a byte has; the end may have been cut off",
            ),
            (
                "e30.e30.A".to_owned(),
                "the signature (part 3): 1 characters are no length of base64url; the end may have been cut off",
            ),
            (
                format!("{}.e30.", b64(b"a\xff")),
                "the header (part 1) is no text: byte 2 is not UTF-8",
            ),
            (
                format!("e30.{}.", b64(b"{\n \"a\" 1}")),
                "the claims (part 2) is not JSON (line 2, column 6)",
            ),
            (
                format!("e30.{}.", b64(b"[1]")),
                "the claims (part 2) is no JSON object (line 1, column 0)",
            ),
            (
                format!("e30.{}.", b64(b"{\"a\":")),
                "the claims (part 2) is JSON that ends too early (line 1, column 5)",
            ),
            (
                format!("e30.{}.", b64("[".repeat(9000).as_bytes())),
                "the claims (part 2) is no JSON object (line 1, column 0)",
            ),
            ("a".repeat(MAX_TOKEN_BYTES + 1), "it is longer than 16384 bytes"),
        ] {
            assert_eq!(refused(&text), problem, "{text}");
        }
    }

    #[test]
    fn e5_random_bytes_are_never_a_panic() {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for _ in 0..5_000 {
            let length = usize::try_from(next() % 64).unwrap();
            let bytes: Vec<u8> = (0..length).map(|_| next().to_le_bytes()[0]).collect();
            let _ = Token::read(&String::from_utf8_lossy(&bytes));
            let encoded = URL_SAFE_NO_PAD.encode(&bytes);
            let _ = Token::read(&format!("{encoded}.{encoded}.{encoded}"));
        }
    }

    #[test]
    fn members_keep_their_order_and_duplicates_are_known() {
        let members = Members::read(br#"{"z":1,"a":2,"z":3}"#).unwrap();
        let names: Vec<_> = members.iter().map(|(name, _)| name).collect();
        assert_eq!((names, members.twice.clone()), (vec!["z", "a", "z"], vec!["z".to_owned()]));
        assert_eq!(members.get("z"), Some(&Value::from(1)));
    }
}
