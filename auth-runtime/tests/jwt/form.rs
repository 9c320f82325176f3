//! Text that is no token: wrong form, wrong encoding, wrong JSON, too long, or noise.

use auth_policy::settings::Algorithm;
use auth_runtime::jwt::{MAX_TOKEN_BYTES, TokenError};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::world::*;

#[test]
fn j13_anything_but_three_unpadded_parts_is_refused() {
    let good = good_token();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();
    for not_compact in ["", ".", "a", "a.b", header, message, "null", "{}"] {
        assert_eq!(judge_token(not_compact).err(), Some(TokenError::NotCompact), "{not_compact}");
    }
    let json =
        format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#);
    let spoiled = [
        json,
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.a.b"),
        format!("{good}="),
        format!("{header}=.{payload}.{signature}"),
        format!("\"{good}\""),
        format!(" {good}"),
        format!("{good} "),
        format!("{good}\n"),
        format!("{header}.{payload} .{signature}"),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        format!("{header}.{payload}."),
        "..".to_owned(),
        good.replace('.', ","),
        good.replace('.', ".."),
    ];
    for token in spoiled {
        assert!(judge_token(&token).is_err(), "{token}");
    }
    assert!(judge_token(&good).is_ok());
}

#[test]
fn j13_base64_with_trailing_bits_is_refused_even_where_the_bytes_are_the_same() {
    let good = good_token();
    let (rest, last) = good.split_at(good.len() - 1);
    // 32 bytes leave two bits over: three other letters would decode to the same signature.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = alphabet.find(last).unwrap();
    for other in alphabet.chars().skip(place / 4 * 4).take(4).filter(|c| !last.contains(*c)) {
        let refusal = judge_token(&format!("{rest}{other}")).err();
        assert_eq!(refusal, Some(TokenError::NotBase64Url));
    }
}

#[test]
fn j13_duplicate_members_are_refused_at_any_depth() {
    let claims = good_claims().to_string();
    for member in [
        r#""sub":"admin""#,
        r#""s\u0075b":"admin""#,
        r#""exp":1900000000"#,
        r#""scope":"""#,
        r#""roles":[]"#,
        r#""x":1,"x":1"#,
        r#""x":{"y":[{"z":1,"z":1}]}"#,
        r#""iss":"x""#,
        r#""aud":"x""#,
        r#""jti":"x""#,
        r#""nbf":1,"nbf":1"#,
        r#""client_id":"a","client_id":"a""#,
    ] {
        let doubled = claims.replacen('{', &format!("{{{member},"), 1);
        assert_eq!(judge_text(&doubled).err(), Some(TokenError::ClaimsDuplicate), "{member}");
        let last = format!("{},{member}}}", claims.trim_end_matches('}'));
        assert_eq!(judge_text(&last).err(), Some(TokenError::ClaimsDuplicate), "{member}");
    }
    let header = r#"{"typ":"at+jwt","alg":"HS256","kid":"k1","kid":"k1"}"#;
    assert_eq!(with_header(header), Some(TokenError::HeaderDuplicate));
}

#[test]
fn j13_claims_that_are_no_json_object_of_utf8_are_refused() {
    for payload in [
        "",
        "null",
        "[]",
        "\"x\"",
        "{",
        "{}x",
        "{}{}",
        "\u{feff}{}",
        "{'sub':1}",
        r#"{"iss":"x",}"#,
    ] {
        assert_eq!(judge_text(payload).err(), Some(TokenError::ClaimsMalformed), "{payload}");
    }
    let latin1 = forge(Algorithm::HS256, HEADER, b"{\"sub\":\"\xe9\"}");
    assert_eq!(judge_token(&latin1).err(), Some(TokenError::NotBase64Url));
    let surrogate = judge_text(r#"{"sub":"\ud800"}"#).err();
    assert_eq!(surrogate, Some(TokenError::ClaimMalformed("sub")));
}

#[test]
fn j13_a_token_above_the_limit_is_refused_before_any_work() {
    let mut claims = good_claims();
    let room = MAX_TOKEN_BYTES - good_token().len();
    claims["padding"] = "x".repeat(room * 3 / 4 - 40).into();
    let below = forge(Algorithm::HS256, HEADER, claims.to_string().as_bytes());
    assert!(below.len() <= MAX_TOKEN_BYTES && judge_token(&below).is_ok());
    claims["padding"] = "x".repeat(room).into();
    let above = forge(Algorithm::HS256, HEADER, claims.to_string().as_bytes());
    assert_eq!(judge_token(&above).err(), Some(TokenError::TooLong));
    assert_eq!(judge_token(&".".repeat(MAX_TOKEN_BYTES + 1)).err(), Some(TokenError::TooLong));
}

proptest! {
    #[test]
    fn e5_random_text_never_panics(token in "\\PC{0,200}") {
        prop_assert!(judge_token(&token).is_err());
    }

    #[test]
    fn e5_random_parts_never_panic(
        header in proptest::collection::vec(any::<u8>(), 0..80),
        payload in proptest::collection::vec(any::<u8>(), 0..80),
        signature in proptest::collection::vec(any::<u8>(), 30..34),
    ) {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let parts = [encode(&header), encode(&payload), encode(&signature)].join(".");
        prop_assert!(judge_token(&parts).is_err());
        let good_header = [encode(HEADER.as_bytes()), encode(&payload), encode(&signature)];
        prop_assert!(judge_token(&good_header.join(".")).is_err());
        let signed = forge(Algorithm::HS256, HEADER, &payload);
        prop_assert!(judge_token(&signed).is_err());
    }
}
