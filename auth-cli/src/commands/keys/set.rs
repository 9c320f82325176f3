//! A JWK set as it stands in a file. In: its text. Out: its keys with all their members, in order,
//! wiped from memory when they are dropped.

use serde_json::{Value, json};
use zeroize::{Zeroize, Zeroizing};

/// The member that says when a key was made, in seconds since 1970. RFC 7517 has readers ignore
/// members they do not know; OpenID Federation uses this one.
const MADE_AT: &str = "iat";

/// The keys in their order: the first of an algorithm signs.
pub(super) struct Set {
    keys: Vec<Jwk>,
}

/// One key with all its members.
pub(super) struct Jwk(Value);

impl Set {
    pub(super) fn new(key: Jwk) -> Self {
        Self { keys: vec![key] }
    }

    /// Takes apart what is known to be a JWK set or a JWK.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        // SECURITY: the place alone is told; serde's own message may quote the key.
        let place = |error: serde_json::Error| {
            format!("line {}, column {}: this is not JSON", error.line(), error.column())
        };
        let mut whole = Jwk(serde_json::from_str(text).map_err(place)?);
        let keys = match whole.0.get_mut("keys").map(Value::take) {
            Some(Value::Array(keys)) => keys.into_iter().map(Jwk).collect(),
            _ => vec![whole],
        };
        Ok(Self { keys })
    }

    /// The text of the set, a key on each line.
    pub(super) fn text(&self) -> Zeroizing<String> {
        // Room for all of it at once, so that no copy is left behind by a reallocation.
        let mut text = Zeroizing::new(String::with_capacity(16 * 1024 * self.keys.len().max(1)));
        text.push_str("{\"keys\":[\n");
        for (index, key) in self.keys.iter().enumerate() {
            let line = Zeroizing::new(key.0.to_string());
            text.push_str(if index == 0 { "" } else { ",\n" });
            text.push_str(&line);
        }
        text.push_str("\n]}\n");
        text
    }

    pub(super) fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    pub(super) fn into_first(self) -> Option<Jwk> {
        self.keys.into_iter().next()
    }

    /// Puts a key behind all others: it verifies and does not sign.
    pub(super) fn push(&mut self, key: Jwk) {
        self.keys.push(key);
    }

    /// Puts a key before all others.
    pub(super) fn move_to_front(&mut self, index: usize) {
        if let Some(keys) = self.keys.get_mut(..=index) {
            keys.rotate_right(1);
        }
    }

    pub(super) fn remove(&mut self, index: usize) {
        if index < self.keys.len() {
            self.keys.remove(index);
        }
    }
}

impl Jwk {
    /// When it was made, in seconds since 1970, if it says so.
    pub(super) fn made_at(&self) -> Option<i64> {
        self.0.get(MADE_AT).and_then(Value::as_i64)
    }

    pub(super) fn set_made_at(&mut self, seconds: i64) {
        if let Some(members) = self.0.as_object_mut() {
            members.insert(MADE_AT.to_owned(), json!(seconds));
        }
    }
}

impl Drop for Jwk {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        _ => {}
    }
}
