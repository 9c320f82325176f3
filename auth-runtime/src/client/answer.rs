//! Answers of a token endpoint (RFC 6749 sections 5.1 and 5.2). In: a status and JSON that somebody
//! else wrote. Out: a token, or why there is none.

use auth_policy::settings::Seconds;
use serde::Deserialize;

use super::{BearerToken, ClientError, TokenAnswer, token::Lifetime};
use crate::{clock::Timestamp, jwt::read_object, outbound::fits_a_header, secret::Secret};

/// How long a token lives whose server does not say, in seconds.
const ASSUMED: u64 = 60;
/// The longest error code that is repeated, in bytes.
const MAX_ERROR_BYTES: usize = 64;

#[derive(Deserialize)]
struct Granted {
    access_token: Secret,
    token_type: Option<String>,
    expires_in: Option<Span>,
    scope: Option<String>,
}

/// Some servers write the number as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Span {
    Number(u64),
    Text(String),
}

#[derive(Deserialize)]
struct Refused {
    error: String,
}

/// The token in an answer to a request for these scopes, made at that moment.
///
/// # Errors
///
/// When there is none, or it is not one that can be shown as `Bearer`.
pub(super) fn read(
    answer: &TokenAnswer,
    wanted: &[String],
    asked: Timestamp,
) -> Result<BearerToken, ClientError> {
    if answer.status != 200 {
        return Err(refusal(answer));
    }
    let granted: Granted = object(answer).ok_or(ClientError::Malformed)?;
    let named = granted.token_type.as_deref().unwrap_or_default();
    if !named.eq_ignore_ascii_case("Bearer") {
        return Err(ClientError::TokenType);
    }
    if !fits_a_header(&granted.access_token) {
        return Err(ClientError::Malformed);
    }
    let span = granted.expires_in.map_or(Some(ASSUMED), Span::seconds);
    let time = Lifetime::new(asked, Seconds(span.ok_or(ClientError::Malformed)?));
    let scopes = scopes(granted.scope.as_deref(), wanted);
    let missing = wanted.iter().filter(|scope| !scopes.contains(scope)).cloned().collect();
    Ok(BearerToken::new(granted.access_token, scopes, missing, time))
}

fn refusal(answer: &TokenAnswer) -> ClientError {
    let status = answer.status;
    // SECURITY: the code alone; a description may repeat what was sent.
    let error =
        object::<Refused>(answer).map(|refused| refused.error).filter(|error| is_code(error));
    match (status, error) {
        (400 | 401 | 403, Some(error)) => ClientError::Refused { status, error },
        _ => ClientError::Status { status, retry_after: answer.retry_after },
    }
}

fn object<T: serde::de::DeserializeOwned>(answer: &TokenAnswer) -> Option<T> {
    // The token is inside the text: reading it is what it is for.
    read_object(answer.json.as_ref()?.expose())
}

fn is_code(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    (1..=MAX_ERROR_BYTES).contains(&text.len()) && text.bytes().all(plain)
}

fn scopes(granted: Option<&str>, wanted: &[String]) -> Vec<String> {
    match granted {
        Some(granted) => granted.split_ascii_whitespace().map(str::to_owned).collect(),
        None => wanted.to_vec(),
    }
}

impl Span {
    fn seconds(self) -> Option<u64> {
        match self {
            Self::Number(seconds) => Some(seconds),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::MAX_TOKEN_BYTES;

    const ASKED: Timestamp = Timestamp(1_000);

    fn granted(json: &str) -> Result<BearerToken, ClientError> {
        let wanted = ["read:posts".to_owned(), "write:posts".to_owned()];
        read(&TokenAnswer::ok(json.to_owned()), &wanted, ASKED)
    }

    fn refused(status: u16, json: &str) -> ClientError {
        let answer = TokenAnswer { status, ..TokenAnswer::ok(json.to_owned()) };
        read(&answer, &[], ASKED).expect_err("a refusal")
    }

    #[test]
    fn m06_the_answer_of_the_standard_is_read() {
        let token = granted(
            r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"example","expires_in":3600}"#,
        );
        assert_eq!(token.err(), Some(ClientError::TokenType));
        let token = granted(
            r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"bEaReR","expires_in":3600}"#,
        )
        .expect("a token");
        assert_eq!(token.expose(), "2YotnFZFEjr1zCsicMWpAA");
        assert_eq!(token.given_until(), Timestamp(1_000 + 3_590));
        assert!(!format!("{token:?}").contains("2Yotn"));
    }

    #[test]
    fn m06_a_lifetime_is_a_number_of_seconds_or_a_short_one() {
        let until = |span: &str| {
            let json = format!(r#"{{"access_token":"t","token_type":"Bearer"{span}}}"#);
            granted(&json).map(|token| token.given_until().0 - ASKED.0)
        };
        assert_eq!(until(""), Ok(54));
        assert_eq!(until(r#","expires_in":null"#), Ok(54));
        assert_eq!(until(r#","expires_in":"3600""#), Ok(3_590));
        for none in ["-1", "1.5", "1e3", r#""soon""#, "[]", "true"] {
            let span = format!(r#","expires_in":{none}"#);
            assert_eq!(until(&span), Err(ClientError::Malformed), "{none}");
        }
    }

    #[test]
    fn m06_scopes_that_were_not_granted_are_reported() {
        let of = |scope: &str| {
            let json = format!(r#"{{"access_token":"t","token_type":"Bearer"{scope}}}"#);
            let token = granted(&json).expect("a token");
            (token.scopes().join(" "), token.missing_scopes().join(" "))
        };
        let pair = |granted: &str, missing: &str| (granted.to_owned(), missing.to_owned());
        assert_eq!(of(""), pair("read:posts write:posts", ""));
        assert_eq!(of(r#","scope":"read:posts""#), pair("read:posts", "write:posts"));
        assert_eq!(of(r#","scope":"write:posts more read:posts""#).1, "");
        assert_eq!(of(r#","scope":"""#), pair("", "read:posts write:posts"));
        assert_eq!(of(r#","scope":"read:post write:posts2""#).1, "read:posts write:posts");
    }

    #[test]
    fn m06_what_is_no_token_is_refused() {
        for json in [
            "",
            "<html>",
            "[]",
            r#"["t","Bearer",3600,""]"#,
            "{}",
            r#"{"token_type":"Bearer"}"#,
            r#"{"access_token":null,"token_type":"Bearer"}"#,
            r#"{"access_token":"","token_type":"Bearer"}"#,
            r#"{"access_token":"a b","token_type":"Bearer"}"#,
            r#"{"access_token":"a\r\nX: y","token_type":"Bearer"}"#,
            r#"{"access_token":"é","token_type":"Bearer"}"#,
            r#"{"access_token":"a","access_token":"b","token_type":"Bearer"}"#,
            r#"{"access_token":"a","token_type":"Bearer"} {}"#,
        ] {
            assert_eq!(granted(json).err(), Some(ClientError::Malformed), "{json}");
        }
        let long = "a".repeat(MAX_TOKEN_BYTES + 1);
        let long = format!(r#"{{"access_token":"{long}","token_type":"Bearer"}}"#);
        assert_eq!(granted(&long).err(), Some(ClientError::Malformed));
        for named in ["", r#","token_type":"mac""#, r#","token_type":"Bearer ""#] {
            let json = format!(r#"{{"access_token":"a"{named}}}"#);
            assert_eq!(granted(&json).err(), Some(ClientError::TokenType), "{json}");
        }
    }

    #[test]
    fn m06_a_refusal_says_its_code_and_nothing_that_it_repeats() {
        let error = "invalid_client".to_owned();
        let json = r#"{"error":"invalid_client","error_description":"hunter2 is wrong"}"#;
        assert_eq!(refused(401, json), ClientError::Refused { status: 401, error });
        for json in [r#"{"error":"a\nb"}"#, r#"{"error":""}"#, r#"["invalid_client"]"#, "no"] {
            let status = ClientError::Status { status: 400, retry_after: None };
            assert_eq!(refused(400, json), status, "{json}");
        }
        let status = ClientError::Status { status: 503, retry_after: None };
        assert_eq!(refused(503, r#"{"error":"temporarily_unavailable"}"#), status);
    }
}
