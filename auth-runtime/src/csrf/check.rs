//! The check of a request whose credential came in a cookie. In: its parts, and the key of that
//! credential. Out: nothing to say against it, or a [`Forgery`].

use axum::http::{HeaderName, Method, request::Parts};

use super::{
    forgery::Forgery,
    key::CsrfKey,
    provenance::{only, provenance},
};

/// The header that carries the token.
const HEADER: HeaderName = HeaderName::from_static("x-csrf-token");

/// What a guard checks before it compares the rule.
///
/// SECURITY: the browser sends a cookie whoever causes the request, so that the cookie alone says
/// nothing about who wanted it. `in_form` leaves the token, and nothing else, to the form that the
/// handler takes.
pub(crate) fn check(
    parts: &Parts,
    trusted: &[String],
    key: &CsrfKey,
    in_form: bool,
) -> Result<(), Forgery> {
    if is_safe(&parts.method) {
        return Ok(());
    }
    provenance(parts, trusted)?;
    if in_form {
        return Ok(());
    }
    let token = only(&parts.headers, &HEADER).map_err(|_| Forgery::Token)?;
    check_token(token, key)
}

/// Whether the token that was presented is the credential's.
pub(crate) fn check_token(token: Option<&[u8]>, key: &CsrfKey) -> Result<(), Forgery> {
    match token {
        None => Err(Forgery::NoToken),
        Some(token) if key.accepts(token) => Ok(()),
        Some(_) => Err(Forgery::Token),
    }
}

/// The methods that change nothing (RFC 9110, section 9.2.1): those and no others.
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}
