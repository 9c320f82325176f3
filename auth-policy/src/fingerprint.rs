//! Two hashes of a policy: [`Structure`] over what handlers are compiled against, and
//! [`Revision`] over everything.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::contents::{Contents, SchemeKind};

/// A hash over the names, kinds and rules a handler is compiled against. Values (grants,
/// lifetimes, rates, descriptions) are not part of it: they may change without a rebuild.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Structure(pub u64);

/// A hash over the whole policy but the places in its file: the first 16 bytes of SHA-256 in hex.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Revision(String);

impl Structure {
    pub(crate) fn of(contents: &Contents) -> Self {
        let mut hash = Hash(Sha256::new());
        hash.list("scopes", &contents.scopes, |hash, scope| {
            hash.word(&scope.name);
            hash.word(if scope.mutates { "mutates" } else { "reads" });
        });
        hash.list("roles", &contents.roles, |hash, role| hash.word(&role.name));
        hash.list("schemes", &contents.schemes, |hash, scheme| {
            hash.word(&scheme.name);
            hash.word(match &scheme.kind {
                SchemeKind::Jwt(_) => "jwt",
                SchemeKind::ApiKey(_) => "api_key",
                SchemeKind::Session(_) => "session",
                SchemeKind::Issuer(_) => "issuer",
            });
        });
        hash.list("limits", &contents.limits, |hash, limit| hash.word(&limit.name));
        hash.list("rules", &contents.rules, |hash, rule| {
            hash.word(&rule.name);
            hash.json(&rule.requirement);
        });
        let digest = hash.0.finalize();
        let mut first = [0; 8];
        first.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Self(u64::from_be_bytes(first))
    }
}

impl fmt::Display for Structure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Revision {
    pub(crate) fn of(contents: &Contents) -> Self {
        let mut hash = Hash(Sha256::new());
        hash.json(&contents.without_places());
        let hex = hash.0.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self(hex)
    }

    /// The hash as 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA-256 over words that cannot run into one another: each is preceded by its length.
struct Hash(Sha256);

impl Hash {
    fn word(&mut self, word: &str) {
        self.0.update((word.len() as u64).to_be_bytes());
        self.0.update(word.as_bytes());
    }

    fn list<T>(&mut self, name: &str, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.word(name);
        self.0.update((items.len() as u64).to_be_bytes());
        items.iter().for_each(|item| each(self, item));
    }

    fn json(&mut self, value: &impl serde::Serialize) {
        // INVARIANT: these are plain structs without maps, which serde_json always writes.
        let text = serde_json::to_string(value).unwrap_or_default();
        self.word(&text);
    }
}
