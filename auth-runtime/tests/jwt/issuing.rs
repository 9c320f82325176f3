//! Issuing access tokens, and verifying them again.

use std::sync::Arc;

use auth_policy::settings::{Algorithm, Seconds};
use auth_runtime::{
    clock::Timestamp,
    jwt::{
        AccessGrant, IssueError, Issuer, KeyFault, KeySet, SetupError, TokenError, Verifier, verify,
    },
    random::{Random, RandomError},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::world::*;

/// Gives the same bytes every time.
#[derive(Debug)]
struct Fixed(u8);

impl Random for Fixed {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        bytes.fill(self.0);
        Ok(())
    }
}

/// Gives nothing.
#[derive(Debug)]
struct Empty;

impl Random for Empty {
    fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
        Err(RandomError)
    }
}

fn issuer(algorithm: Algorithm) -> Issuer {
    Issuer::new(&policy(&[algorithm]), keys(algorithm)).unwrap()
}

fn part(token: &str, place: usize) -> Value {
    let part = token.split('.').nth(place).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn members(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// A grant may ask for less than the policy's lifetime, and never gets more.
#[test]
fn m01_no_token_outlives_the_policys_lifetime() {
    for (asked, lives) in [(1, 1), (899, 899), (900, 900), (901, 900), (u64::MAX, 900)] {
        let grant = AccessGrant::new("user-1").lifetime(Seconds(asked));
        let token = issuer(Algorithm::EdDSA).access_token(&grant, NOW).unwrap();
        assert_eq!(token.expires_in, Seconds(lives), "{asked}");
        assert_eq!(part(token.token.expose(), 1)["exp"], NOW.0 + i64::try_from(lives).unwrap());
    }
}

#[test]
fn m01_tokens_of_all_five_algorithms_are_issued_and_verified() {
    for algorithm in Algorithm::ALL {
        let grant = AccessGrant::new("user-1").roles(&["author"]).client_id("web");
        let token = issuer(algorithm).access_token(&grant, NOW).unwrap();
        let verified = verify(token.token.expose(), [&own(algorithm)], NOW).unwrap();
        assert_eq!(verified.subject(), "user-1");
        assert_eq!(verified.client_id(), Some("web"));
        assert_eq!(verified.token_id(), Some(token.token_id.as_str()));
        assert_eq!(verified.scope_ids().collect::<Vec<_>>(), [READ, WRITE]);
        assert_eq!(verified.role_ids().collect::<Vec<_>>(), [AUTHOR, READER]);
    }
}

#[test]
fn m01_a_token_lives_for_as_long_as_the_policy_says() {
    let token = issuer(Algorithm::HS256).access_token(&AccessGrant::new("u"), NOW).unwrap();
    assert_eq!(token.expires_in, Seconds(900));
    let judge = |now| verify(token.token.expose(), [&own(Algorithm::HS256)], now).err();
    assert_eq!(judge(Timestamp(NOW.0 + 899)), None);
    assert_eq!(judge(Timestamp(NOW.0 + 900)), Some(TokenError::Expired));
    assert_eq!(judge(Timestamp(NOW.0 - 1)), Some(TokenError::IssuedInFuture));
}

#[test]
fn rfc_9068_header_and_claims_have_the_shape_of_an_access_token() {
    let issuer = issuer(Algorithm::HS256).with_random(Arc::new(Fixed(7)));
    let grant = AccessGrant::new("user-1").client_id("web").roles(&["author"]);
    let token = issuer.access_token(&grant, NOW).unwrap();
    let header = json!({ "typ": "at+jwt", "alg": "HS256", "kid": "k1" });
    assert_eq!(part(token.token.expose(), 0), header);
    let claims = json!({
        "iss": ISSUER, "sub": "user-1", "aud": AUDIENCE, "exp": NOW.0 + 900, "iat": NOW.0,
        "jti": "BwcHBwcHBwcHBwcHBwcHBw", "client_id": "web",
        "scope": "read:posts write:posts", "roles": ["author"],
    });
    assert_eq!(part(token.token.expose(), 1), claims);
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a second reader of our tokens, not a verifier")]
fn jsonwebtoken_reads_what_we_issue() {
    use jsonwebtoken::{DecodingKey, Validation, decode};
    for algorithm in Algorithm::ALL {
        let token = issuer(algorithm).access_token(&AccessGrant::new("u"), NOW).unwrap();
        let key = match algorithm {
            Algorithm::HS256 => Ok(DecodingKey::from_secret(&SECRET)),
            Algorithm::RS256 | Algorithm::PS256 => DecodingKey::from_rsa_pem(RSA_PUBLIC.as_bytes()),
            Algorithm::ES256 => DecodingKey::from_ec_pem(EC_PUBLIC.as_bytes()),
            Algorithm::EdDSA => DecodingKey::from_ed_pem(ED_PUBLIC.as_bytes()),
        };
        let mut validation = Validation::new(algorithm.name().parse().unwrap());
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[ISSUER]);
        let read = decode::<Value>(token.token.expose(), &key.unwrap(), &validation);
        assert_eq!(read.unwrap().claims["sub"], "u");
    }
}

#[test]
fn scopes_are_all_that_the_roles_grant_or_the_part_asked_for() {
    let issuer = issuer(Algorithm::HS256);
    let scope = |grant: AccessGrant<'_>| issuer.access_token(&grant, NOW).map(|token| token.scope);
    let author = AccessGrant::new("u").roles(&["author"]);
    assert_eq!(scope(author.clone()).unwrap(), "read:posts write:posts");
    assert_eq!(scope(author.clone().scopes(&["write:posts"])).unwrap(), "write:posts");
    assert_eq!(
        scope(author.clone().scopes(&["write:posts", "read:posts"])).unwrap(),
        "read:posts write:posts"
    );
    assert_eq!(scope(author.clone().scopes(&[])).unwrap(), "");
    assert_eq!(scope(AccessGrant::new("u")).unwrap(), "");
    let client = AccessGrant::new("client:c1").ceiling(&["read:posts"]);
    assert_eq!(scope(client.clone()).unwrap(), "read:posts");
    let refused = |error: &str| Some(IssueError::ScopeNotGranted(error.to_owned()));
    assert_eq!(scope(author.scopes(&["delete:posts"])).err(), refused("delete:posts"));
    assert_eq!(scope(client.scopes(&["write:posts"])).err(), refused("write:posts"));
}

#[test]
fn what_the_policy_does_not_know_is_not_issued() {
    let issuer = issuer(Algorithm::HS256);
    let refusal = |grant: AccessGrant<'_>| issuer.access_token(&grant, NOW).err().unwrap();
    let unknown = AccessGrant::new("u").roles(&["root"]);
    assert_eq!(refusal(unknown), IssueError::UnknownRole("root".into()));
    let unknown = AccessGrant::new("u").scopes(&["fly"]);
    assert_eq!(refusal(unknown), IssueError::UnknownScope("fly".into()));
    assert_eq!(refusal(AccessGrant::new("")), IssueError::BadName("sub"));
    assert_eq!(refusal(AccessGrant::new(&"x".repeat(256))), IssueError::BadName("sub"));
    assert_eq!(refusal(AccessGrant::new("u").client_id("")), IssueError::BadName("client_id"));
}

#[test]
fn j18_only_claims_the_policy_lists_are_added() {
    let issuer = issuer(Algorithm::HS256);
    let listed = members(&json!({ "name": "Ada", "tenant": { "id": 7 } }));
    let token = issuer.access_token(&AccessGrant::new("u").extra(&listed), NOW).unwrap();
    let verified = verify(token.token.expose(), [&own(Algorithm::HS256)], NOW).unwrap();
    assert_eq!(verified.extra(), &listed);
    for name in [
        "email",
        "Name",
        "iss",
        "sub",
        "aud",
        "exp",
        "nbf",
        "iat",
        "jti",
        "scope",
        "roles",
        "client_id",
    ] {
        let extra = members(&json!({ name: "x" }));
        let refusal = issuer.access_token(&AccessGrant::new("u").extra(&extra), NOW).err();
        assert_eq!(refusal, Some(IssueError::ClaimNotListed(name.to_owned())));
    }
}

#[test]
fn j18_a_claim_with_a_meaning_is_not_added_even_if_listed() {
    let policy = policy(&[Algorithm::HS256]);
    let policy = spoiled_policy(&policy, "jwt", "claims", &json!(["roles", "sub"]));
    let issuer = Issuer::new(&policy, keys(Algorithm::HS256)).unwrap();
    for name in ["roles", "sub"] {
        let extra = members(&json!({ name: ["admin"] }));
        assert!(issuer.access_token(&AccessGrant::new("u").extra(&extra), NOW).is_err());
    }
}

#[test]
fn token_ids_are_random_and_without_randomness_nothing_is_issued() {
    let issuer = issuer(Algorithm::HS256);
    let id = || issuer.access_token(&AccessGrant::new("u"), NOW).unwrap().token_id;
    assert_ne!(id(), id());
    assert_eq!(id().len(), 22);
    let issuer = issuer.with_random(Arc::new(Empty));
    let refusal = issuer.access_token(&AccessGrant::new("u"), NOW).err();
    assert_eq!(refusal, Some(IssueError::Random));
}

#[test]
fn a_token_too_long_to_be_accepted_is_not_issued() {
    let extra = members(&json!({ "name": "x".repeat(16 * 1024) }));
    let grant = AccessGrant::new("u").extra(&extra);
    let refusal = issuer(Algorithm::HS256).access_token(&grant, NOW).err();
    assert_eq!(refusal, Some(IssueError::TooLong));
}

#[test]
fn a2_a_token_is_not_shown_by_debug() {
    let issuer = issuer(Algorithm::HS256);
    let token = issuer.access_token(&AccessGrant::new("u"), NOW).unwrap();
    assert!(!format!("{token:?}").contains(token.token.expose()));
    let shown = format!("{issuer:?}{:?}", own(Algorithm::HS256));
    assert!(!shown.contains(&URL_SAFE_NO_PAD.encode(SECRET)));
    assert!(!shown.contains(&format!("{:?}", &SECRET[..4])[1..10]));
}

#[test]
fn m04_keys_rotate_without_a_token_being_lost() {
    let read = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let old = read(KeySet::generate(Algorithm::EdDSA).unwrap().expose());
    let new = read(KeySet::generate(Algorithm::EdDSA).unwrap().expose());
    let policy = policy(&[Algorithm::EdDSA]);
    let set = |keys: &[&Value]| {
        let keys: Vec<&Value> = keys.iter().map(|set| &set["keys"][0]).collect();
        Arc::new(KeySet::from_jwk_set(&json!({ "keys": keys }).to_string()).unwrap())
    };
    let issue = |keys: &Arc<KeySet>| {
        let issuer = Issuer::new(&policy, Arc::clone(keys)).unwrap();
        issuer.access_token(&AccessGrant::new("u"), NOW).unwrap()
    };
    let accepts = |keys: Arc<KeySet>, token: &str| {
        verify(token, [&Verifier::own(&policy, keys).unwrap()], NOW).err()
    };
    let before = issue(&set(&[&old]));
    let both = set(&[&new, &old]);
    let after = issue(&both);
    assert_eq!(part(after.token.expose(), 0)["kid"], new["keys"][0]["kid"]);
    assert_eq!(accepts(Arc::clone(&both), before.token.expose()), None);
    assert_eq!(accepts(both, after.token.expose()), None);
    assert_eq!(accepts(set(&[&new]), before.token.expose()), Some(TokenError::KeyUnknown));
}

#[test]
fn who_cannot_sign_does_not_issue() {
    let policy = policy(&[Algorithm::ES256]);
    let public = KeySet::parse(EC_PUBLIC, &[Algorithm::ES256]).unwrap();
    let Some(SetupError::Key(refusal)) = Issuer::new(&policy, public).err() else { panic!() };
    assert_eq!(refusal.fault(), &KeyFault::NoSigningKey(Algorithm::ES256));
    let other = keys(Algorithm::EdDSA);
    let Some(SetupError::Key(refusal)) = Issuer::new(&policy, other).err() else { panic!() };
    assert_eq!(refusal.fault(), &KeyFault::AlgorithmNotListed(Algorithm::EdDSA));
}

#[test]
fn a_foreign_issuer_has_no_private_key_here() {
    let policy = policy(&[Algorithm::EdDSA]);
    let private = keys(Algorithm::ES256);
    let refusal = Verifier::foreign(&policy, scheme(&policy, "partner"), private).err();
    let Some(SetupError::Key(refusal)) = refusal else { panic!() };
    assert_eq!(refusal.fault(), &KeyFault::ForeignSecret);
    let public = KeySet::parse(EC_PUBLIC, &[Algorithm::ES256]).unwrap();
    let refusal = Verifier::foreign(&policy, scheme(&policy, "jwt"), public).err();
    assert_eq!(refusal, Some(SetupError::NotAForeignIssuer));
}
