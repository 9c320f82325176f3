//! Tokens that somebody tampered with, or made up.

use auth_policy::settings::Algorithm;
use auth_runtime::jwt::{AccessGrant, Issuer, KeySet, TokenError, Verifier, verify};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::Value;

use super::world::*;

fn issued(algorithm: Algorithm) -> (Verifier, String) {
    let issuer = Issuer::new(&policy(&[algorithm]), keys(algorithm)).unwrap();
    let token = issuer.access_token(&AccessGrant::new("user-1").roles(&["author"]), NOW).unwrap();
    (own(algorithm), token.token.expose().to_owned())
}

#[test]
fn j01_alg_none_is_refused_before_any_verification() {
    let payload = URL_SAFE_NO_PAD.encode(good_claims().to_string());
    for alg in ["none", "None", "NONE", "noNE", ""] {
        let header = format!(r#"{{"typ":"at+jwt","alg":"{alg}","kid":"k1"}}"#);
        let header = URL_SAFE_NO_PAD.encode(header);
        for token in [format!("{header}.{payload}."), format!("{header}.{payload}.AAAA")] {
            assert_eq!(judge_token(&token).err(), Some(TokenError::AlgorithmUnknown), "{alg}");
        }
    }
}

#[test]
fn j02_a_valid_signature_under_an_algorithm_not_listed_is_refused() {
    for (signs, listed) in [
        (Algorithm::PS256, Algorithm::RS256),
        (Algorithm::RS256, Algorithm::PS256),
        (Algorithm::HS256, Algorithm::EdDSA),
        (Algorithm::EdDSA, Algorithm::ES256),
    ] {
        let (_, token) = issued(signs);
        let refusal = verify(&token, [&own(listed)], NOW).err();
        assert_eq!(refusal, Some(TokenError::AlgorithmNotListed), "{signs:?}");
    }
}

#[test]
fn j03_an_hmac_keyed_with_a_public_key_is_refused() {
    for (algorithm, public) in [
        (Algorithm::RS256, RSA_PUBLIC),
        (Algorithm::ES256, EC_PUBLIC),
        (Algorithm::EdDSA, ED_PUBLIC),
    ] {
        let verifier = own(algorithm);
        let kid = verifier.keys().keys()[0].kid().unwrap().to_owned();
        for alg in ["HS256", algorithm.name()] {
            let header = format!(r#"{{"typ":"at+jwt","alg":"{alg}","kid":"{kid}"}}"#);
            let message = format!(
                "{}.{}",
                URL_SAFE_NO_PAD.encode(header),
                URL_SAFE_NO_PAD.encode(good_claims().to_string())
            );
            for secret in [public.as_bytes(), public.trim().as_bytes()] {
                let key = jsonwebtoken::EncodingKey::from_secret(secret);
                let hs256 = jsonwebtoken::Algorithm::HS256;
                let mac = jsonwebtoken::crypto::sign(message.as_bytes(), &key, hs256).unwrap();
                let refusal = verify(&format!("{message}.{mac}"), [&verifier], NOW).err();
                let expected = match alg {
                    "HS256" => TokenError::AlgorithmNotListed,
                    _ => TokenError::SignatureInvalid,
                };
                assert_eq!(refusal, Some(expected));
            }
        }
    }
}

#[test]
fn j04_a_key_serves_its_one_algorithm() {
    // RSA for RS256, and a header that wants PS256 of the same key; both on the list.
    let policy = policy(&[Algorithm::RS256, Algorithm::PS256]);
    let verifier = Verifier::own(&policy, keys(Algorithm::RS256)).unwrap();
    let kid = verifier.keys().keys()[0].kid().unwrap().to_owned();
    let header = format!(r#"{{"typ":"at+jwt","alg":"PS256","kid":"{kid}"}}"#);
    let token = forge(Algorithm::PS256, &header, good_claims().to_string().as_bytes());
    let refusal = verify(&token, [&verifier], NOW).err();
    assert_eq!(refusal, Some(TokenError::KeyForOtherAlgorithm));
    let header = r#"{"typ":"at+jwt","alg":"PS256"}"#;
    let token = forge(Algorithm::PS256, header, good_claims().to_string().as_bytes());
    assert_eq!(verify(&token, [&verifier], NOW).err(), Some(TokenError::KeyAmbiguous));
}

/// Every token that differs from a good one in a single bit, as far as it stays text.
fn flips(token: &str) -> impl Iterator<Item = String> + '_ {
    (0..token.len() * 8).filter_map(|bit| {
        let mut bytes = token.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        String::from_utf8(bytes).ok()
    })
}

#[test]
fn j05_every_single_bit_flip_is_refused() {
    for algorithm in [Algorithm::HS256, Algorithm::EdDSA, Algorithm::ES256] {
        let (verifier, token) = issued(algorithm);
        // Twice: with the header seen for the first time, and with it remembered.
        for round in 0..2 {
            for flipped in flips(&token) {
                let refusal = verify(&flipped, [&verifier], NOW).err();
                assert!(refusal.is_some(), "{algorithm:?} {round}: {flipped}");
                assert_ne!(refusal, Some(TokenError::Expired));
            }
            assert!(verify(&token, [&verifier], NOW).is_ok());
        }
    }
}

#[test]
fn j05_every_single_bit_flip_of_the_decoded_parts_is_refused() {
    for algorithm in Algorithm::ALL {
        let (verifier, token) = issued(algorithm);
        let parts: Vec<Vec<u8>> =
            token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
        for (part, bytes) in parts.iter().enumerate() {
            for bit in 0..bytes.len() * 8 {
                let mut parts = parts.clone();
                parts[part][bit / 8] ^= 1 << (bit % 8);
                let token: Vec<String> =
                    parts.iter().map(|part| URL_SAFE_NO_PAD.encode(part)).collect();
                let refusal = verify(&token.join("."), [&verifier], NOW);
                assert!(refusal.is_err(), "{algorithm:?}: bit {bit} of part {part}");
            }
        }
        assert!(verify(&token, [&verifier], NOW).is_ok());
    }
}

#[test]
fn j06_a_key_in_the_header_is_no_key_and_crit_is_refused() {
    let own_key = r#""jwk":{"kty":"oct","k":"AAAA"},"x5c":["MII="],"jku":"https://evil.example""#;
    let header = format!(r#"{{"typ":"at+jwt","alg":"HS256","kid":"nobody",{own_key}}}"#);
    assert_eq!(with_header(&header), Some(TokenError::KeyUnknown));
    let header = format!(r#"{{"typ":"at+jwt","alg":"HS256","kid":"k1",{own_key}}}"#);
    assert_eq!(with_header(&header), None);
    let header = r#"{"typ":"at+jwt","alg":"HS256","kid":"k1","crit":["b64"],"b64":false}"#;
    assert_eq!(with_header(header), Some(TokenError::CriticalHeader));
}

#[test]
fn j07_hostile_kid_is_only_a_map_key() {
    let long = "k".repeat(8_000);
    for kid in [
        "../../etc/passwd",
        "' OR 1=1 --",
        "k1'",
        "\\u0000",
        "k1\\u0000",
        "K1",
        "",
        " k1",
        "http://169.254.169.254/",
        "$(id)",
        long.as_str(),
    ] {
        let header = format!(r#"{{"typ":"at+jwt","alg":"HS256","kid":"{kid}"}}"#);
        assert_eq!(with_header(&header), Some(TokenError::KeyUnknown), "{kid}");
    }
    for kid in ["1", "null", "[\"k1\"]", "{}"] {
        let header = format!(r#"{{"typ":"at+jwt","alg":"HS256","kid":{kid}}}"#);
        assert_eq!(with_header(&header), Some(TokenError::HeaderMalformed), "{kid}");
    }
    let huge = format!(r#"{{"typ":"at+jwt","alg":"HS256","kid":"{}"}}"#, "k".repeat(65_536));
    assert_eq!(with_header(&huge), Some(TokenError::TooLong));
}

#[test]
fn without_kid_the_only_key_of_the_algorithm_is_meant() {
    let header = r#"{"typ":"at+jwt","alg":"HS256"}"#;
    assert_eq!(with_header(header), None);
    let mut two: Value = serde_json::from_str(&secret_jwk()).unwrap();
    let other = KeySet::generate(Algorithm::HS256).unwrap();
    let other: Value = serde_json::from_str(other.expose()).unwrap();
    two["keys"].as_array_mut().unwrap().push(other["keys"][0].clone());
    let keys = KeySet::from_jwk_set(&two.to_string()).unwrap();
    let verifier = Verifier::own(&policy(&[Algorithm::HS256]), keys).unwrap();
    let token = forge(Algorithm::HS256, header, good_claims().to_string().as_bytes());
    assert_eq!(verify(&token, [&verifier], NOW).err(), Some(TokenError::KeyAmbiguous));
    assert!(verify(&good_token(), [&verifier], NOW).is_ok());
}

#[test]
fn j12_only_access_tokens_are_accepted() {
    for typ in ["JWT", "jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", "at+jwt ", "", "rt+jwt"] {
        let header = format!(r#"{{"typ":"{typ}","alg":"HS256","kid":"k1"}}"#);
        assert_eq!(with_header(&header), Some(TokenError::NotAnAccessToken), "{typ}");
    }
    assert_eq!(with_header(r#"{"alg":"HS256","kid":"k1"}"#), Some(TokenError::NotAnAccessToken));
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        let header = format!(r#"{{"typ":"{typ}","alg":"HS256","kid":"k1"}}"#);
        assert_eq!(with_header(&header), None, "{typ}");
    }
}

#[test]
fn j12_a_foreign_issuer_may_relax_the_type_by_name() {
    let mut claims = with("iss", Some(LOOSE.into()));
    let loose = foreign("loose", Algorithm::EdDSA);
    let refusal = |header: &str, claims: &serde_json::Value| {
        let token = forge(Algorithm::EdDSA, header, claims.to_string().as_bytes());
        verify(&token, [&loose], NOW).err()
    };
    assert_eq!(refusal(r#"{"alg":"EdDSA"}"#, &claims), None);
    assert_eq!(refusal(r#"{"alg":"EdDSA","typ":"JWT"}"#, &claims), None);
    let logout = refusal(r#"{"alg":"EdDSA","typ":"logout+jwt"}"#, &claims);
    assert_eq!(logout, Some(TokenError::NotAnAccessToken));
    claims["iss"] = PARTNER.into();
    let token = forge(Algorithm::EdDSA, r#"{"alg":"EdDSA"}"#, claims.to_string().as_bytes());
    let strict = foreign("partner", Algorithm::EdDSA);
    assert_eq!(verify(&token, [&strict], NOW).err(), Some(TokenError::NotAnAccessToken));
}

#[test]
fn a_remembered_header_opens_no_other_door() {
    // The remembered header with another payload and the signature of the first.
    let verifier = own(Algorithm::HS256);
    let good = good_token();
    assert!(verify(&good, [&verifier], NOW).is_ok());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = message.split_once('.').unwrap();
    let admin = URL_SAFE_NO_PAD.encode(with("roles", Some(["admin"].into())).to_string());
    let refusal = verify(&format!("{header}.{admin}.{signature}"), [&verifier], NOW).err();
    assert_eq!(refusal, Some(TokenError::SignatureInvalid));
    // A header that was refused is not remembered, however often it comes.
    for _ in 0..3 {
        let unsigned = format!("{header}.{admin}.{}", "A".repeat(43));
        assert!(verify(&unsigned, [&verifier], NOW).is_err());
        assert!(verify(&good, [&verifier], NOW).is_ok());
    }
}

#[test]
fn headers_beyond_those_remembered_are_judged_every_time() {
    let claims = good_claims().to_string();
    let verifier = own(Algorithm::HS256);
    for _ in 0..2 {
        for number in 0..20 {
            let header = format!(r#"{{"typ":"at+jwt","alg":"HS256","kid":"k1","x":{number}}}"#);
            let token = forge(Algorithm::HS256, &header, claims.as_bytes());
            assert!(verify(&token, [&verifier], NOW).is_ok());
            let spoiled = token.replacen(|_| true, "f", 1);
            assert!(verify(&spoiled, [&verifier], NOW).is_err());
        }
    }
}

proptest! {
    #[test]
    fn j05_any_change_of_any_length_is_refused(at in 0usize..1000, other in "[A-Za-z0-9_.=-]{0,3}") {
        let good = good_token();
        let at = at % good.len();
        let changed = format!("{}{other}{}", &good[..at], &good[at + 1..]);
        prop_assert!(changed == good || judge_token(&changed).is_err());
    }
}
