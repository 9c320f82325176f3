//! Tokens that verified a moment ago. In: a token, as it was sent, and the keys of this moment. Out:
//! what it said, if that very token verified before with these very keys; its signature need not be
//! computed, nor its claims be read, a second time.
//!
//! Nothing here decides. What changes with time or can be taken back is judged for each request
//! as ever: `exp`, `nbf` and `iat`, the freshness of fetched keys, revocation, a client's ceiling.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::atomic::{AtomicU64, Ordering},
};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use quick_cache::{Equivalent, Weighter, sync::Cache};
use serde_json::{Map, Value};

use super::{keyring::RingId, verified::VerifiedToken};

/// How many characters at the end of a token tell in which place it is looked for: they are of its
/// signature, so they are as good as random.
const TAIL: usize = 16;

/// What a token takes beside its own text and the claims of the application, in bytes: measured,
/// with the places in the cache, and rounded up.
const OVERHEAD: u64 = 1_024;

/// How many bytes of the cache a token is expected to take. It decides into how many parts, with a
/// lock each, the cache is cut.
const EXPECTED: usize = 2_048;

/// The tokens of one issuer that verified of late, up to so many bytes.
///
/// It belongs to one verifier, so that a token which is good for one audience is never found by
/// another, and goes with it when the policy is replaced.
pub(super) struct RecentTokens {
    tokens: Cache<Text, Remembered, Weight>,
    /// The keys that what is kept was verified with.
    ring: AtomicU64,
}

/// The whole of a token.
#[derive(PartialEq, Eq)]
struct Text(Box<str>);

/// The same of a token that is looked for.
struct Presented<'t>(&'t [u8]);

#[derive(Clone)]
struct Remembered {
    ring: RingId,
    token: VerifiedToken,
}

#[derive(Clone)]
struct Weight;

impl RecentTokens {
    /// Room for so many bytes; none where that is nothing.
    pub(super) fn new(bytes: usize) -> Option<Self> {
        let tokens = || Cache::with_weighter(bytes / EXPECTED, bytes as u64, Weight);
        (bytes > 0).then(|| Self { tokens: tokens(), ring: AtomicU64::new(0) })
    }

    /// What that token said, if it verified before with these keys.
    pub(super) fn find(&self, token: &[u8], ring: RingId) -> Option<VerifiedToken> {
        let known = self.tokens.get(&Presented(token))?;
        // SECURITY: a key that was taken away takes its tokens with it.
        (known.ring == ring).then_some(known.token)
    }

    /// Remembers a token that verified with these keys and against every rule.
    pub(super) fn remember(&self, token: &str, ring: RingId, verified: &VerifiedToken) {
        let before = self.ring.fetch_max(ring.0, Ordering::AcqRel);
        if before > ring.0 {
            return; // a request that began with older keys
        }
        if before < ring.0 {
            self.tokens.clear();
        }
        self.tokens.insert(Text(token.into()), Remembered { ring, token: verified.clone() });
    }

    /// Forgets a token that has expired.
    pub(super) fn forget(&self, token: &[u8]) {
        self.tokens.remove(&Presented(token));
    }

    /// Forgets all of them, at once instead of with the next that is remembered.
    pub(super) fn clear(&self) {
        self.tokens.clear();
    }

    #[cfg(test)]
    pub(super) fn weight(&self) -> (usize, u64) {
        (self.tokens.len(), self.tokens.weight())
    }
}

impl Weighter<Text, Remembered> for Weight {
    fn weight(&self, text: &Text, known: &Remembered) -> u64 {
        // An issuer may say much in few letters: an empty object takes two, and a table in memory.
        let claims = map(known.token.extra());
        OVERHEAD.saturating_add(2 * text.0.len() as u64).saturating_add(claims)
    }
}

/// About how many bytes of memory a map takes.
fn map(members: &Map<String, Value>) -> u64 {
    let each = members.iter().map(|(name, member)| 64 + name.len() as u64 + value(member));
    if members.is_empty() { 0 } else { 640 + each.sum::<u64>() }
}

fn value(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 32,
        Value::String(text) => 48 + text.len() as u64,
        Value::Array(items) => 64 + items.iter().map(self::value).sum::<u64>(),
        Value::Object(members) => 64 + map(members),
    }
}

/// The end of a token.
fn tail(token: &[u8]) -> &[u8] {
    token.last_chunk::<TAIL>().map_or(token, |tail| tail)
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(tail(self.0.as_bytes()));
    }
}

impl Hash for Presented<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(tail(self.0));
    }
}

impl Equivalent<Text> for Presented<'_> {
    /// SECURITY: all of it, in a time that says nothing of where they differ. Whoever sends tokens
    /// that end like somebody else's learns nothing of the rest.
    fn equivalent(&self, known: &Text) -> bool {
        verify_slices_are_equal(self.0, known.0.as_bytes()).is_ok()
    }
}

impl fmt::Debug for RecentTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecentTokens").field("tokens", &self.tokens.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use auth_policy::{Policy, Source, check, settings::Algorithm};
    use serde_json::json;

    use super::*;
    use crate::{
        clock::Timestamp,
        jwt::{AccessGrant, Issuer, KeySet, TokenError, Verifier},
    };

    const NOW: Timestamp = Timestamp(1_800_000_000);
    const RING: RingId = RingId(1);

    /// A verifier that remembers, and who issues its tokens.
    fn service(bytes: usize) -> (Issuer, Verifier) {
        let keys = new_keys();
        let issuer = Issuer::new(&policy("blog-api"), Arc::clone(&keys)).unwrap();
        (issuer, Verifier::own(&policy("blog-api"), keys).unwrap().remembering(bytes))
    }

    fn new_keys() -> Arc<KeySet> {
        let keys = KeySet::generate(Algorithm::EdDSA).unwrap();
        Arc::new(KeySet::from_jwk_set(keys.expose()).unwrap())
    }

    fn policy(audience: &str) -> Policy {
        let text = format!(
            "
version: 1
scopes: {{ read:posts: Read posts }}
roles: {{ reader: {{ grants: [read:posts] }} }}
schemes:
  jwt:
    issuer: https://blog.example
    audience: {audience}
    algorithms: [EdDSA]
    keys: ${{KEYS}}
    access_ttl: 15m
    refresh_ttl: 7d
    leeway: 10s
    claims: [about]
"
        );
        check(&Source::new("p.yaml", text.into())).policy.unwrap()
    }

    fn token(issuer: &Issuer, subject: &str) -> String {
        let grant = AccessGrant::new(subject).authenticated_at(NOW);
        issuer.access_token(&grant, NOW).unwrap().token.expose().to_owned()
    }

    fn accept(verifier: &Verifier, token: &str, now: Timestamp) -> Result<String, TokenError> {
        let verified = crate::jwt::verify(token, [verifier], now);
        verified.map(|token| token.subject().to_owned())
    }

    fn recall(verifier: &Verifier, token: &str, now: Timestamp) -> Option<Result<(), TokenError>> {
        verifier.recall(token.as_bytes(), now).map(|known| known.map(drop))
    }

    #[test]
    fn j05_a_token_is_recalled_whole_and_in_no_other_form() {
        let (issuer, verifier) = service(1 << 20);
        let token = token(&issuer, "u");
        assert_eq!(recall(&verifier, &token, NOW), None);
        assert_eq!(accept(&verifier, &token, NOW).as_deref(), Ok("u"));
        assert_eq!(recall(&verifier, &token, NOW), Some(Ok(())));
        for place in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[place] ^= 1;
            assert!(verifier.recall(&other, NOW).is_none(), "{place}");
        }
        let cut = [token.get(1..).unwrap(), token.get(..token.len() - 1).unwrap(), ""];
        for other in cut.into_iter().chain([format!("{token}A").as_str()]) {
            assert_eq!(recall(&verifier, other, NOW), None, "{other}");
        }
    }

    #[test]
    fn j08_what_changes_with_time_is_judged_for_each_recall() {
        let (issuer, verifier) = service(1 << 20);
        let token = token(&issuer, "u");
        accept(&verifier, &token, NOW).unwrap();
        let recalled = |now: i64| recall(&verifier, &token, Timestamp(NOW.0 + now));
        assert_eq!(recalled(909), Some(Ok(())));
        assert_eq!(recalled(-10), Some(Ok(())));
        // A clock that went back.
        assert_eq!(recalled(-11), Some(Err(TokenError::IssuedInFuture)));
        accept(&verifier, &token, NOW).unwrap();
        assert_eq!(recalled(910), Some(Err(TokenError::Expired)));
        assert_eq!(recalled(909), None, "what has expired is not kept");
        assert_eq!(accept(&verifier, &token, Timestamp(NOW.0 + 910)), Err(TokenError::Expired));
        assert_eq!(recalled(909), None, "nor is it put there");
    }

    #[test]
    fn j08_a_token_is_not_good_before_its_time_however_well_it_is_known() {
        let recent = RecentTokens::new(1 << 20).unwrap();
        let (issuer, verifier) = service(1 << 20);
        let text = token(&issuer, "u");
        let mut verified = crate::jwt::verify(&text, [&verifier], NOW).unwrap();
        verified.not_before = Some(Timestamp(NOW.0 + 100));
        recent.remember(&text, RING, &verified);
        let known = recent.find(text.as_bytes(), RING).unwrap();
        let as_of = |now: i64| verifier.as_of(known.clone(), Timestamp(NOW.0 + now)).err();
        assert_eq!((as_of(89), as_of(90)), (Some(TokenError::NotYetValid), None));
    }

    #[test]
    fn j16_a_sign_in_of_the_future_is_unknown_until_then() {
        let (issuer, verifier) = service(1 << 20);
        let grant = AccessGrant::new("u").authenticated_at(Timestamp(NOW.0 + 60));
        let token = issuer.access_token(&grant, NOW).unwrap().token.expose().to_owned();
        let since = |now: i64| {
            let now = Timestamp(NOW.0 + now);
            let known = verifier.recall(token.as_bytes(), now).and_then(Result::ok);
            let known = known.or_else(|| crate::jwt::verify(&token, [&verifier], now).ok());
            known.unwrap().authenticated_at()
        };
        assert_eq!(since(0), None);
        assert_eq!(since(49), None, "recalled");
        assert_eq!(since(50), Some(Timestamp(NOW.0 + 60)));
        assert_eq!(since(0), None, "the clock went back");
    }

    #[test]
    fn j05_a_failure_is_not_remembered() {
        let (issuer, verifier) = service(1 << 20);
        let good = token(&issuer, "u");
        let (message, _) = good.rsplit_once('.').unwrap();
        let forged = format!("{message}.{}", "A".repeat(86));
        assert_eq!(accept(&verifier, &forged, NOW), Err(TokenError::SignatureInvalid));
        assert_eq!(recall(&verifier, &forged, NOW), None);
        let (_, other) = service(0);
        assert!(accept(&other, &good, NOW).is_err());
        assert_eq!(recall(&other, &good, NOW), None);
    }

    #[test]
    fn j10_other_keys_forget_every_token() {
        let (issuer, verifier) = service(1 << 20);
        let before = token(&issuer, "u");
        accept(&verifier, &before, NOW).unwrap();
        verifier.replace_keys(new_keys()).unwrap();
        assert_eq!(recall(&verifier, &before, NOW), None);
        assert_eq!(accept(&verifier, &before, NOW), Err(TokenError::KeyUnknown));
        assert_eq!(verifier.remembered(), Some((0, 0)), "and their memory is free");
    }

    #[test]
    fn j10_a_request_that_began_with_older_keys_leaves_nothing_to_the_newer() {
        let recent = RecentTokens::new(1 << 20).unwrap();
        let (issuer, verifier) = service(0);
        let text = token(&issuer, "u");
        let verified = crate::jwt::verify(&text, [&verifier], NOW).unwrap();
        let (old, new) = (RingId(7), RingId(8));
        recent.remember(&text, old, &verified);
        assert!(recent.find(text.as_bytes(), old).is_some());
        assert!(recent.find(text.as_bytes(), new).is_none());
        let other = format!("{text}x");
        recent.remember(&other, new, &verified);
        assert!(recent.find(text.as_bytes(), old).is_none(), "forgotten with its keys");
        recent.remember(&text, old, &verified);
        assert!(recent.find(text.as_bytes(), old).is_none(), "it came too late");
        assert!(recent.find(other.as_bytes(), new).is_some());
    }

    #[test]
    fn j11_a_token_of_one_audience_is_not_known_to_another() {
        let keys = new_keys();
        let issuer = Issuer::new(&policy("blog-api"), Arc::clone(&keys)).unwrap();
        let verifier = |audience| {
            let verifier = Verifier::own(&policy(audience), Arc::clone(&keys)).unwrap();
            verifier.remembering(1 << 20)
        };
        let (blog, shop) = (verifier("blog-api"), verifier("shop-api"));
        let token = token(&issuer, "u");
        accept(&blog, &token, NOW).unwrap();
        assert_eq!(recall(&blog, &token, NOW), Some(Ok(())));
        assert_eq!(recall(&shop, &token, NOW), None);
        assert_eq!(accept(&shop, &token, NOW), Err(TokenError::AudienceMismatch));
    }

    #[test]
    fn e5_the_memory_has_an_end() {
        const BYTES: usize = 256 * 1024;
        let (issuer, verifier) = service(BYTES);
        for number in 0..1_000 {
            accept(&verifier, &token(&issuer, &format!("user-{number}")), NOW).unwrap();
        }
        let (tokens, weight) = verifier.remembered().unwrap();
        assert!((50..250).contains(&tokens), "{tokens} tokens");
        assert!(weight <= BYTES as u64 + 4_096, "{weight} bytes");
    }

    #[test]
    fn e5_what_a_token_says_counts_and_not_its_length_alone() {
        let weight = |about: Value| {
            let (issuer, verifier) = service(1 << 22);
            let claims = [("about".to_owned(), about)].into_iter().collect();
            let grant = AccessGrant::new("u").extra(&claims);
            let token = issuer.access_token(&grant, NOW).unwrap();
            accept(&verifier, token.token.expose(), NOW).unwrap();
            verifier.remembered().unwrap().1
        };
        let small = weight(json!(1));
        assert!(small > 1_024, "{small}");
        let nested = json!(vec![json!({ "a": {} }); 100]);
        assert!(weight(nested) > small + 100 * 640);
    }

    #[test]
    fn a_verifier_remembers_nothing_unless_told_to() {
        let (issuer, verifier) = service(0);
        let token = token(&issuer, "u");
        accept(&verifier, &token, NOW).unwrap();
        assert_eq!(recall(&verifier, &token, NOW), None);
        assert_eq!(verifier.remembered(), None);
    }
}
