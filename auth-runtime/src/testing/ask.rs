//! One request of a test. In: an endpoint and the headers of a credential. Out: whether its guard let
//! the caller in, refused them as a guard does, or something else answered.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU32, Ordering},
};

use auth_policy::lock::{Endpoint, Lock, Rule};
use axum::{
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use tower_service::Service;

use super::probe::Probe;
use crate::Protected;

/// The most bytes of an answer that are read.
const MAX_ANSWER: usize = 64 * 1024;

/// What a path's parameters are filled with.
const PLACEHOLDER: &str = "policy-test";

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    LetIn,
    Refused,
    /// Neither, as far as can be seen: what came instead.
    Unclear(String),
}

/// Sends requests.
pub(super) struct Asker {
    pub(super) app: Protected,
    pub(super) lock: Lock,
    /// How many were sent: each comes from another address, so that limits by address do not hold.
    pub(super) sent: AtomicU32,
}

impl Asker {
    /// `scheme` is that of the credential in the headers.
    pub(super) async fn ask(
        &self,
        endpoint: &Endpoint,
        scheme: Option<&str>,
        headers: &HeaderMap,
    ) -> Answer {
        let probe = Probe::default();
        let request = match self.request(endpoint, headers, &probe) {
            Ok(request) => request,
            Err(problem) => return Answer::Unclear(problem),
        };
        let is_head = request.method() == Method::HEAD;
        let Ok(response) = self.app.clone().call(request).await;
        if let Some(problem) = astray(&probe, endpoint) {
            return Answer::Unclear(format!("{problem}, and the answer is {}", response.status()));
        }
        if probe.let_in() {
            return Answer::LetIn;
        }
        let (status, code) = said(response).await;
        let known = refusals(&endpoint.rule, scheme);
        let refused = known.contains(&(status, code.as_str()))
            || is_head && known.iter().any(|(known, _)| *known == status);
        if refused { Answer::Refused } else { Answer::Unclear(format!("{status} {code}")) }
    }

    fn request(
        &self,
        endpoint: &Endpoint,
        headers: &HeaderMap,
        probe: &Probe,
    ) -> Result<Request, String> {
        let method = self.method(endpoint)?;
        let request = Request::builder().method(method).uri(path(&endpoint.path));
        let mut request = request.body(Body::empty()).map_err(|error| error.to_string())?;
        request.headers_mut().extend(headers.clone());
        request.headers_mut().insert(header::HOST, HeaderValue::from_static("localhost"));
        request.extensions_mut().insert(ConnectInfo(self.address()));
        request.extensions_mut().insert(probe.clone());
        Ok(request)
    }

    /// An address of the block for measurements (RFC 2544), which nobody has.
    fn address(&self) -> SocketAddr {
        let [_, b, c, d] = (self.sent.fetch_add(1, Ordering::Relaxed) % (1 << 17)).to_be_bytes();
        SocketAddr::from(([198, 18 + b, c, d], 443))
    }

    /// A method that the endpoint answers.
    fn method(&self, endpoint: &Endpoint) -> Result<Method, String> {
        if endpoint.method != "ANY" {
            return endpoint.method.parse().map_err(|_| "no method".to_owned());
        }
        let taken = |method: &Method| {
            let mut endpoints = self.lock.endpoints.iter();
            endpoints.any(|other| other.path == endpoint.path && other.method == method.as_str())
        };
        let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        methods
            .into_iter()
            .find(|method| !taken(method))
            .ok_or_else(|| "every method of the path has an endpoint of its own".to_owned())
    }
}

/// A path that leads to an endpoint.
fn path(routed: &str) -> String {
    let segment = |segment: &str| {
        let fill = segment.starts_with('*') || segment.contains('{');
        if fill { PLACEHOLDER.to_owned() } else { segment.to_owned() }
    };
    let path = routed.split('/').map(segment).collect::<Vec<_>>().join("/");
    if path.starts_with('/') { path } else { format!("/{path}") }
}

/// What is wrong with where a request ended.
fn astray(probe: &Probe, endpoint: &Endpoint) -> Option<String> {
    match probe.route() {
        None => Some("no guard was reached".to_owned()),
        Some(route) if route == endpoint.path || endpoint.path.ends_with('*') => None,
        Some(route) => Some(format!("the guard of `{route}` was reached")),
    }
}

async fn said(response: Response) -> (StatusCode, String) {
    let status = response.status();
    let body = to_bytes(response.into_body(), MAX_ANSWER).await.unwrap_or_default();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let code = problem.get("code").and_then(|code| code.as_str()).unwrap_or_default();
    (status, code.to_owned())
}

/// How a guard refuses a credential that is good.
///
/// One that counts at the endpoint is refused for what it lacks, so that a credential which is not
/// good at all is never taken for a refusal of this kind.
fn refusals(rule: &Rule, scheme: Option<&str>) -> Vec<(StatusCode, &'static str)> {
    let counts = |scheme: &str| match rule {
        Rule::Guarded(guard) => guard.schemes.iter().any(|named| named == scheme),
        Rule::Public { .. } | Rule::Unguarded { .. } => false,
    };
    match scheme {
        Some(scheme) if counts(scheme) => vec![
            (StatusCode::FORBIDDEN, "insufficient_scope"),
            (StatusCode::UNAUTHORIZED, "insufficient_user_authentication"),
        ],
        Some(_) => vec![
            (StatusCode::UNAUTHORIZED, "unauthenticated"),
            (StatusCode::UNAUTHORIZED, "invalid_token"),
        ],
        None => vec![(StatusCode::UNAUTHORIZED, "unauthenticated")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_fallbacks_are_filled() {
        assert_eq!(path("/"), "/");
        assert_eq!(path("/posts/{id}/replies"), "/posts/policy-test/replies");
        assert_eq!(path("/files/{*rest}"), "/files/policy-test");
        assert_eq!(path("/admin/*"), "/admin/policy-test");
        assert_eq!(path("*"), "/policy-test");
    }
}
