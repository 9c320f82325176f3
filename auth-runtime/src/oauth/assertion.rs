//! `private_key_jwt` (RFC 7523). In: a JWT that a client signed. Out: whether it is about that
//! client, meant for us, of now, and was never shown before.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::{OAuth, authenticate::Stranger, clients::ASSERTION_ALGORITHMS, record::Stored};
use crate::{
    clock::Timestamp,
    jwt::{KeySet, numeric_date, read_object, verify_jws},
    secret::Secret,
    store::{Collection, Key, Owner},
};

/// Where assertions that were used are kept, until they have expired.
const COLLECTION: Collection = Collection("assertion");
/// How long an assertion may still live, in seconds: it has to be remembered for as long.
const LONGEST_SECONDS: i64 = 3600;
/// How far the clock of a client may be off, in seconds.
const LEEWAY_SECONDS: i64 = 30;
/// The longest `jti`, in bytes.
const MAX_JTI_BYTES: usize = 255;

/// The claims of an assertion; others mean nothing here.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    #[serde(deserialize_with = "numeric_date")]
    exp: i64,
    jti: String,
    /// Without one, long ago.
    #[serde(default, deserialize_with = "numeric_date")]
    nbf: i64,
    #[serde(default, deserialize_with = "numeric_date")]
    iat: i64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// The client that an assertion says it is about: to look it up, never to believe it.
pub(super) fn claimed_id(assertion: &Secret) -> Option<String> {
    // The claims of an assertion are no secret; its signature is not looked at here.
    let payload = assertion.expose().split('.').nth(1)?;
    let json = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    read_object::<Claims>(&json).map(|claims| claims.sub)
}

/// Whether the client of that id signed it, just now, for us, and for this one time.
pub(super) async fn verify(
    oauth: &OAuth,
    assertion: &Secret,
    id: &str,
    stored: &Stored,
) -> Result<(), Stranger> {
    let now = oauth.auth().now();
    let claims = signed(assertion, stored).ok_or(Stranger::Cause("assertion-signature"))?;
    if claims.iss != id || claims.sub != id {
        return Err(Stranger::Cause("assertion-subject"));
    }
    if !claims.is_for(&oauth.audiences()) {
        return Err(Stranger::Cause("assertion-audience"));
    }
    if !claims.is_of(now) || claims.jti.is_empty() || claims.jti.len() > MAX_JTI_BYTES {
        return Err(Stranger::Cause("assertion-time"));
    }
    let until = Timestamp(claims.exp.saturating_add(LEEWAY_SECONDS));
    let key = used(id, &claims.jti).ok_or(Stranger::Cause("assertion-subject"))?;
    match oauth.store().insert(&key, &[], Some(until), now).await? {
        true => Ok(()),
        false => Err(Stranger::Cause("assertion-used")),
    }
}

/// The claims, if one of the client's keys signed them.
fn signed(assertion: &Secret, stored: &Stored) -> Option<Claims> {
    let keys = KeySet::published(stored.jwks()?, &ASSERTION_ALGORITHMS).ok()?;
    // What is verified has to be read.
    let compact = assertion.expose();
    let payload = keys.keys().iter().find_map(|key| verify_jws(compact, key).ok())?;
    read_object(&String::from_utf8(payload).ok()?)
}

fn used(id: &str, jti: &str) -> Option<Key> {
    let hash = digest::digest(&digest::SHA256, jti.as_bytes());
    Key::new(COLLECTION, Owner::new(id)?, URL_SAFE_NO_PAD.encode(hash.as_ref()))
}

impl Claims {
    /// SECURITY: for us alone. Who else is named could show it to us in the client's place.
    fn is_for(&self, ours: &[String]) -> bool {
        match &self.aud {
            Audience::One(one) => ours.contains(one),
            Audience::Several(all) => !all.is_empty() && all.iter().all(|one| ours.contains(one)),
        }
    }

    fn is_of(&self, now: Timestamp) -> bool {
        let latest = now.0.saturating_add(LEEWAY_SECONDS);
        self.nbf <= latest
            && self.iat <= latest
            && self.exp > now.0.saturating_sub(LEEWAY_SECONDS)
            && self.exp <= latest.saturating_add(LONGEST_SECONDS)
    }
}
