//! Two hashes of a policy: [`Structure`] over what handlers are compiled against, and
//! [`Revision`] over everything.

use std::{fmt, sync::Arc};

use sha2::{Digest, Sha256};

use crate::contents::{Contents, SchemeKind};

/// A hash over the names, kinds and rules a handler is compiled against. Values (grants,
/// lifetimes, rates, descriptions) are not part of it: they may change without a rebuild.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Structure(pub u64);

/// A hash over the whole policy but the places in its file: the first 16 bytes of SHA-256 in hex.
/// Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Revision(Arc<str>);

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
        // A policy that declares none keeps the structure it has without this section.
        if !contents.acr_values.is_empty() {
            hash.list("acr_values", &contents.acr_values, |hash, acr| hash.word(&acr.value));
        }
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
        let hex = hash.0.finalize().into_iter().take(16).map(|byte| format!("{byte:02x}"));
        Self(hex.collect::<String>().into())
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

#[cfg(test)]
#[cfg(feature = "yaml")]
mod tests {
    use super::*;
    use crate::{check::tests::read, policy::Policy};

    const SECTIONS: &str = "limits:
  login: { rate: 5/minute, by: [address, account], on_store_down: refuse }
  open: { rate: 5/minute, by: [address, account], on_store_down: allow }
endpoints: { reset: { limit: login } }
network: { trusted_proxies: [10.0.0.0/8], header: forwarded, ipv6_prefix: 64 }
headers: { referrer_policy: same-origin }
cors: { origins: [https://app.example], credentials: true }
";

    #[test]
    fn operations_are_values_and_no_part_of_the_structure() {
        let (before, found) = read(SECTIONS);
        assert_eq!(found, []);
        for (from, to) in [
            ("refuse }", "allow }"),
            ("5/minute", "6/minute"),
            ("{ reset:", "{ login:"),
            ("endpoints: { reset: { limit: login } }\n", ""),
            ("10.0.0.0/8", "10.0.0.0/9"),
            ("header: forwarded", "header: x_forwarded_for"),
            ("ipv6_prefix: 64", "ipv6_prefix: 56"),
            ("same-origin", "no-referrer"),
            ("app.example", "app2.example"),
            ("credentials: true", "credentials: false"),
        ] {
            let after = read(&SECTIONS.replacen(from, to, 1)).0;
            assert_eq!(Structure::of(&before), Structure::of(&after), "{to}");
            assert_ne!(Revision::of(&before), Revision::of(&after), "{to}");
        }
    }

    #[test]
    fn j16_what_rules_ask_of_a_sign_in_is_part_of_the_structure() {
        const STEP_UP: &str = "acr_values: [password, mfa]
rules: { purge: { schemes: session, max_age: 10m, acr: mfa } }
";
        let (before, found) = read(STEP_UP);
        assert_eq!(found, []);
        for (from, to) in [
            ("[password, mfa]", "[mfa, password]"),
            ("[password, mfa]", "[password, mfa, hardware]"),
            ("10m", "11m"),
            (", acr: mfa", ""),
        ] {
            let after = read(&STEP_UP.replacen(from, to, 1)).0;
            assert_ne!(Structure::of(&before), Structure::of(&after), "{to}");
        }
        let policy = Policy::new(before);
        let text = policy.to_embedded().unwrap_or_default();
        let back = Policy::from_embedded(&text, policy.structure());
        let back = back.unwrap_or_else(|_| unreachable!());
        assert_eq!((back.acr_values(), back.rules()), (policy.acr_values(), policy.rules()));
    }

    #[test]
    fn operations_survive_being_embedded() {
        let policy = Policy::new(read(SECTIONS).0);
        let text = policy.to_embedded().unwrap_or_default();
        let back = Policy::from_embedded(&text, policy.structure());
        let back = back.unwrap_or_else(|_| unreachable!());
        assert_eq!((back.network(), back.headers()), (policy.network(), policy.headers()));
        assert_eq!((back.cors(), back.limits()), (policy.cors(), policy.limits()));
        let reset = crate::settings::EndpointKind::Reset;
        let limit = back.endpoint_limit(reset).and_then(|id| back.limit(id));
        assert_eq!(limit.map(|limit| limit.name.as_str()), Some("login"));
        assert_eq!(back.endpoint_limit(crate::settings::EndpointKind::Login), None);
    }
}
