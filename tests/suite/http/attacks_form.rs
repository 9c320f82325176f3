//! J13 at the door: anything but three parts of unpadded base64url with plain JSON inside.

use auth_runtime::{Router, jwt::MAX_TOKEN_BYTES, routing::get};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
};
use serde_json::json;

use super::{
    fixture::{Door, ask, guarded},
    forge::{self, Edit, Pen, own_claims, own_header},
};

async fn door() -> Door {
    Door::of(Router::new().route("/guarded", get(guarded))).await
}

fn good() -> String {
    forge::own(&own_header(), &own_claims())
}

#[tokio::test]
async fn j13_another_number_of_parts() {
    let door = door().await;
    let token = good();
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts")
    };
    for (wrong, cause) in [
        (String::new(), "token-not-compact"),
        (header.to_owned(), "token-not-compact"),
        (format!("{header}.{payload}"), "token-not-compact"),
        (format!("{token}."), "token-not-compact"),
        (format!(".{token}"), "token-not-compact"),
        (format!("{header}..{payload}.{signature}"), "token-not-compact"),
        (format!("{header}.{payload}.{signature}.x.y"), "token-not-compact"),
        (".".to_owned(), "token-not-compact"),
        ("..".to_owned(), "header-malformed"),
        (format!("{header}..{signature}"), "signature-invalid"),
        (format!("{header}.{payload}."), "signature-invalid"),
        (format!(".{payload}.{signature}"), "header-malformed"),
        (format!("{payload}.{header}.{signature}"), "algorithm-unknown"),
    ] {
        assert_eq!(door.refuses(&wrong).await, cause, "{wrong:.20}");
    }
}

#[tokio::test]
async fn j13_the_json_serialization_is_none() {
    let door = door().await;
    let token = good();
    let parts: Vec<_> = token.split('.').collect();
    let flat = json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] });
    let general = json!({
        "payload": parts[1],
        "signatures": [{ "protected": parts[0], "signature": parts[2] }],
    });
    for wrong in [flat, general] {
        assert_eq!(door.refuses(wrong.to_string()).await, "token-not-compact");
    }
}

#[tokio::test]
async fn j13_quotes_whitespace_and_other_alphabets() {
    let door = door().await;
    let token = good();
    for wrong in [
        format!("\"{token}\""),
        format!("'{token}'"),
        format!("{token} "),
        format!("{token},"),
        format!("{token}="),
        format!("{token}\t"),
        token.replacen('.', " .", 1),
        token.replacen('.', "=.", 1),
        format!("{token}é"),
    ] {
        let cause = door.refuses(&wrong).await;
        let causes = ["token-not-base64url", "signature-invalid"];
        assert!(causes.contains(&cause.as_str()), "{cause}: {wrong}");
    }
    // Signed over just these letters: the other alphabet, and padding.
    let header = URL_SAFE_NO_PAD.encode(own_header().to_string());
    let claims = own_claims().with("x", "\u{3ff}\u{3ff}\u{3ff}").to_string();
    let odd = format!("{claims:0$}", claims.len().next_multiple_of(3) + 1);
    assert!(STANDARD.encode(&claims).contains(['+', '/']) && URL_SAFE.encode(&odd).contains('='));
    for payload in [STANDARD.encode(&claims), URL_SAFE.encode(&odd)] {
        let token = forge::signed(&format!("{header}.{payload}"), Pen::Ed25519);
        assert_eq!(door.refuses(token).await, "token-not-base64url");
    }
    let good = URL_SAFE_NO_PAD.encode(&odd);
    let token = forge::signed(&format!("{header}.{good}"), Pen::Ed25519);
    assert_eq!(door.send(ask("GET", "/guarded").bearer(token)).await.status, 200);
}

/// The last character of a part can carry bits that decode to nothing: another text, the same
/// bytes, and so a second name for one token.
#[tokio::test]
async fn j13_there_is_one_way_to_write_a_token() {
    let door = door().await;
    let token = good();
    let mut refused = 0;
    for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars() {
        let other = format!("{}{last}", &token[..token.len() - 1]);
        if other != token {
            let cause = door.refuses(&other).await;
            assert!(["token-not-base64url", "signature-invalid"].contains(&cause.as_str()));
            refused += 1;
        }
    }
    assert_eq!(refused, 63);
}

#[tokio::test]
async fn j13_duplicate_members_are_refused_at_any_depth() {
    let door = door().await;
    let (header, claims) = (own_header().to_string(), own_claims().to_string());
    let more = |json: &str, member: &str| format!("{},{member}}}", &json[..json.len() - 1]);
    for member in [r#""alg":"EdDSA""#, r#""\u0061lg":"none""#, r#""x":1,"x":2"#] {
        let token = forge::token(more(&header, member), &claims, Pen::Ed25519);
        assert_eq!(door.refuses(token).await, "header-duplicate-member", "{member}");
    }
    for member in [
        r#""sub":"bob""#,
        r#""s\u0075b":"bob""#,
        r#""exp":1"#,
        r#""scope":"read:posts""#,
        r#""roles":["admin"]"#,
        r#""x":1,"x":1"#,
        r#""x":{"a":[{"b":1,"b":1}]}"#,
    ] {
        let token = forge::token(&header, more(&claims, member), Pen::Ed25519);
        assert_eq!(door.refuses(token).await, "claims-duplicate-member", "{member}");
    }
}

#[tokio::test]
async fn j13_what_is_inside_is_one_json_object_in_utf8() {
    let door = door().await;
    let header = own_header().to_string();
    let deep = format!("{{\"a\":{}", "[".repeat(8_000));
    let claims = own_claims().to_string();
    for (payload, cause) in [
        (&b""[..], "claims-malformed"),
        (b"null", "claims-malformed"),
        (b"[]", "claims-malformed"),
        (b"\"text\"", "claims-malformed"),
        (b"{} {}", "claims-malformed"),
        (b"{}x", "claims-malformed"),
        (b"{'sub':1}", "claims-malformed"),
        (b"\xef\xbb\xbf{}", "claims-malformed"),
        (b"{\"a\":\"\xff\"}", "token-not-base64url"),
        (deep.as_bytes(), "claims-malformed"),
        (format!("{claims}{claims}").as_bytes(), "claims-malformed"),
    ] {
        let token = forge::token(&header, payload, Pen::Ed25519);
        assert_eq!(door.refuses(token).await, cause, "{payload:.20?}");
    }
    for header in ["null", "[]", "\"x\"", "{", "{}{}", "{\"alg\":\"EdDSA\"}x"] {
        let token = forge::token(header, &claims, Pen::Ed25519);
        assert_eq!(door.refuses(token).await, "header-malformed", "{header}");
    }
    let token = forge::token(b"{\"alg\":\"\xff\"}", &claims, Pen::Ed25519);
    assert_eq!(door.refuses(token).await, "token-not-base64url");
}

#[tokio::test]
async fn j13_bytes_that_are_no_utf8_are_no_token() {
    let door = door().await;
    for bytes in [&b"\xff"[..], b"a.b.\xc0\x80", &[&good().into_bytes()[..], b"\x80"].concat()] {
        assert_eq!(door.refuses(bytes).await, "token-not-base64url");
    }
}

#[tokio::test]
async fn j13_a_token_above_the_limit_is_not_looked_at() {
    let door = door().await;
    let pad =
        |length: usize| forge::own(&own_header(), &own_claims().with("x", "x".repeat(length)));
    let mut length = 11_000;
    while pad(length + 1).len() <= MAX_TOKEN_BYTES {
        length += 1;
    }
    assert_eq!(door.send(ask("GET", "/guarded").bearer(pad(length))).await.status, 200);
    door.audit.take();
    door.reached.take();
    assert_eq!(door.refuses(pad(length + 1)).await, "token-too-long");
    assert_eq!(door.refuses("a".repeat(MAX_TOKEN_BYTES + 1)).await, "token-too-long");
    assert_eq!(door.refuses("a".repeat(MAX_TOKEN_BYTES)).await, "token-not-compact");
}
