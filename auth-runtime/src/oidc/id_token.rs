//! ID tokens (OpenID Connect Core, section 3.1.3.7). In: claims that the provider signed, and what
//! was asked for. Out: who signed in, or the first reason against it.

use auth_policy::settings::Algorithm;
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    clock::Timestamp,
    jwt::{self, MAX_NAME_BYTES, Signed, TokenError},
    secret::Secret,
};

/// How far the clocks of provider and service may be apart, in seconds.
const LEEWAY: f64 = 30.0;

/// What an ID token must say.
pub(super) struct Expected<'e> {
    pub(super) issuer: &'e str,
    pub(super) client_id: &'e str,
    /// What this sign-in's request said.
    pub(super) nonce: &'e Secret,
    /// The access token that came along.
    pub(super) access_token: &'e Secret,
}

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Audience>,
    azp: Option<String>,
    exp: Option<f64>,
    iat: Option<f64>,
    nbf: Option<f64>,
    nonce: Option<Secret>,
    at_hash: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Expected<'_> {
    /// The subject, and all of the claims, of a token that says what it must.
    ///
    /// # Errors
    ///
    /// The first claim that is missing or not what was expected.
    pub(super) fn judge(
        &self,
        signed: &Signed,
        now: Timestamp,
    ) -> Result<(String, Value), TokenError> {
        let claims =
            jwt::read_object::<Claims>(&signed.claims).ok_or(TokenError::ClaimsMalformed)?;
        if claims.iss.ok_or(TokenError::ClaimMissing("iss"))? != self.issuer {
            return Err(TokenError::IssuerMismatch);
        }
        let audience = claims.aud.ok_or(TokenError::ClaimMissing("aud"))?;
        self.judge_audience(&audience, claims.azp.as_deref())?;
        judge_times(claims.exp, claims.iat, claims.nbf, now)?;
        // SECURITY: a token of another sign-in, stolen or replayed, has another nonce.
        let nonce = claims.nonce.ok_or(TokenError::ClaimMissing("nonce"))?;
        if !self.nonce.matches(nonce.expose()) {
            return Err(TokenError::ClaimMalformed("nonce"));
        }
        if claims.at_hash.is_some_and(|hash| hash != self.half_hash(signed.algorithm)) {
            return Err(TokenError::ClaimMalformed("at_hash"));
        }
        let subject = claims.sub.ok_or(TokenError::ClaimMissing("sub"))?;
        if subject.is_empty() || subject.len() > MAX_NAME_BYTES {
            return Err(TokenError::ClaimMalformed("sub"));
        }
        let all = jwt::read_object::<Value>(&signed.claims).ok_or(TokenError::ClaimsMalformed)?;
        Ok((subject, all))
    }

    fn judge_audience(
        &self,
        audience: &Audience,
        authorized: Option<&str>,
    ) -> Result<(), TokenError> {
        let (named, several) = match audience {
            Audience::One(name) => (name == self.client_id, false),
            Audience::Several(names) => {
                (names.iter().any(|name| name == self.client_id), names.len() > 1)
            }
        };
        if !named {
            return Err(TokenError::AudienceMismatch);
        }
        match authorized {
            Some(party) if party != self.client_id => Err(TokenError::ClaimMalformed("azp")),
            None if several => Err(TokenError::ClaimMissing("azp")),
            _ => Ok(()),
        }
    }

    /// What `at_hash` says of the access token: half of a hash of the signature's size.
    fn half_hash(&self, algorithm: Algorithm) -> String {
        let hash = match algorithm {
            Algorithm::EdDSA => &digest::SHA512,
            _ => &digest::SHA256,
        };
        // Hashed, to be compared.
        let hash = digest::digest(hash, self.access_token.expose().as_bytes());
        let half = hash.as_ref().len() / 2;
        URL_SAFE_NO_PAD.encode(hash.as_ref().get(..half).unwrap_or_default())
    }
}

fn judge_times(
    expires_at: Option<f64>,
    issued_at: Option<f64>,
    not_before: Option<f64>,
    now: Timestamp,
) -> Result<(), TokenError> {
    let expires_at = expires_at.ok_or(TokenError::ClaimMissing("exp"))?;
    let issued_at = issued_at.ok_or(TokenError::ClaimMissing("iat"))?;
    let now = now.0 as f64;
    if issued_at > now + LEEWAY {
        return Err(TokenError::IssuedInFuture);
    }
    if not_before.is_some_and(|moment| moment > now + LEEWAY) {
        return Err(TokenError::NotYetValid);
    }
    if now - LEEWAY >= expires_at { Err(TokenError::Expired) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn judge(edit: impl Fn(&mut Value)) -> Result<String, TokenError> {
        let mut claims = json!({
            "iss": "https://id.example", "sub": "u", "aud": "blog", "exp": NOW + 300,
            "iat": NOW, "nonce": "n",
        });
        edit(&mut claims);
        let signed = Signed { claims: claims.to_string(), algorithm: Algorithm::ES256 };
        let (nonce, access_token) = (Secret::from("n".to_owned()), Secret::from("t".to_owned()));
        let expected = Expected {
            issuer: "https://id.example",
            client_id: "blog",
            nonce: &nonce,
            access_token: &access_token,
        };
        expected.judge(&signed, Timestamp(NOW)).map(|(subject, _)| subject)
    }

    #[test]
    fn oc7_a_token_that_says_what_it_must_is_accepted() {
        assert_eq!(judge(|_| ()), Ok("u".to_owned()));
        assert_eq!(judge(|claims| claims["aud"] = json!(["blog"])), Ok("u".to_owned()));
        let several = judge(|claims| {
            claims["aud"] = json!(["blog", "shop"]);
            claims["azp"] = json!("blog");
        });
        assert_eq!(several, Ok("u".to_owned()));
        // SHA-256("t") begins with e3b98a4da31a127d4bde6e43033f66ba.
        let hashed = judge(|claims| claims["at_hash"] = json!("47mKTaMaEn1L3m5DAz9mug"));
        assert_eq!(hashed, Ok("u".to_owned()));
    }

    #[test]
    fn oc7_any_claim_that_is_missing_or_another_ends_it() {
        use TokenError::{ClaimMalformed as Malformed, ClaimMissing as Missing};
        for name in ["iss", "sub", "aud", "exp", "iat", "nonce"] {
            let without = judge(|claims| drop(claims.as_object_mut().unwrap().remove(name)));
            assert_eq!(without, Err(Missing(name)));
        }
        let several = json!(["blog", "shop"]);
        for (name, value, why) in [
            ("iss", json!("https://id.example/"), TokenError::IssuerMismatch),
            ("aud", json!("shop"), TokenError::AudienceMismatch),
            ("aud", json!([]), TokenError::AudienceMismatch),
            ("aud", several, Missing("azp")),
            ("azp", json!("shop"), Malformed("azp")),
            ("exp", json!(NOW - 30), TokenError::Expired),
            ("exp", json!("1900000000"), TokenError::ClaimsMalformed),
            ("iat", json!(NOW + 31), TokenError::IssuedInFuture),
            ("nbf", json!(NOW + 31), TokenError::NotYetValid),
            ("nonce", json!("m"), Malformed("nonce")),
            ("nonce", json!(""), Malformed("nonce")),
            ("at_hash", json!("47mKTaMaEn1L3m5DAz9muh"), Malformed("at_hash")),
            ("sub", json!(""), Malformed("sub")),
            ("sub", json!("x".repeat(256)), Malformed("sub")),
        ] {
            assert_eq!(judge(|claims| claims[name] = value.clone()), Err(why), "{name} {value}");
        }
    }

    #[test]
    fn oc7_clocks_may_be_half_a_minute_apart() {
        assert!(judge(|claims| claims["exp"] = json!(NOW - 29)).is_ok());
        assert!(judge(|claims| claims["iat"] = json!(NOW + 30)).is_ok());
    }
}
