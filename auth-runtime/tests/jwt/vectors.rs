//! Vectors of the RFCs and signatures of other implementations.

use auth_policy::settings::Algorithm;
use auth_runtime::jwt::{
    AccessGrant, Issuer, KeySet, TokenError, Verifier, verify, verify_jws, verify_jws_by,
};
use serde_json::{Value, json};

use super::world::*;

/// The payload of RFC 7515, appendix A.1 to A.3.
const JOE: &str =
    "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";

/// The payload of a JWS under a JWK.
fn payload(jws: &str, jwk: &Value, algorithm: Algorithm) -> Result<String, TokenError> {
    let keys = KeySet::parse(&jwk.to_string(), &[algorithm]).unwrap();
    verify_jws(jws, &keys.keys()[0]).map(|payload| String::from_utf8(payload).unwrap())
}

/// The same with the last letter but one of the signature changed.
fn spoiled(jws: &str) -> String {
    let place = jws.len() - 2;
    let other = if &jws[place..=place] == "A" { "B" } else { "A" };
    format!("{}{other}{}", &jws[..place], &jws[place + 1..])
}

fn holds(jws: &str, jwk: &Value, algorithm: Algorithm, expected: &str) {
    assert_eq!(payload(jws, jwk, algorithm).as_deref(), Ok(expected));
    let refusal = payload(&spoiled(jws), jwk, algorithm);
    assert_eq!(refusal, Err(TokenError::SignatureInvalid));
}

#[test]
fn rfc_7515_a1_hs256() {
    let jwk = json!({ "kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow" });
    let jws = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    holds(jws, &jwk, Algorithm::HS256, JOE);
}

#[test]
fn rfc_7515_a2_rs256() {
    let jwk = json!({ "kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ" });
    let jws = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    holds(jws, &jwk, Algorithm::RS256, JOE);
}

#[test]
fn rfc_7515_a3_es256() {
    let jwk = json!({ "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI" });
    let jws = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    holds(jws, &jwk, Algorithm::ES256, JOE);
}

#[test]
fn rfc_8037_a4_ed25519() {
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let jws = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    holds(jws, &jwk, Algorithm::EdDSA, "Example of Ed25519 signing");
}

#[test]
fn openssl_ps256_with_a_salt_as_long_as_the_hash() {
    let jws = "eyJhbGciOiJQUzI1NiIsInR5cCI6IkpXVCJ9.c2lnbmVkIGJ5IG9wZW5zc2w.tq23xA8e7N7YSERdnzCepG5lk4929SEY_pJfJihqLYMiCFIXGYCjCfhWK7NZoUdVU94V7_IQZV_t8WmlVfY6BKMrQ8t1K948dqeU-XZWy-LLVHO-e-383Ip78oENz7jA_Iz1CKCV2XzMgBNITi2QQFjxUU7QDgPObhNRzcv50PZBOqpLGUCv-EBiOLwUUaKn-brHqQTBbr90UdvxU-aVF0aEl_nNgpdeG4qFNYsEuyL0lfM-buCTUc5_ziBktoEEhL_Zr4caJ6vcEIuicxVGEzKaUvZcQ64zqlj1UPZx6npzvCc8TSExblrgMFB0ugYaQZb_J1S_PtDOsI5cXyBt5g";
    let keys = KeySet::from_pem(RSA_PUBLIC, Algorithm::PS256).unwrap();
    assert_eq!(verify_jws(jws, &keys.keys()[0]).unwrap(), b"signed by openssl");
    let keys = KeySet::from_pem(RSA_PUBLIC, Algorithm::RS256).unwrap();
    let refusal = verify_jws(jws, &keys.keys()[0]);
    assert_eq!(refusal, Err(TokenError::KeyForOtherAlgorithm));
}

#[test]
fn rfc_7638_thumbprints_name_keys_without_kid() {
    let kid = |jwk: Value, algorithm| {
        let keys = KeySet::parse(&jwk.to_string(), &[algorithm]).unwrap();
        keys.keys()[0].kid().unwrap().to_owned()
    };
    let rsa = json!({ "kty": "RSA", "e": "AQAB", "alg": "RS256", "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw" });
    assert_eq!(kid(rsa, Algorithm::RS256), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    let ed25519 = json!({ "kty": "OKP", "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let expected = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
    assert_eq!(kid(ed25519, Algorithm::EdDSA), expected);
}

#[test]
fn a_symmetric_key_without_kid_gets_no_name() {
    let mut set: Value = serde_json::from_str(&secret_jwk()).unwrap();
    set["keys"][0].as_object_mut().unwrap().remove("kid");
    let keys = KeySet::from_jwk_set(&set.to_string()).unwrap();
    assert_eq!(keys.keys()[0].kid(), None);
}

#[test]
fn keys_made_by_node_sign_and_verify() {
    let text = include_str!("../keys/node.jwks.json");
    let all = KeySet::from_jwk_set(text).unwrap();
    for algorithm in Algorithm::ALL {
        let set: Value = serde_json::from_str(text).unwrap();
        let keys = set["keys"].as_array().unwrap();
        let jwk = keys.iter().find(|key| key["alg"] == algorithm.name()).unwrap();
        let keys = KeySet::from_jwk_set(&jwk.to_string()).unwrap();
        let policy = policy(&[algorithm]);
        let issuer = Issuer::new(&policy, keys).unwrap();
        let token = issuer.access_token(&AccessGrant::new("u"), NOW).unwrap();
        assert!(verify_jws(token.token.expose(), all.signing_key(algorithm).unwrap()).is_ok());
        let by = |accepted| verify_jws_by(token.token.expose(), &all, accepted);
        assert!(by(algorithm).is_ok());
        for other in Algorithm::ALL.into_iter().filter(|other| *other != algorithm) {
            assert_eq!(by(other), Err(TokenError::AlgorithmNotListed));
        }
        let keys = KeySet::from_jwk_set(&jwk.to_string()).unwrap();
        let verifier = Verifier::own(&policy, keys).unwrap();
        assert!(verify(token.token.expose(), [&verifier], NOW).is_ok());
    }
}
