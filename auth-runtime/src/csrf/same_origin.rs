//! The proof for requests without a credential. In: a request that signs somebody in, or the like.
//! Out: [`SameOrigin`]; or 403 where a page of somebody else's may have caused it.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};

use super::{
    forgery::Forgery,
    provenance::{Provenance, only, provenance},
};
use crate::{authorize::Door, context::Context, denial::Denial};

/// Proof that no page of another origin has caused this request.
///
/// A guard asks for the CSRF token of a credential. Where there is no credential yet, as when
/// somebody signs in, registers or resets a password, a handler takes this as an argument instead:
/// otherwise a foreign page could sign its visitor in to an account of the attacker's (C5).
///
/// It is there when the browser says, in `Sec-Fetch-Site` or else in `Origin`, that the page is one
/// of this service's or of an origin that `csrf.trusted_origins` lists. Where nothing is said, it
/// is there for a body in JSON alone: no page of another origin can send one without an `Origin`.
///
/// # Errors
///
/// 403, code `csrf`, before the body is read; the exact cause is in an audit event.
///
/// # Example
///
/// ```
/// use auth_runtime::{csrf::SameOrigin, extract::Json, public};
///
/// #[public(reason = "signs in")]
/// async fn sign_in(_: SameOrigin, Json(name): Json<String>) -> String {
///     format!("hello {name}")
/// }
/// # use auth_runtime::{Router, routing::post};
/// # let _: Router = Router::new().route("/login", post(sign_in));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SameOrigin(());

impl<S: Send + Sync> FromRequestParts<S> for SameOrigin {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Denial> {
        let visit = Context::visit(parts)?;
        match judge(parts, &visit.in_force.policy.csrf().trusted_origins) {
            Ok(()) => Ok(Self(())),
            Err(forgery) => Err(Door::new(visit, parts).refuse_forged(None, forgery).into()),
        }
    }
}

fn judge(parts: &Parts, trusted: &[String]) -> Result<(), Forgery> {
    match provenance(parts, trusted)? {
        Provenance::Ours => Ok(()),
        Provenance::Untold if is_json(&parts.headers) => Ok(()),
        Provenance::Untold => Err(Forgery::Untold),
    }
}

/// Whether the body says it is JSON. A form can say so of no body.
fn is_json(headers: &HeaderMap) -> bool {
    let Ok(Some(value)) = only(headers, &header::CONTENT_TYPE) else { return false };
    let essence = value.split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, Request};

    use super::*;

    fn judged(headers: &[(&'static str, &str)]) -> Result<(), Forgery> {
        let mut request = Request::post("/login").header("host", "b.c").body(()).unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
        }
        judge(&request.into_parts().0, &[])
    }

    #[test]
    fn c5_where_nothing_is_said_only_json_will_do() {
        for media_type in ["application/json", "application/JSON; charset=utf-8"] {
            assert_eq!(judged(&[("content-type", media_type)]), Ok(()));
        }
        for media_type in [
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "text/plain",
            "text/plain; application/json",
            "text/plain;application/json",
            "",
        ] {
            assert_eq!(judged(&[("content-type", media_type)]), Err(Forgery::Untold));
        }
        assert_eq!(judged(&[]), Err(Forgery::Untold));
        assert_eq!(judged(&[("content-type", "application/json"); 2]), Err(Forgery::Untold));
    }

    /// A WebSocket is opened with one.
    #[test]
    fn c5_a_get_is_judged_as_well() {
        let get = |origin: &str| Request::get("/").header("host", "b.c").header("origin", origin);
        let judged = |origin| judge(&get(origin).body(()).unwrap().into_parts().0, &[]);
        assert_eq!(judged("https://b.c"), Ok(()));
        assert_eq!(judged("https://evil.example"), Err(Forgery::Origin));
    }

    #[test]
    fn c5_json_from_elsewhere_is_refused_all_the_same() {
        let json = ("content-type", "application/json");
        let evil = ("origin", "https://evil.example");
        assert_eq!(judged(&[json, evil]), Err(Forgery::Origin));
        assert_eq!(judged(&[json, ("sec-fetch-site", "cross-site")]), Err(Forgery::CrossSite));
        assert_eq!(judged(&[("origin", "https://b.c")]), Ok(()));
        assert_eq!(judged(&[("sec-fetch-site", "same-origin")]), Ok(()));
    }
}
