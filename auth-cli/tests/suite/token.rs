//! `cargo auth token`: tokens of the service's own making, any token explained without a fault, and
//! the vectors of the RFCs.

use std::{fs, io::Write, path::Path, process::Stdio};

use serde_json::{Value, json};

use crate::world::{ends, folder};

/// A policy with tokens, and what to sign them with.
const POLICY: &str = "version: 1
scopes: { read:posts: Read posts, write:posts: { is: Write posts, mutates: true } }
roles: { reader: { grants: [read:posts] }, author: { includes: [reader], grants: [write:posts] } }
schemes:
  jwt:
    issuer: https://blog.example
    audience: blog-api
    algorithms: [EdDSA]
    keys: file:keys.json
    access_ttl: 15m
    refresh_ttl: 7d
limits: { renew: { rate: 60/minute, by: address } }
endpoints: { refresh: { limit: renew } }
";

/// RFC 7515, appendix A.1 to A.3, RFC 8037, appendix A.4, and RFC 7520, section 4.4: a name, the
/// algorithm, the JWK, the JWS.
const VECTORS: [(&str, &str, &str, &str); 5] = [
    (
        "RFC 7515 A.1",
        "HS256",
        r#"{ "kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow" }"#,
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    ),
    (
        "RFC 7515 A.2",
        "RS256",
        r#"{ "kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ" }"#,
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
    ),
    (
        "RFC 7515 A.3",
        "ES256",
        r#"{ "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI" }"#,
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    ),
    (
        "RFC 8037 A.4",
        "EdDSA",
        r#"{ "kty": "OKP", "crv": "Ed25519", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }"#,
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    ),
    (
        "RFC 7520 4.4",
        "HS256",
        r#"{ "kty": "oct", "kid": "018c0ae5-4d9b-471b-bfd6-eef314bc7037", "use": "sig", "alg": "HS256", "k": "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg" }"#,
        "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0",
    ),
];

/// A folder with the policy and keys for it.
fn service(name: &str) -> std::path::PathBuf {
    let here = folder(name);
    fs::write(here.join("policies/auth.yaml"), POLICY).unwrap();
    ends(0, &here, &["keys", "generate", "keys.json"]);
    here
}

/// A token of the service, made with these arguments more.
fn minted(here: &Path, more: &[&str]) -> String {
    let arguments = [
        "token",
        "mint",
        "--policy",
        "policies/auth.yaml",
        "--subject",
        "user-1",
        "--role",
        "author",
    ];
    let (said, problems) = ends(0, here, &[&arguments[..], more].concat());
    assert_eq!(problems, "");
    said.trim_end().to_owned()
}

fn inspected(here: &Path, code: i32, token: &str, more: &[&str]) -> Value {
    let arguments = ["token", "inspect", token, "--format", "json"];
    let (said, _) = ends(code, here, &[&arguments[..], more].concat());
    serde_json::from_str(&said).unwrap()
}

fn codes(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

/// A token that nobody signed.
fn written(header: &Value, claims: &Value) -> String {
    format!(
        "{}.{}.{}",
        b64(header.to_string().as_bytes()),
        b64(claims.to_string().as_bytes()),
        b64(&[7; 64])
    )
}

fn b64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: Vec<u8> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let value = |six: &[u8]| {
        (0..6).fold(0, |value, bit| value << 1 | usize::from(*six.get(bit).unwrap_or(&0)))
    };
    bits.chunks(6).map(|six| char::from(LETTERS[value(six)])).collect()
}

fn verified(here: &Path, code: i32, jwk: &str, alg: &str, token: &str) -> String {
    fs::write(here.join("jwk.json"), jwk).unwrap();
    let arguments = ["token", "verify", "--jwk", "jwk.json", "--alg", alg, "--jws", token];
    let (said, problem) = ends(code, here, &arguments);
    said + &problem
}

#[test]
fn vectors_of_the_rfcs_hold_and_no_letter_of_them_can_change() {
    let here = folder("token-vectors");
    for (name, alg, jwk, jws) in VECTORS {
        let said = verified(&here, 0, jwk, alg, jws);
        assert!(said.starts_with(&format!("valid: {alg}")), "{name}: {said}");
        let set = format!("{{\"keys\":[{{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AA\"}},{jwk}]}}");
        verified(&here, 0, &set, alg, jws);
        for place in [3, jws.find('.').unwrap() + 3, jws.rfind('.').unwrap() + 3, jws.len() - 2] {
            let other = if &jws[place..=place] == "A" { "B" } else { "A" };
            let spoiled = format!("{}{other}{}", &jws[..place], &jws[place + 1..]);
            let said = verified(&here, 1, jwk, alg, &spoiled);
            assert!(said.starts_with("invalid["), "{name}, {place}: {said}");
        }
        for end in ["", ".", "A", ".AA"] {
            let cut = &jws[..jws.rfind('.').unwrap()];
            verified(&here, 1, jwk, alg, &format!("{cut}{end}"));
        }
        for other in ["HS256", "RS256", "PS256", "ES256", "EdDSA"].iter().filter(|it| **it != alg) {
            let said = verified(&here, 1, jwk, other, jws);
            let codes = ["key-refused", "algorithm-not-listed", "key-for-other-algorithm"];
            assert!(codes.iter().any(|code| said.contains(code)), "{said}");
        }
    }
}

/// One key, one algorithm: what the JWK says of itself has to agree (J04).
#[test]
fn j04_what_a_jwk_says_of_itself_has_to_agree() {
    let here = folder("token-jwk");
    let (_, alg, jwk, jws) = VECTORS[1];
    let with = |member: &str| format!("{},{member}}}", &jwk.trim_end()[..jwk.trim_end().len() - 1]);
    verified(&here, 0, &with(r#""alg":"RS256","use":"sig""#), alg, jws);
    for member in [
        r#""alg":"PS256""#,
        r#""alg":"RS512""#,
        r#""alg":"none""#,
        r#""use":"enc""#,
        r#""key_ops":["encrypt"]"#,
    ] {
        let said = verified(&here, 1, &with(member), alg, jws);
        assert!(
            said.starts_with("invalid[key-refused]: `jwk.json` cannot vouch for it: "),
            "{said}"
        );
    }
    // A name that the header does not ask for is no hindrance where there is one key.
    let said = verified(&here, 0, &with(r#""kid":"k1""#), alg, jws);
    assert!(said.starts_with("valid: RS256, "), "{said}");
}

#[test]
fn a_kid_chooses_among_keys_and_never_another_one() {
    let here = service("token-kid");
    ends(0, &here, &["keys", "rotate", "keys.json"]);
    let token = minted(&here, &[]);
    let verify = |code| {
        ends(code, &here, &["token", "verify", "--jwk", "keys.json", "--alg", "EdDSA", &token]).0
    };
    let set: Value =
        serde_json::from_str(&fs::read_to_string(here.join("keys.json")).unwrap()).unwrap();
    let kid = set["keys"][0]["kid"].as_str().unwrap();
    assert!(verify(0).starts_with(&format!("valid: EdDSA, key `{kid}`, ")));
    let other = json!({ "keys": [set["keys"][1]] });
    fs::write(here.join("keys.json"), other.to_string()).unwrap();
    assert!(verify(1).starts_with("invalid[key-unknown]: "));
    // The only key, and no name of its own: whoever named the file chose it.
    let mut nameless = set["keys"][0].clone();
    nameless.as_object_mut().unwrap().remove("kid");
    fs::write(here.join("keys.json"), nameless.to_string()).unwrap();
    verify(0);
    // The other key under the name that is asked for.
    let mut renamed = set["keys"][1].clone();
    renamed["kid"] = json!(kid);
    fs::write(here.join("keys.json"), renamed.to_string()).unwrap();
    assert!(verify(1).starts_with("invalid[signature-invalid]: "));
}

#[test]
fn j14_weak_keys_vouch_for_nothing() {
    let here = folder("token-weak");
    let (_, alg, _, jws) = VECTORS[0];
    let said = verified(&here, 1, r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umjw"}"#, alg, jws);
    assert!(said.contains("its secret has 128 bits, HS256 needs 256"), "{said}");
    let rsa = format!(r#"{{"kty":"RSA","e":"AQAB","n":"{}"}}"#, b64(&[0xc5; 128]));
    let said = verified(&here, 1, &rsa, "RS256", VECTORS[1].3);
    assert!(said.contains("its RSA modulus has 1024 bits, below 2048"), "{said}");
}

#[test]
fn what_cannot_be_asked_is_wrong_usage() {
    let here = folder("token-usage");
    let (_, _, jwk, jws) = VECTORS[3];
    for alg in ["none", "HS512", "ES384", ""] {
        let said = verified(&here, 2, jwk, alg, jws);
        assert!(said.contains(&format!("`{alg}` is not supported")), "{said}");
    }
    for (jwk, why) in [
        ("", "neither"),
        ("{", "line 1, column 1"),
        ("[1]", "line 1"),
        (r#"{"kty":"OKP","kty":"OKP"}"#, "twice"),
    ] {
        let said = verified(&here, 2, jwk, "EdDSA", jws);
        assert!(said.starts_with("error: `jwk.json`: ") && said.contains(why), "{said}");
    }
    let missing = ["token", "verify", "--jwk", "none.json", "--alg", "EdDSA", "x"];
    assert!(ends(2, &here, &missing).1.starts_with("error: cannot read `none.json`: "));
    ends(2, &here, &["token", "verify", "--alg", "EdDSA", "x"]);
    ends(2, &here, &["token", "verify", "--jwk", "jwk.json", "x"]);
}

/// Without `--jws` it is a token, and one that has no end or whose end has come is not valid.
#[test]
fn j08_a_token_is_valid_within_its_time_alone() {
    let here = folder("token-times");
    let (_, alg, jwk, jws) = VECTORS[2];
    fs::write(here.join("jwk.json"), jwk).unwrap();
    let verify = |token: &str, alg| {
        ends(1, &here, &["token", "verify", "--jwk", "jwk.json", "--alg", alg, token]).0
    };
    let said = verify(jws, alg);
    assert!(
        said.starts_with("invalid[expired]: signed, but it expired ")
            && said.contains(" years ago"),
        "{said}"
    );
    let (_, alg, jwk, jws) = VECTORS[3];
    fs::write(here.join("jwk.json"), jwk).unwrap();
    let said = verify(jws, alg);
    assert!(
        said.starts_with(
            "invalid[claims-malformed]: signed, but no token: its payload is not JSON"
        ),
        "{said}"
    );
}

#[test]
fn m01_a_minted_token_is_what_the_service_accepts() {
    let here = service("token-mint");
    let token = minted(&here, &[]);
    let report = inspected(&here, 0, &token, &["--policy", "policies/auth.yaml"]);
    assert_eq!(report["version"], 1);
    assert_eq!(report["verified"], false);
    assert_eq!(codes(&report), [""; 0]);
    let service = &report["service"];
    assert_eq!((&service["accepts"], &service["scheme"]), (&json!(true), &json!("jwt")));
    assert_eq!(service["subject"], "user-1");
    assert_eq!(service["scopes"], json!(["read:posts", "write:posts"]));
    assert_eq!(service["roles"], json!(["author", "reader"]));
    let exp =
        report["claims"].as_array().unwrap().iter().find(|claim| claim["name"] == "exp").unwrap();
    assert_eq!(exp["from_now"], "in 15 minutes");

    let short = minted(&here, &["--ttl", "90s", "--scopes", "read:posts", "--format", "json"]);
    let short: Value = serde_json::from_str(&short).unwrap();
    assert_eq!((&short["version"], &short["expires_in"]), (&json!(1), &json!(90)));
    assert_eq!((&short["scope"], &short["token_type"]), (&json!("read:posts"), &json!("Bearer")));
    let token = short["access_token"].as_str().unwrap();
    let report =
        inspected(&here, 0, token, &["--policy", "policies/auth.yaml", "--keys", "file:keys.json"]);
    assert_eq!(report["service"]["scopes"], json!(["read:posts"]));
}

#[test]
fn what_the_policy_does_not_grant_is_not_minted() {
    let here = service("token-mint-refused");
    for (more, why) in [
        (&["--ttl", "16m"][..], "`--ttl 16m` is longer than the policy's `access_ttl`, 15m"),
        (&["--ttl", "0s"], "`--ttl` is 0"),
        (&["--ttl", "15"], "has no unit"),
        (&["--role", "admin"], "the policy has no role \"admin\""),
        (&["--scopes", "delete:posts"], "the policy has no scope \"delete:posts\""),
        (&["--keys", "none.json"], "cannot read `none.json`"),
    ] {
        let arguments = [
            "token",
            "mint",
            "--policy",
            "policies/auth.yaml",
            "--subject",
            "u",
            "--role",
            "reader",
        ];
        let (said, problem) = ends(2, &here, &[&arguments[..], more].concat());
        assert_eq!(said, "");
        assert!(problem.contains(why), "{problem}");
    }
    let arguments =
        ["token", "mint", "--subject", "u", "--role", "reader", "--scopes", "write:posts"];
    let (_, problem) =
        ends(2, &here, &[&arguments[..], &["--policy", "policies/auth.yaml"]].concat());
    assert!(problem.contains("does not have scope \"write:posts\""), "{problem}");
    let (_, problem) =
        ends(2, &here, &["token", "mint", "--subject", "u", "--policy", "none.yaml"]);
    assert!(problem.contains("cannot read `none.yaml`"), "{problem}");
}

#[test]
fn production_mints_nothing() {
    let here = service("token-production");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cargo-auth"));
    let arguments = ["token", "mint", "--policy", "policies/auth.yaml", "--subject", "u"];
    let output =
        command.current_dir(&here).args(arguments).env("AUTH_ENV", "production").output().unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(2), Vec::new()));
    assert!(
        String::from_utf8(output.stderr).unwrap().starts_with("error: AUTH_ENV is `production`")
    );
}

#[test]
fn the_service_says_why_it_refuses() {
    let here = service("token-service");
    let token = minted(&here, &[]);
    let policy = ["--policy", "policies/auth.yaml"];
    let (message, signature) = token.rsplit_once('.').unwrap();
    let forged = format!(
        "{message}.{}{}",
        if signature.starts_with('A') { "B" } else { "A" },
        &signature[1..]
    );
    let refused = |token: &str, code: &str| {
        let report = inspected(&here, 1, token, &policy);
        assert_eq!(
            (&report["service"]["accepts"], &report["service"]["code"]),
            (&json!(false), &json!(code))
        );
        let (said, _) = ends(1, &here, &["token", "inspect", token, policy[0], policy[1]]);
        assert!(
            said.contains(&format!("\npolicies/auth.yaml\n  would refuse it[{code}]: ")),
            "{said}"
        );
    };
    refused(&forged, "signature-invalid");
    let other = folder("token-service-other");
    ends(0, &other, &["keys", "generate", "keys.json"]);
    fs::copy(here.join("keys.json"), other.join("ours.json")).unwrap();
    fs::copy(other.join("keys.json"), here.join("keys.json")).unwrap();
    refused(&token, "key-unknown");
    fs::copy(other.join("ours.json"), here.join("keys.json")).unwrap();
    inspected(&here, 0, &token, &policy);
    let foreign = written(&json!({ "alg": "EdDSA" }), &json!({ "iss": "https://other.example" }));
    refused(&foreign, "issuer-unknown");
    let (_, problem) = ends(2, &here, &["token", "inspect", &token, "--policy", "none.yaml"]);
    assert!(problem.contains("cannot read `none.yaml`"), "{problem}");
}

#[test]
fn j01_what_is_suspicious_is_named() {
    let here = folder("token-suspicious");
    let claims = json!({ "iss": "https://a.example", "sub": "u", "aud": "a", "exp": 4_000_000_000_u32, "iat": 3_999_999_000_u32, "jti": "x" });
    let with = |member: &str, value: Value| {
        let mut claims = claims.clone();
        claims[member] = value;
        claims
    };
    let sound = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": "k1" });
    let header = |member: &str, value: Value| {
        let mut header = sound.clone();
        header[member] = value;
        header
    };
    for (header, claims, code) in [
        (header("alg", json!("nOnE")), claims.clone(), "alg-none"),
        (header("alg", json!("HS512")), claims.clone(), "alg-unknown"),
        (header("alg", json!(7)), claims.clone(), "alg-missing"),
        (header("jku", json!("https://evil.example")), claims.clone(), "key-in-header"),
        (header("crit", json!(["exp"])), claims.clone(), "crit"),
        (header("zip", json!("DEF")), claims.clone(), "payload-transformed"),
        (header("typ", json!("JWT")), claims.clone(), "not-an-access-token"),
        (header("kid", json!("../../etc/passwd")), claims.clone(), "kid-strange"),
        (header("kid", json!(1)), claims.clone(), "kid-malformed"),
        (sound.clone(), with("exp", json!("4000000000")), "time-malformed"),
        (sound.clone(), with("exp", json!(1)), "expired"),
        (sound.clone(), with("nbf", json!(3_999_999_999_u32)), "not-yet-valid"),
        (sound.clone(), with("exp", json!(3_999_998_000_u32)), "never-valid"),
        (sound.clone(), with("exp", json!(4_999_998_000_u64)), "long-lived"),
        (sound.clone(), with("sub", json!("")), "claim-empty"),
        (sound.clone(), with("email", json!("a@b.example")), "personal-claims"),
        (sound.clone(), with("iss", json!("blog")), "issuer-not-https"),
    ] {
        let report = inspected(&here, 0, &written(&header, &claims), &[]);
        assert!(codes(&report).contains(&code), "{code}: {report:#}");
    }
    let hmac = json!({ "alg": "HS256", "jwk": { "kty": "RSA" } });
    let report = inspected(&here, 0, &written(&hmac, &json!({})), &[]);
    assert_eq!(
        codes(&report),
        [
            "key-confusion",
            "exp-missing",
            "claim-missing",
            "claim-missing",
            "claim-missing",
            "key-in-header",
            "typ-missing",
            "kid-missing",
            "claim-missing",
            "claim-missing"
        ]
    );
    let twice = format!("{}.{}.AA", b64(br#"{"alg":"none","alg":"EdDSA"}"#), b64(b"{}"));
    assert!(codes(&inspected(&here, 0, &twice, &[])).contains(&"duplicate-member"));
    let unsigned = format!("{}.{}.", b64(br#"{"alg":"none"}"#), b64(b"{}"));
    assert!(codes(&inspected(&here, 0, &unsigned, &[])).contains(&"unsigned"));
    // What is sound draws nothing but that it is of the future.
    assert_eq!(codes(&inspected(&here, 0, &written(&sound, &claims), &[])), ["issued-in-future"]);
}

#[test]
fn the_first_word_is_that_nothing_is_verified() {
    let here = service("token-loud");
    let token = minted(&here, &[]);
    let (said, problems) = ends(0, &here, &["token", "inspect", &token]);
    assert!(said.starts_with("NOT VERIFIED: "), "{said}");
    assert_eq!(problems, "");
    assert!(said.contains("\n  exp: ") && said.contains("Z, in 15 minutes\n"), "{said}");
}

/// Whatever a stranger wrote into a token, the terminal shows it and does nothing else.
#[test]
fn a3_control_characters_are_escaped() {
    let here = folder("token-hostile");
    let hostile = "\u{1b}[2J\r\n\u{9b}31m\u{202e}\u{7}";
    let header =
        json!({ "alg": hostile, "typ": hostile, "kid": hostile, hostile: 1, "crit": [hostile] });
    let claims =
        json!({ "iss": hostile, "sub": { hostile: hostile }, hostile: hostile, "exp": hostile });
    let token = written(&header, &claims);
    for format in ["text", "json"] {
        let (said, _) = ends(0, &here, &["token", "inspect", &token, "--format", format]);
        let plain = |letter: char| letter == '\n' || !letter.is_control() && letter != '\u{202e}';
        assert!(said.chars().all(plain), "{said:?}");
    }
    fs::write(here.join("jwk.json"), VECTORS[3].2).unwrap();
    let arguments = ["token", "verify", "--jwk", "jwk.json", "--alg", "EdDSA", &token];
    let (said, _) = ends(1, &here, &arguments);
    assert!(said.chars().all(|letter| letter == '\n' || !letter.is_control()), "{said:?}");
}

#[test]
fn e5_garbage_is_a_sentence_and_a_1() {
    let here = folder("token-garbage");
    for garbage in [
        "",
        ".",
        "..",
        "...",
        "....",
        "\u{0}",
        "\u{1b}[31m",
        "Bearer eyJ",
        "{\"payload\":\"\"}",
        "e30.e30.e30.e30",
        "😀.😀.😀",
        "-",
        "e30..",
        ".e30.",
        "bnVsbA.bnVsbA.",
    ] {
        if garbage.contains('\u{0}') {
            continue; // No argument holds it; standard input does, below.
        }
        let (said, problems) = ends(1, &here, &["token", "inspect", "--", garbage]);
        assert!(
            said.starts_with("this is no token: ") && problems.is_empty(),
            "{garbage:?}: {said}"
        );
        let (said, _) = ends(1, &here, &["token", "inspect", "--format", "json", "--", garbage]);
        let report: Value = serde_json::from_str(&said).unwrap();
        assert!(report["problem"].as_str().unwrap().len() > 8, "{report}");
    }
    for bytes in [&b"\0\xff\xfe.\x80."[..], &[b'a'; 40_000], b""] {
        let said = inspected_from_input(&here, bytes);
        assert!(said.starts_with("this is no token: "), "{said}");
    }
}

#[test]
fn a_token_may_come_from_standard_input() {
    let here = service("token-input");
    let token = format!("  {}\n", minted(&here, &[]));
    assert!(inspected_from_input(&here, token.as_bytes()).starts_with("NOT VERIFIED"));
}

fn inspected_from_input(here: &Path, bytes: &[u8]) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cargo-auth"));
    command.current_dir(here).args(["token", "inspect"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // It may stop reading before the end.
    let _ = child.stdin.take().unwrap().write_all(bytes);
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}
