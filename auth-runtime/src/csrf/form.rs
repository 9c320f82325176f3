//! The form of a page. In: a request that was let in, with a form as its body. Out: what the form
//! says, if the token in it is that of the caller's credential.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;

use super::{check::check_token, forgery::Forgery, provenance::only};
use crate::{authorize::Door, context::Context, problem::Problem};

/// The field that carries the token.
const FIELD: &str = "csrf_token";

/// The form of an HTML page, as the last argument of its handler.
///
/// An HTML form can send no header, so the token travels in its field `csrf_token`: put
/// [`Identity::csrf_token`](crate::Identity::csrf_token) there as a hidden input. The rule above the
/// handler sees this type among the arguments and leaves the token to it; Fetch Metadata and
/// `Origin` are checked before the body is read, all the same. `T` is the form without that field.
///
/// Where the credential of the request did not come in a cookie, or there is none, no token is
/// asked for. A form that signs somebody in asks for [`SameOrigin`](super::SameOrigin) besides.
///
/// Under another name, or with an attribute on the argument, the rule does not see it and asks for
/// the header as well.
///
/// # Errors
///
/// 403, code `csrf`, for a token that is missing, wrong or there twice; 413 for too much of a body,
/// 415 for another media type than `application/x-www-form-urlencoded`, 422 for a form that is not
/// a `T`.
///
/// # Example
///
/// ```
/// use auth_runtime::{authenticate, csrf::CsrfForm};
///
/// #[derive(serde::Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct NewPost {
///     title: String,
/// }
///
/// #[authenticate(session, scopes = "write:posts")]
/// async fn create(CsrfForm(new): CsrfForm<NewPost>) -> String {
///     new.title
/// }
/// # use auth_runtime::{Router, routing::post};
/// # let _: Router = Router::new().route("/posts", post(create));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CsrfForm<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for CsrfForm<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_form(request.headers()) {
            return Err(wrong_media_type());
        }
        let (parts, body) = request.into_parts();
        let whole = Request::from_parts(parts.clone(), body);
        let body = Bytes::from_request(whole, state).await;
        let body = body.map_err(|refusal| unreadable(refusal.status()))?;
        let (token, rest) = take_token(&body);
        admit(&parts, token)?;
        serde_urlencoded::from_bytes(&rest).map(Self).map_err(|_| wrong_form())
    }
}

/// The token of a form, and what else is in it.
fn take_token(body: &[u8]) -> (Result<Option<Vec<u8>>, Forgery>, Vec<u8>) {
    let mut token = Ok(None);
    let mut rest = Vec::new();
    for pair in body.split(|byte| *byte == b'&') {
        match form_urlencoded::parse(pair).next() {
            Some((name, value)) if name == FIELD => {
                let first = matches!(token, Ok(None));
                token =
                    if first { Ok(Some(value.as_bytes().to_vec())) } else { Err(Forgery::Token) };
            }
            _ => rest.push(pair),
        }
    }
    (token, rest.join(&b'&'))
}

/// Whether the form may be taken, with the token that was in it.
fn admit(parts: &Parts, token: Result<Option<Vec<u8>>, Forgery>) -> Result<(), Problem> {
    let context = parts.extensions.get::<Context>();
    let Some((visit, identity)) = context.and_then(|it| Some((&it.visit, it.identity.as_ref()?)))
    else {
        return Ok(());
    };
    let Some(key) = identity.csrf() else { return Ok(()) };
    token
        .and_then(|token| check_token(token.as_deref(), key))
        .map_err(|forgery| Door::new(visit, parts).refuse_forged(Some(identity.clone()), forgery))
}

/// Whether the body says it is a form, once.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let Ok(Some(value)) = only(headers, &header::CONTENT_TYPE) else { return false };
    let essence = value.split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}

fn wrong_media_type() -> Problem {
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    Problem::new(status, "unsupported_media_type", "Unsupported media type")
        .detail("send the body as application/x-www-form-urlencoded")
}

fn unreadable(status: StatusCode) -> Problem {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(status, "payload_too_large", "Body too large")
        }
        _ => Problem::new(StatusCode::BAD_REQUEST, "malformed_body", "Malformed body")
            .detail("the body could not be read to its end"),
    }
}

fn wrong_form() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unprocessable", "Unprocessable body")
        .detail("the body is a form, but not of the fields this endpoint takes")
}

/// What a rule that leaves the token to a form asks of the form's type.
#[diagnostic::on_unimplemented(
    message = "this `CsrfForm` is not the one of `auth_runtime`",
    label = "the rule would leave the CSRF token to this type, which does not check it",
    note = "take `auth_runtime::csrf::CsrfForm`, or give a type of your own another name"
)]
pub trait ChecksToken: sealed::Sealed {}

impl<T> ChecksToken for CsrfForm<T> {}

mod sealed {
    pub trait Sealed {}
    impl<T> Sealed for super::CsrfForm<T> {}
}

/// Compiles for [`CsrfForm`] alone. The attributes name it beside an argument of that name.
pub const fn csrf_form<T: ChecksToken>() {}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(body: &str) -> (Result<Option<String>, Forgery>, String) {
        let (token, rest) = take_token(body.as_bytes());
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (token.map(|token| token.map(text)), text(rest))
    }

    #[test]
    fn c4_the_token_is_taken_out_of_a_form() {
        let token = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(taken("a=1&csrf_token=x&b=2"), (token("x"), "a=1&b=2".to_owned()));
        assert_eq!(taken("csrf%5Ftoken=%78"), (token("x"), String::new()));
        assert_eq!(taken("csrf_token"), (token(""), String::new()));
        assert_eq!(taken("csrf_token=a&csrf_token=a").0, Err(Forgery::Token));
        assert_eq!(taken("csrf_token=a&csrf_token=b&csrf_token=c").0, Err(Forgery::Token));
        assert_eq!(taken("a=csrf_token&CSRF_TOKEN=x").0, Ok(None));
        assert_eq!(taken(""), (Ok(None), String::new()));
    }
}
