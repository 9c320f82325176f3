//! Tokens that are well signed, and what their claims are worth.

use std::collections::BTreeMap;

use auth_policy::{
    policy::{RoleId, ScopeId},
    settings::Algorithm,
};
use auth_runtime::{
    clock::Timestamp,
    jwt::{KeySet, SetupError, TokenError, VerifiedToken, Verifier, verify},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::*;

fn scopes(token: &VerifiedToken) -> Vec<ScopeId> {
    token.scope_ids().collect()
}

fn roles(token: &VerifiedToken) -> Vec<RoleId> {
    token.role_ids().collect()
}

#[test]
fn a_good_token_is_accepted_and_says_what_it_says() {
    let mut claims = with("client_id", Some("web".into()));
    claims["tenant"] = json!({ "id": 7 });
    let token = judge(&claims).unwrap();
    assert_eq!(token.issuer().as_ref(), ISSUER);
    assert_eq!(token.subject(), "user-1");
    assert_eq!(token.client_id(), Some("web"));
    assert_eq!(token.token_id(), Some("t1"));
    assert_eq!(token.issued_at(), Some(NOW));
    assert_eq!(token.expires_at(), Timestamp(NOW.0 + 900));
    assert_eq!(scopes(&token), [READ, WRITE]);
    assert_eq!(roles(&token), [AUTHOR, READER]);
    assert_eq!(Value::Object(token.extra().clone()), json!({ "tenant": { "id": 7 } }));
    assert!(!format!("{token:?}").contains("tenant"));
}

#[test]
fn j08_missing_or_past_exp_and_future_nbf_and_iat_are_refused() {
    let now = NOW.0;
    let fails = |claim: &str, value: Option<Value>| judge(&with(claim, value)).err();
    assert_eq!(fails("exp", None), Some(TokenError::ClaimMissing("exp")));
    assert_eq!(fails("exp", Some(now.into())), Some(TokenError::Expired));
    assert_eq!(fails("exp", Some((now - 1).into())), Some(TokenError::Expired));
    assert_eq!(fails("exp", Some((now + 1).into())), None);
    assert_eq!(fails("nbf", Some((now + 1).into())), Some(TokenError::NotYetValid));
    assert_eq!(fails("nbf", Some(now.into())), None);
    assert_eq!(fails("iat", Some((now + 1).into())), Some(TokenError::IssuedInFuture));
    assert_eq!(fails("iat", None), Some(TokenError::ClaimMissing("iat")));
    assert_eq!(fails("jti", None), Some(TokenError::ClaimMissing("jti")));
}

#[test]
fn j08_leeway_is_that_of_the_policy_and_ends_where_it_ends() {
    let policy = policy(&[Algorithm::HS256]);
    let policy = spoiled_policy(&policy, "jwt", "leeway", &json!(60));
    let verifier = Verifier::own(&policy, keys(Algorithm::HS256)).unwrap();
    let fails = |claim: &str, moment: i64| {
        let claims = with(claim, Some(moment.into())).to_string();
        verify(&forge(Algorithm::HS256, HEADER, claims.as_bytes()), [&verifier], NOW).err()
    };
    assert_eq!(fails("exp", NOW.0 - 59), None);
    assert_eq!(fails("exp", NOW.0 - 60), Some(TokenError::Expired));
    assert_eq!(fails("nbf", NOW.0 + 60), None);
    assert_eq!(fails("nbf", NOW.0 + 61), Some(TokenError::NotYetValid));
    assert_eq!(fails("iat", NOW.0 + 61), Some(TokenError::IssuedInFuture));
}

#[test]
fn j09_times_that_are_not_numbers_in_range_are_refused_and_never_absent() {
    for claim in ["exp", "nbf", "iat"] {
        for wrong in [
            "null",
            "true",
            "\"1900000000\"",
            "[1900000000]",
            "{}",
            "-1",
            "-0.5",
            "1e19",
            "9223372036854775808",
            "9.3e18",
            "18446744073709551616",
            "1e308",
        ] {
            let claims = with(claim, None).to_string();
            let claims = claims.replacen('{', &format!(r#"{{"{claim}":{wrong},"#), 1);
            let refusal = judge_text(&claims).err();
            assert_eq!(refusal, Some(TokenError::ClaimMalformed(claim)), "{claim}: {wrong}");
        }
    }
}

#[test]
fn j09_fractions_and_far_futures_are_numbers() {
    let accepts = |claim: &str, value: Value| judge(&with(claim, Some(value))).unwrap();
    assert_eq!(accepts("exp", json!(1_800_000_900.75)).expires_at(), Timestamp(1_800_000_900));
    assert_eq!(accepts("exp", json!(1.9e9)).expires_at(), Timestamp(1_900_000_000));
    assert_eq!(accepts("exp", json!(i64::MAX)).expires_at(), Timestamp(i64::MAX));
    assert_eq!(accepts("iat", json!(1_800_000_000.9)).issued_at(), Some(NOW));
    assert_eq!(accepts("nbf", json!(0)).not_before(), Some(Timestamp(0)));
}

#[test]
fn j10_another_issuers_key_is_no_key_of_this_one() {
    // The partner's key, our name: whichever verifier is asked refuses it.
    let header = r#"{"typ":"at+jwt","alg":"ES256"}"#;
    let ours = own(Algorithm::EdDSA);
    let partner = foreign("partner", Algorithm::ES256);
    let claims = good_claims().to_string();
    let token = forge(Algorithm::ES256, header, claims.as_bytes());
    let refusal =
        |candidates: &[&Verifier]| verify(&token, candidates.iter().copied(), NOW).err().unwrap();
    assert_eq!(refusal(&[&partner]), TokenError::IssuerMismatch);
    assert_eq!(refusal(&[&ours]), TokenError::AlgorithmNotListed);
    assert_eq!(refusal(&[&ours, &partner]), TokenError::AlgorithmNotListed);
    assert_eq!(refusal(&[]), TokenError::IssuerUnknown);
}

#[test]
fn j10_iss_is_compared_byte_for_byte() {
    for wrong in ["https://blog.example/", "HTTPS://blog.example", " https://blog.example", ""] {
        let refusal = judge(&with("iss", Some(wrong.into()))).err();
        assert_eq!(refusal, Some(TokenError::IssuerMismatch), "{wrong}");
    }
    assert_eq!(judge(&with("iss", None)).err(), Some(TokenError::ClaimMissing("iss")));
    let refusal = judge(&with("iss", Some(json!([ISSUER])))).err();
    assert_eq!(refusal, Some(TokenError::ClaimMalformed("iss")));
}

#[test]
fn j10_among_several_issuers_iss_chooses() {
    let ours = own(Algorithm::HS256);
    let partner = foreign("partner", Algorithm::ES256);
    let loose = foreign("loose", Algorithm::EdDSA);
    let all = [&ours, &partner, &loose];
    let header = r#"{"typ":"at+jwt","alg":"ES256"}"#;
    let mut claims = with("iss", Some(PARTNER.into()));
    let token = forge(Algorithm::ES256, header, claims.to_string().as_bytes());
    let verified = verify(&token, all, NOW).unwrap();
    assert_eq!((verified.scheme(), verified.issuer().as_ref()), (partner.scheme(), PARTNER));
    claims["iss"] = "https://nobody.example".into();
    let token = forge(Algorithm::ES256, header, claims.to_string().as_bytes());
    assert_eq!(verify(&token, all, NOW).err(), Some(TokenError::IssuerUnknown));
}

#[test]
fn j11_aud_must_name_this_service_exactly() {
    let refusal = |value: Value| judge(&with("aud", Some(value))).err();
    assert_eq!(judge(&with("aud", None)).err(), Some(TokenError::ClaimMissing("aud")));
    assert_eq!(refusal(json!(AUDIENCE)), None);
    assert_eq!(refusal(json!([AUDIENCE])), None);
    assert_eq!(refusal(json!(["other", AUDIENCE, "third"])), None);
    for other in [
        json!("blog-api2"),
        json!("blog"),
        json!("blog-api other"),
        json!("BLOG-API"),
        json!(""),
        json!([]),
        json!(["other"]),
        json!(["blog-api "]),
    ] {
        assert_eq!(refusal(other.clone()), Some(TokenError::AudienceMismatch), "{other}");
    }
    for wrong in [json!(null), json!(1), json!({ "a": AUDIENCE }), json!([[AUDIENCE]])] {
        assert_eq!(refusal(wrong.clone()), Some(TokenError::ClaimMalformed("aud")), "{wrong}");
    }
}

#[test]
fn j15_scopes_match_as_whole_words_and_unknown_ones_grant_nothing() {
    let worth = |scope: &str| scopes(&judge(&with("scope", Some(scope.into()))).unwrap());
    assert_eq!(worth("read:posts"), [READ]);
    for nothing in [
        "",
        " ",
        "write:posts2",
        "write:post",
        "Write:posts",
        "write:posts,read:posts",
        "*",
        "write:posts\tread:posts",
        "*:posts",
        "read:posts\u{a0}",
        "read:posts\n",
    ] {
        assert_eq!(worth(nothing), [], "{nothing:?}");
    }
    assert_eq!(worth("  read:posts   unknown "), [READ]);
}

#[test]
fn j15_equal_subjects_of_two_issuers_are_two_principals() {
    let header = r#"{"typ":"at+jwt","alg":"ES256"}"#;
    let claims = with("iss", Some(PARTNER.into())).to_string();
    let partner = foreign("partner", Algorithm::ES256);
    let theirs = verify(&forge(Algorithm::ES256, header, claims.as_bytes()), [&partner], NOW);
    let (theirs, ours) = (theirs.unwrap(), judge(&good_claims()).unwrap());
    assert_eq!(theirs.subject(), ours.subject());
    assert_ne!((theirs.issuer(), theirs.subject()), (ours.issuer(), ours.subject()));
}

#[test]
fn j15_what_another_issuer_calls_a_sign_in_is_a_claim_and_no_sign_in_of_ours() {
    let own = judge(&with("sid", Some("a-family".into()))).unwrap();
    assert_eq!((own.family_id(), own.extra().len()), (Some("a-family"), 0));
    for sid in [json!(1), json!(""), json!(["a-family"]), json!("x".repeat(256))] {
        let refused = judge(&with("sid", Some(sid))).err();
        assert_eq!(refused, Some(TokenError::ClaimMalformed("sid")));
    }
    let mut claims = with("iss", Some(PARTNER.into()));
    claims["sid"] = "a-family".into();
    let header = r#"{"typ":"at+jwt","alg":"ES256"}"#;
    let token = forge(Algorithm::ES256, header, claims.to_string().as_bytes());
    let theirs = verify(&token, [&foreign("partner", Algorithm::ES256)], NOW).unwrap();
    assert_eq!((theirs.family_id(), &theirs.extra()["sid"]), (None, &json!("a-family")));
}

#[test]
fn scopes_are_worth_what_the_roles_grant_now() {
    let mut claims = with("roles", Some(json!(["reader"])));
    claims["scope"] = "read:posts write:posts delete:posts".into();
    let token = judge(&claims).unwrap();
    assert_eq!((scopes(&token), roles(&token)), (vec![READ], vec![READER]));
    claims["roles"] = json!(["admin", "unknown"]);
    let token = judge(&claims).unwrap();
    assert_eq!(scopes(&token), [DELETE, READ, WRITE]);
    assert_eq!(roles(&token), [ADMIN, AUTHOR, READER]);
    claims["roles"] = json!([]);
    assert_eq!(scopes(&judge(&claims).unwrap()), []);
}

#[test]
fn a_client_has_what_it_names_within_its_ceiling() {
    let mut claims = with("roles", Some(json!([])));
    claims["client_id"] = "c1".into();
    let token = judge(&claims).unwrap();
    assert_eq!(scopes(&token), []);
    assert_eq!(scopes(&token.with_client_ceiling([DELETE, READ])), [READ]);
}

#[test]
fn scope_and_roles_of_a_wrong_type_are_refused() {
    for wrong in [json!(null), json!(1), json!(["read:posts"]), json!({})] {
        let refusal = judge(&with("scope", Some(wrong.clone()))).err();
        assert_eq!(refusal, Some(TokenError::ClaimMalformed("scope")), "{wrong}");
    }
    for wrong in [json!(null), json!("author"), json!([1]), json!({ "author": true })] {
        let refusal = judge(&with("roles", Some(wrong.clone()))).err();
        assert_eq!(refusal, Some(TokenError::ClaimMalformed("roles")), "{wrong}");
    }
}

#[test]
fn a_subject_is_a_string_that_is_not_empty_and_not_endless() {
    assert_eq!(judge(&with("sub", None)).err(), Some(TokenError::ClaimMissing("sub")));
    for wrong in [json!(""), json!("x".repeat(256)), json!(1), json!(null)] {
        let refusal = judge(&with("sub", Some(wrong.clone()))).err();
        assert_eq!(refusal, Some(TokenError::ClaimMalformed("sub")), "{wrong}");
    }
    assert_eq!(judge(&with("sub", Some("ü\u{202e}\n".into()))).unwrap().subject(), "ü\u{202e}\n");
}

#[test]
fn a_foreign_token_is_worth_what_lies_under_the_ceiling_and_in_the_table() {
    let worth = |scp: Value, listed: Value| {
        let mut claims = with("iss", Some(PARTNER.into()));
        claims["scp"] = scp;
        claims["roles"] = listed;
        let header = r#"{"typ":"at+jwt","alg":"ES256"}"#;
        let token = forge(Algorithm::ES256, header, claims.to_string().as_bytes());
        let partner = foreign("partner", Algorithm::ES256);
        verify(&token, [&partner], NOW).map(|token| (scopes(&token), roles(&token)))
    };
    let all = "read:posts write:posts delete:posts";
    assert_eq!(worth(all.into(), json!([])), Ok((vec![READ], vec![])));
    assert_eq!(worth(json!(["read:posts", "write:posts"]), json!([])), Ok((vec![READ], vec![])));
    // Our own role names mean nothing in their mouth.
    assert_eq!(worth("".into(), json!(["admin", "author"])), Ok((vec![], vec![])));
    assert_eq!(worth("".into(), json!(["editors"])), Ok((vec![], vec![AUTHOR, READER])));
    assert_eq!(worth("".into(), json!("editors")), Ok((vec![], vec![AUTHOR, READER])));
    // A single role is one name, spaces and all.
    assert_eq!(worth("".into(), json!("Super Reader")), Ok((vec![], vec![READER])));
    assert_eq!(worth("".into(), json!("editors x")), Ok((vec![], vec![])));
    assert_eq!(worth(json!([1]), json!([])).err(), Some(TokenError::ClaimMalformed("scope")));
    assert_eq!(worth("".into(), json!(true)).err(), Some(TokenError::ClaimMalformed("roles")));
}

#[test]
fn claims_of_a_foreign_issuer_may_be_nested_and_the_exact_name_wins() {
    let worth = |members: Value| {
        let mut claims = with("iss", Some(LOOSE.into()));
        let all = claims.as_object_mut().unwrap();
        all.extend(members.as_object().unwrap().clone());
        let token = forge(Algorithm::EdDSA, r#"{"alg":"EdDSA"}"#, claims.to_string().as_bytes());
        let loose = foreign("loose", Algorithm::EdDSA);
        verify(&token, [&loose], NOW).map(|token| (scopes(&token), roles(&token)))
    };
    let nested = json!({ "access": { "scopes": "read:posts" },
                         "realm_access": { "roles": ["editors"] } });
    assert_eq!(worth(nested), Ok((vec![READ], vec![AUTHOR, READER])));
    let both = json!({ "access.scopes": "", "access": { "scopes": "read:posts" } });
    assert_eq!(worth(both), Ok((vec![], vec![])));
    let elsewhere = json!({ "access": "read:posts", "realm_access": { "role": ["editors"] } });
    assert_eq!(worth(elsewhere), Ok((vec![], vec![])));
    let wrong = json!({ "access": { "scopes": { "read:posts": true } } });
    assert_eq!(worth(wrong), Err(TokenError::ClaimMalformed("scope")));
}

#[test]
fn a_claim_with_a_meaning_cannot_hold_scopes_or_roles() {
    for (scope, role) in [("sub", "roles"), ("scp", "iss"), ("groups", "groups")] {
        let policy = policy(&[Algorithm::EdDSA]);
        let policy = spoiled_policy(&policy, "partner", "scope_claim", &scope.into());
        let policy = spoiled_policy(&policy, "partner", "role_claim", &role.into());
        let keys = KeySet::parse(EC_PUBLIC, &[Algorithm::ES256]).unwrap();
        let refusal = Verifier::foreign(&policy, scheme(&policy, "partner"), keys).err();
        assert!(matches!(refusal, Some(SetupError::ClaimTaken(_))), "{refusal:?}");
    }
}

#[test]
fn e2_expired_is_said_of_tokens_that_are_otherwise_good_alone() {
    let expired = |claim: &str, value: Value| {
        let mut claims = with(claim, Some(value));
        claims["exp"] = (NOW.0 - 1).into();
        claims
    };
    assert_eq!(judge(&expired("sub", "u".into())).err(), Some(TokenError::Expired));
    for (claim, value) in
        [("iss", json!("x")), ("aud", json!("x")), ("sub", json!("")), ("nbf", json!(NOW.0 + 1))]
    {
        assert_ne!(judge(&expired(claim, value)).err(), Some(TokenError::Expired), "{claim}");
    }
    let token = forge(Algorithm::HS256, HEADER, expired("sub", "u".into()).to_string().as_bytes());
    let (message, _) = token.rsplit_once('.').unwrap();
    let unsigned = format!("{message}.{}", "A".repeat(43));
    assert_eq!(judge_token(&unsigned).err(), Some(TokenError::SignatureInvalid));
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("\\PC{0,8}", inner, 0..4)
                .prop_map(|members| members.into_iter().collect::<Value>()),
        ]
    })
}

proptest! {
    #[test]
    fn claims_read_as_serde_json_reads_them(
        extra in proptest::collection::btree_map("[a-z]{9,12}", json_value(), 0..5),
        subject in "\\PC{1,40}",
    ) {
        let extra: BTreeMap<String, Value> = extra;
        let mut claims = with("sub", Some(subject.clone().into()));
        claims.as_object_mut().unwrap().extend(extra.clone());
        let token = judge(&claims).unwrap();
        prop_assert_eq!(token.subject(), subject);
        prop_assert_eq!(token.extra(), &extra.into_iter().collect());
    }

    #[test]
    fn e5_any_claims_are_judged_without_a_panic(claims in json_value(), name in "[a-z_]{3,9}") {
        let _ = judge(&claims);
        let _ = judge(&with(&name, Some(claims.clone())));
        for claim in ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope", "roles"] {
            let _ = judge(&with(claim, Some(claims.clone())));
        }
    }
}
