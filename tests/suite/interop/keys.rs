//! Keys that others made: a JWK set of theirs is what we sign with.

use auth_policy::settings::Algorithm;
use serde_json::json;

use super::{
    clients::{BOTH, Client, Made, blog_rules, set, with},
    service::Service,
};
use crate::blog::process::{Blog, Folder};

#[test]
#[ignore = "needs jose and PyJWT: ./test interop"]
fn m04_the_blog_signs_with_keys_that_others_made() {
    for maker in BOTH {
        let made = maker.makes(Algorithm::EdDSA);
        let keys = set(&[&made.private]);
        let blog = Blog::start(&[("AUTH_JWT_KEYS", keys.as_str()), ("BLOG_SEED", "1")]);
        let published = blog.get("/.well-known/jwks.json", None).json();
        let [key] = published["keys"].as_array().expect("keys").as_slice() else {
            panic!("{published}");
        };
        assert_eq!((&key["x"], key.get("d")), (&made.private["x"], None));
        if let Some(thumbprint) = made.thumbprint {
            assert_eq!(key["kid"], thumbprint, "both name it by RFC 7638");
        }
        let token = blog.login("author");
        for reader in BOTH {
            let claims = reader.reads(&token, &blog_rules(&blog)).expect("it verifies");
            assert_eq!(claims["roles"], json!(["author"]), "{maker:?} {reader:?}");
        }
    }
}

#[test]
#[ignore = "needs jose and PyJWT: ./test interop"]
fn m04_the_blog_reads_them_from_a_file_as_well() {
    let made = Client::Jose.makes(Algorithm::EdDSA).private;
    let folder = Folder::new();
    let path = folder.0.join("keys.json");
    std::fs::write(&path, set(&[&with(&made, "alg", "EdDSA")])).expect("written");
    let reference = format!("file:{}", path.display());
    let blog = Blog::start(&[("AUTH_JWT_KEYS", &reference), ("BLOG_SEED", "1")]);
    let token = blog.login("reader");
    for reader in BOTH {
        assert!(reader.reads(&token, &blog_rules(&blog)).is_ok(), "{reader:?}");
    }
}

#[test]
#[ignore = "needs jose and PyJWT: ./test interop"]
fn m04_the_blog_started_anew_with_a_key_in_front_keeps_the_old_one() {
    let [old, new] = ["old", "new"]
        .map(|kid| with(&Client::Jose.makes(Algorithm::EdDSA).private, "kid", kid))
        .map(|key| with(&key, "alg", "EdDSA"));
    let started = |keys: &str| Blog::start(&[("AUTH_JWT_KEYS", keys), ("BLOG_SEED", "1")]);
    let earlier = started(&set(&[&old])).login("reader");
    let blog = started(&set(&[&new, &old]));
    let later = blog.login("reader");
    let alone = started(&set(&[&new]));
    for reader in BOTH {
        for token in [&earlier, &later] {
            assert!(reader.reads(token, &blog_rules(&blog)).is_ok(), "{reader:?}");
        }
        let refused = reader.reads(&earlier, &blog_rules(&alone)).expect_err("the key is gone");
        assert_eq!(refused, reader.unknown_key());
        assert!(reader.reads(&later, &blog_rules(&alone)).is_ok(), "{reader:?}");
    }
    assert_eq!(blog.get("/auth/me", Some(&earlier)).status, 200);
    assert_eq!(alone.get("/auth/me", Some(&earlier)).status, 401);
}

/// The algorithm and the maker of one service's key.
fn asymmetric() -> impl Iterator<Item = (Algorithm, Client)> {
    let algorithms = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256, Algorithm::PS256];
    algorithms.into_iter().flat_map(|algorithm| BOTH.map(|maker| (algorithm, maker)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs jose and PyJWT: ./test interop"]
async fn m01_m04_keys_of_others_sign_by_every_asymmetric_algorithm() {
    for (algorithm, maker) in asymmetric() {
        let Made { private, public, thumbprint } = maker.makes(algorithm);
        // With and without the members that a key may leave out.
        let named = with(&with(&private, "alg", algorithm.name()), "kid", "named elsewhere");
        let unnamed = Service::signing(algorithm, &set(&[&private])).await;
        let named = Service::signing(algorithm, &set(&[&named])).await;
        for (service, kid) in [(&unnamed, thumbprint), (&named, Some("named elsewhere".into()))] {
            service.is_understood(&service.token()).await;
            let published = service.published().await;
            let key = published["keys"][0].as_object().expect("a key");
            assert_eq!(key["alg"], algorithm.name());
            assert!(kid.is_none_or(|kid| key["kid"] == kid));
            for (name, value) in key.iter().filter(|(name, _)| name.len() == 1) {
                assert_eq!(public[name], *value, "{name} is public and the same");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs jose and PyJWT: ./test interop"]
async fn m01_m04_a_secret_of_others_signs_and_is_published_nowhere() {
    for maker in BOTH {
        let secret = maker.makes(Algorithm::HS256).private;
        let service = Service::signing(Algorithm::HS256, &set(&[&secret])).await;
        let token = service.token();
        assert_eq!(service.published().await, json!({ "keys": [] }));
        for reader in BOTH {
            let shared = |secret| {
                let mut rules = with(&service.rules(), "key", secret);
                rules.as_object_mut().expect("an object").remove("jwks");
                rules
            };
            let claims = reader.reads(&token, &shared(secret.clone())).expect("it verifies");
            assert_eq!(claims["sub"], "user-1");
            let other = shared(reader.makes(Algorithm::HS256).private);
            let refused = reader.reads(&token, &other).expect_err("another secret");
            assert_eq!(refused, reader.wrong_signature());
        }
    }
}
