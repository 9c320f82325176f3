//! Key sets: what is read, and what is refused at start.

use auth_policy::settings::Algorithm;
use auth_runtime::jwt::{KeyFault, KeySet, MAX_KEY_SET_BYTES, MAX_KEYS};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::*;

const ALL: &[Algorithm] = &Algorithm::ALL;

fn fault(text: &str, algorithms: &[Algorithm]) -> Option<KeyFault> {
    KeySet::parse(text, algorithms).err().map(|error| error.fault().clone())
}

fn jwk_fault(jwk: &Value) -> Option<KeyFault> {
    fault(&jwk.to_string(), ALL)
}

/// A new private JWK.
fn jwk(algorithm: Algorithm) -> Value {
    let text = KeySet::generate(algorithm).unwrap();
    let set: Value = serde_json::from_str(text.expose()).unwrap();
    set["keys"][0].clone()
}

fn edit(jwk: &Value, member: &str, value: Value) -> Value {
    let mut jwk = jwk.clone();
    match value {
        Value::Null => jwk.as_object_mut().unwrap().remove(member),
        value => jwk.as_object_mut().unwrap().insert(member.to_owned(), value),
    };
    jwk
}

#[test]
fn m04_generated_keys_sign_and_their_public_half_has_no_private_member() {
    for algorithm in Algorithm::ALL {
        let text = KeySet::generate(algorithm).unwrap();
        let set = KeySet::parse(text.expose(), &[algorithm]).unwrap();
        set.check(&[algorithm]).unwrap();
        assert!(set.signing_key(algorithm).unwrap().can_sign());
        assert_eq!(set.warnings().count(), 0);
        let public = set.public_jwk_set();
        for private in ["k", "d", "p", "q", "dp", "dq", "qi"] {
            assert!(public["keys"].as_array().unwrap().iter().all(|key| key[private].is_null()));
        }
        if algorithm == Algorithm::HS256 {
            assert_eq!(public, json!({ "keys": [] }));
        } else {
            let again = KeySet::published(&public.to_string(), &[algorithm]).unwrap();
            assert!(!again.keys()[0].can_sign());
            assert_eq!(again.keys()[0].kid(), set.keys()[0].kid());
            assert_eq!(again.public_jwk_set(), public);
        }
    }
}

#[test]
fn pem_of_every_kind_is_read_and_public_and_private_agree() {
    for (algorithm, forms) in [
        (
            Algorithm::RS256,
            vec![
                RSA_PRIVATE,
                RSA_PUBLIC,
                include_str!("../keys/rs256.pkcs1.pem"),
                include_str!("../keys/rs256.pkcs1.public.pem"),
            ],
        ),
        (Algorithm::ES256, vec![EC_PRIVATE, EC_PUBLIC, include_str!("../keys/es256.sec1.pem")]),
        (Algorithm::EdDSA, vec![ED_PRIVATE, ED_PUBLIC]),
    ] {
        let expected = KeySet::from_pem(forms[0], algorithm).unwrap().public_jwk_set();
        assert_eq!(expected["keys"][0]["alg"], algorithm.name());
        for form in forms {
            let set = KeySet::parse(form, &[algorithm]).unwrap();
            assert_eq!(set.public_jwk_set(), expected);
            assert_eq!(set.keys()[0].can_sign(), form.contains("PRIVATE"));
            let windows = KeySet::parse(&form.replace('\n', "\r\n"), &[algorithm]).unwrap();
            assert_eq!(windows.public_jwk_set(), expected);
        }
    }
}

#[test]
fn pem_rsa_serves_the_first_rsa_algorithm_listed_and_blocks_may_follow_one_another() {
    let both = format!("{ED_PRIVATE}\nsome remark\n{RSA_PUBLIC}");
    let listed = [Algorithm::EdDSA, Algorithm::PS256, Algorithm::RS256];
    let set = KeySet::parse(&both, &listed).unwrap();
    let algorithms: Vec<_> = set.keys().iter().map(|key| key.algorithm()).collect();
    assert_eq!(algorithms, [Algorithm::EdDSA, Algorithm::PS256]);
}

#[test]
fn pem_that_is_of_no_use_says_why() {
    let es256 = &[Algorithm::ES256];
    let pem = |name: &str| match name {
        "encrypted" => include_str!("../keys/encrypted.private.pem"),
        "p384" => include_str!("../keys/p384.private.pem"),
        _ => include_str!("../keys/certificate.pem"),
    };
    assert_eq!(fault(pem("encrypted"), es256), Some(KeyFault::Encrypted));
    assert!(matches!(fault(pem("p384"), es256), Some(KeyFault::Unsupported(_))));
    assert!(matches!(fault(pem("certificate"), es256), Some(KeyFault::Unsupported(_))));
    assert_eq!(fault(EC_PRIVATE.trim_end_matches("-----\n"), es256), Some(KeyFault::Pem));
    assert_eq!(fault(&EC_PRIVATE.replace('M', "!"), es256), Some(KeyFault::Pem));
    assert_eq!(fault("not a key", es256), Some(KeyFault::NeitherJsonNorPem));
    assert_eq!(fault("", es256), Some(KeyFault::NeitherJsonNorPem));
    let wrong = KeySet::from_pem(RSA_PUBLIC, Algorithm::EdDSA).unwrap();
    assert!(wrong.check(&[Algorithm::EdDSA]).is_err());
}

#[test]
fn j14_weak_keys_are_refused_at_start_and_short_rsa_draws_a_warning() {
    let rs256 = &[Algorithm::RS256];
    let small = Some(KeyFault::RsaTooSmall { bits: 1024 });
    assert_eq!(fault(include_str!("../keys/rsa1024.private.pem"), rs256), small);
    assert_eq!(fault(include_str!("../keys/rsa1024.public.pem"), rs256), small);
    let secret =
        |bytes: &[u8]| jwk_fault(&json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(bytes) }));
    assert_eq!(secret(&SECRET), None);
    assert_eq!(secret(&SECRET[..31]), Some(KeyFault::ShortSecret { bits: 248 }));
    assert_eq!(secret(b"your-256-bit-secret"), Some(KeyFault::Placeholder));
    assert_eq!(secret(&[7; 32]), Some(KeyFault::Placeholder));
    assert_eq!(secret(b""), Some(KeyFault::ShortSecret { bits: 0 }));
    assert_eq!(keys(Algorithm::RS256).warnings().count(), 1);
    let huge = URL_SAFE_NO_PAD.encode([0xff; 1025]);
    let huge = json!({ "kty": "RSA", "alg": "RS256", "e": "AQAB", "n": huge });
    assert_eq!(jwk_fault(&huge), Some(KeyFault::RsaTooLarge { bits: 8200 }));
}

#[test]
fn j03_a_public_key_as_hmac_secret_is_refused() {
    let secret =
        |bytes: &[u8]| jwk_fault(&json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(bytes) }));
    for public in [RSA_PUBLIC, EC_PUBLIC, ED_PUBLIC, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA"] {
        assert_eq!(secret(public.as_bytes()), Some(KeyFault::PublicAsSecret));
    }
    let public = keys(Algorithm::RS256).public_jwk_set().to_string();
    assert_eq!(secret(public.as_bytes()), Some(KeyFault::PublicAsSecret));
    for pem in [RSA_PUBLIC, EC_PUBLIC] {
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
        assert_eq!(secret(&der), Some(KeyFault::PublicAsSecret));
    }
}

#[test]
fn j04_one_key_has_one_algorithm() {
    let rsa = keys(Algorithm::RS256).public_jwk_set()["keys"][0].clone();
    let twice =
        json!({ "keys": [rsa, edit(&edit(&rsa, "alg", "PS256".into()), "kid", "b".into())] });
    assert_eq!(jwk_fault(&twice), Some(KeyFault::DuplicateKey));
    for (jwk, alg) in [
        (&rsa, "ES256"),
        (&rsa, "HS256"),
        (&rsa, "EdDSA"),
        (&jwk(Algorithm::EdDSA), "ES256"),
        (&jwk(Algorithm::ES256), "EdDSA"),
        (&jwk(Algorithm::HS256), "RS256"),
    ] {
        let fault = jwk_fault(&edit(jwk, "alg", alg.into()));
        assert!(matches!(fault, Some(KeyFault::AlgorithmDisagrees(_))), "{alg}: {fault:?}");
    }
    for alg in ["none", "RS512", "hs256", "RSA-OAEP", ""] {
        let fault = jwk_fault(&edit(&rsa, "alg", alg.into()));
        assert_eq!(fault, Some(KeyFault::UnknownAlgorithm(alg.to_owned())));
    }
}

#[test]
fn j04_an_algorithm_is_inferred_only_where_there_is_one() {
    for algorithm in [Algorithm::HS256, Algorithm::ES256, Algorithm::EdDSA] {
        let jwk = edit(&jwk(algorithm), "alg", Value::Null).to_string();
        assert_eq!(KeySet::from_jwk_set(&jwk).unwrap().keys()[0].algorithm(), algorithm);
    }
    let rsa = edit(&keys(Algorithm::RS256).public_jwk_set()["keys"][0], "alg", Value::Null);
    let rsa = rsa.to_string();
    assert_eq!(fault(&rsa, ALL), Some(KeyFault::AlgorithmAmbiguous));
    let one = [Algorithm::PS256, Algorithm::EdDSA];
    assert_eq!(KeySet::parse(&rsa, &one).unwrap().keys()[0].algorithm(), Algorithm::PS256);
    let none = KeySet::parse(&rsa, &[Algorithm::EdDSA]).unwrap().check(&[Algorithm::EdDSA]);
    assert_eq!(none.unwrap_err().fault(), &KeyFault::AlgorithmNotListed(Algorithm::RS256));
}

#[test]
fn a_private_half_belongs_to_its_public_half() {
    for algorithm in [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256] {
        let (one, other) = (jwk(algorithm), jwk(algorithm));
        let mixed = jwk_fault(&edit(&one, "d", other["d"].clone()));
        assert_eq!(mixed, Some(KeyFault::PrivateMismatch), "{algorithm:?}");
    }
    let (one, other) = (jwk(Algorithm::RS256), jwk(Algorithm::RS256));
    let mixed = jwk_fault(&edit(&one, "n", other["n"].clone()));
    assert_eq!(mixed, Some(KeyFault::PrivateMismatch));
    assert_eq!(jwk_fault(&edit(&one, "qi", Value::Null)), Some(KeyFault::Missing("qi")));
}

#[test]
fn a_point_off_the_curve_is_no_key() {
    let public = keys(Algorithm::ES256).public_jwk_set()["keys"][0].clone();
    let x = URL_SAFE_NO_PAD.encode([1; 32]);
    assert_eq!(jwk_fault(&edit(&public, "x", x.into())), Some(KeyFault::Invalid));
    let short = URL_SAFE_NO_PAD.encode([1; 31]);
    assert_eq!(jwk_fault(&edit(&public, "x", short.into())), Some(KeyFault::Malformed("x")));
    for wrong in ["", "====", "a b", "A"] {
        assert_eq!(jwk_fault(&edit(&public, "x", wrong.into())), Some(KeyFault::Malformed("x")));
    }
}

#[test]
fn a_public_key_inside_a_public_key_is_no_key() {
    use base64::engine::general_purpose::STANDARD;
    let body: String = ED_PUBLIC.lines().filter(|line| !line.starts_with('-')).collect();
    let inner = STANDARD.decode(body).unwrap();
    let head = [0x30, 54, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 45, 0];
    let outer = STANDARD.encode([&head[..], &inner].concat());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{outer}\n-----END PUBLIC KEY-----\n");
    assert_eq!(fault(&pem, &[Algorithm::EdDSA]), Some(KeyFault::Invalid));
}

#[test]
fn keys_for_other_purposes_are_refused() {
    let key = jwk(Algorithm::ES256);
    let refused = Some(KeyFault::NotForSignatures);
    assert_eq!(jwk_fault(&edit(&key, "use", "enc".into())), refused);
    assert_eq!(jwk_fault(&edit(&key, "key_ops", json!([]))), refused);
    assert_eq!(jwk_fault(&edit(&key, "key_ops", json!(["deriveKey"]))), refused);
    assert_eq!(jwk_fault(&edit(&key, "key_ops", json!(["sign"]))), None);
    let verify = edit(&key, "key_ops", json!(["verify"])).to_string();
    assert!(!KeySet::from_jwk_set(&verify).unwrap().keys()[0].can_sign());
}

#[test]
fn a_set_is_not_empty_not_endless_and_names_nothing_twice() {
    assert_eq!(fault(r#"{"keys":[]}"#, ALL), Some(KeyFault::Empty));
    let one = jwk(Algorithm::EdDSA);
    let same_kid = json!({ "keys": [edit(&one, "kid", "a".into()),
        edit(&jwk(Algorithm::EdDSA), "kid", "a".into())] });
    assert_eq!(jwk_fault(&same_kid), Some(KeyFault::DuplicateKid));
    let same_key = json!({ "keys": [one, edit(&one, "kid", "b".into())] });
    assert_eq!(jwk_fault(&same_key), Some(KeyFault::DuplicateKey));
    let many = json!({ "keys": vec![one.clone(); MAX_KEYS + 1] });
    assert_eq!(jwk_fault(&many), Some(KeyFault::TooMany));
    let long = format!("{}{}", one, " ".repeat(MAX_KEY_SET_BYTES));
    assert_eq!(fault(&long, ALL), Some(KeyFault::TooLong));
    let twice = one.to_string().replacen('{', r#"{"x":1,"x":2,"#, 1);
    assert_eq!(fault(&twice, ALL), Some(KeyFault::DuplicateMember));
    for kid in [String::new(), "k".repeat(257)] {
        assert_eq!(jwk_fault(&edit(&one, "kid", kid.into())), Some(KeyFault::BadKid));
    }
}

#[test]
fn text_that_is_no_jwk_set_says_where() {
    for (text, line) in [("{\n  \"keys\": [\n", 3), ("{\"keys\":1}", 1), ("[]", 1)] {
        let Some(KeyFault::Json { line: found, .. }) = fault(text, ALL) else { panic!("{text}") };
        assert_eq!(found, line, "{text}");
    }
    assert_eq!(fault("{}", ALL), Some(KeyFault::Missing("kty")));
    assert_eq!(fault(r#"{"kty":"EC"}"#, ALL), Some(KeyFault::Missing("crv")));
    let unsupported = |text: &str| matches!(fault(text, ALL), Some(KeyFault::Unsupported(_)));
    assert!(unsupported(r#"{"kty":"EC","crv":"secp256k1"}"#));
    assert!(unsupported(r#"{"kty":"OKP","crv":"X25519"}"#));
    assert!(unsupported(r#"{"kty":"AKP"}"#));
}

#[test]
fn an_error_names_the_key_and_never_shows_it() {
    let k = URL_SAFE_NO_PAD.encode("my canary password of tutorials!");
    let set = json!({ "keys": [jwk(Algorithm::HS256), { "kty": "oct", "kid": "web\n2", "k": k }] });
    let error = KeySet::parse(&set.to_string(), ALL).unwrap_err();
    assert_eq!(error.key().unwrap().position, 2);
    let shown = error.to_string();
    assert!(shown.starts_with(r"key 2 (kid `web\n2`): its secret is a placeholder"), "{shown}");
    let typed = format!(r#"{{"kty":"oct","k":{{"canary":"{k}"}}}}"#);
    let error = KeySet::parse(&typed, ALL).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[test]
fn a_published_set_leaves_out_what_is_of_no_use() {
    let es256 = keys(Algorithm::ES256).public_jwk_set()["keys"][0].clone();
    let eddsa = keys(Algorithm::EdDSA).public_jwk_set()["keys"][0].clone();
    let set = json!({ "keys": [
        edit(&eddsa, "use", "enc".into()), { "kty": "AKP" }, { "kty": 1 }, "x", eddsa, es256,
        { "kty": "RSA", "alg": "RS512" },
    ] });
    let set = KeySet::published(&set.to_string(), &[Algorithm::ES256]).unwrap();
    assert_eq!(set.keys().len(), 1);
    assert_eq!(set.keys()[0].algorithm(), Algorithm::ES256);
    let none = KeySet::published(&json!({ "keys": [eddsa] }).to_string(), &[Algorithm::ES256]);
    let none = none.unwrap_err();
    assert_eq!(none.fault(), &KeyFault::AlgorithmNotListed(Algorithm::EdDSA));
    assert!(KeySet::published(EC_PUBLIC, &[Algorithm::ES256]).is_ok());
    let refusal = KeySet::published(EC_PRIVATE, &[Algorithm::ES256]).unwrap_err();
    assert_eq!(refusal.fault(), &KeyFault::ForeignSecret);
    for secret in [jwk(Algorithm::ES256), jwk(Algorithm::HS256)] {
        let set = json!({ "keys": [secret] }).to_string();
        let refusal = KeySet::published(&set, ALL).unwrap_err();
        assert_eq!(refusal.fault(), &KeyFault::ForeignSecret);
    }
}

#[test]
fn a_set_of_ones_own_is_read_for_the_keys_that_serve() {
    let set = json!({ "keys": [jwk(Algorithm::ES256), { "kty": "AKP" }, jwk(Algorithm::HS256)] });
    for algorithm in [Algorithm::ES256, Algorithm::HS256] {
        let keys = KeySet::serving(&set.to_string(), &[algorithm]).unwrap();
        assert_eq!(keys.keys().len(), 1);
        assert_eq!(keys.keys()[0].algorithm(), algorithm);
    }
    let none = KeySet::serving(&set.to_string(), &[Algorithm::EdDSA]).unwrap_err();
    assert_eq!(none.fault(), &KeyFault::AlgorithmNotListed(Algorithm::HS256));
    assert!(KeySet::serving(EC_PRIVATE, &[Algorithm::ES256]).is_ok());
}

#[test]
fn a2_debug_shows_nothing_of_a_key() {
    let text = KeySet::generate(Algorithm::EdDSA).unwrap();
    let set = KeySet::from_jwk_set(text.expose()).unwrap();
    let shown = format!("{set:?}");
    let jwk: Value = serde_json::from_str(text.expose()).unwrap();
    assert!(!shown.contains(jwk["keys"][0]["d"].as_str().unwrap()));
    assert!(shown.contains(jwk["keys"][0]["kid"].as_str().unwrap()));
}

proptest! {
    #[test]
    fn e5_random_text_never_panics(text in "\\PC{0,200}") {
        let _ = KeySet::parse(&text, ALL);
        let _ = KeySet::from_pem(&text, Algorithm::RS256);
        let _ = KeySet::published(&text, ALL);
    }

    #[test]
    fn e5_spoiled_pem_never_panics(at in 0usize..1600, byte in "[ -~]") {
        for pem in [RSA_PRIVATE, RSA_PUBLIC, EC_PRIVATE, EC_PUBLIC, ED_PRIVATE, ED_PUBLIC] {
            let mut text = pem.to_owned();
            let at = at % text.len();
            text.replace_range(at..=at, &byte);
            let _ = KeySet::parse(&text, ALL);
        }
    }
}
