//! How an operation is refused. In: the rule of its endpoint. Out: the answers 401, 403 and 429 where
//! it can give them, all of one form.

use auth_policy::{Policy, lock::Rule, policy::SchemeKind};
use utoipa::openapi::{
    Components, Content, Header, Ref, RefOr, Response,
    path::Operation,
    response::ResponseBuilder,
    schema::{ArrayBuilder, Object, ObjectBuilder, Schema, Type},
};

use crate::routing::{Endpoint, Method};

/// The names of what is declared once, in `components`.
const PROBLEM: &str = "AuthProblem";
const UNAUTHENTICATED: &str = "AuthUnauthenticated";
const FORBIDDEN: &str = "AuthForbidden";
const TOO_MANY: &str = "AuthTooManyRequests";

/// Adds the answers of a guard, unless the document describes answers of that status.
pub(super) fn write(endpoint: &Endpoint, policy: &Policy, operation: &mut Operation) {
    let refusals = [
        (is_asked_who(endpoint), "401", UNAUTHENTICATED),
        (can_forbid(endpoint, policy), "403", FORBIDDEN),
        (is_limited(endpoint, policy), "429", TOO_MANY),
    ];
    for (_, status, name) in refusals.into_iter().filter(|(can_happen, _, _)| *can_happen) {
        let answers = &mut operation.responses.responses;
        let answer = RefOr::Ref(Ref::from_response_name(name));
        answers.entry(status.to_owned()).or_insert(answer);
    }
}

/// Declares what the operations refer to.
pub(super) fn declare(components: &mut Components) {
    components.schemas.insert(PROBLEM.to_owned(), RefOr::T(problem()));
    let text = || RefOr::T(Schema::from(Object::with_type(Type::String)));
    let whole = || RefOr::T(Schema::from(Object::with_type(Type::Integer)));
    let answers = [
        (
            UNAUTHENTICATED,
            "No credential that counts here, or a bad one",
            ("WWW-Authenticate", text()),
        ),
        (
            FORBIDDEN,
            "A credential that is not enough, or a request of another site",
            ("WWW-Authenticate", text()),
        ),
        (TOO_MANY, "Asked too often", ("Retry-After", whole())),
    ];
    for (name, what, (header, schema)) in answers {
        let answer =
            ResponseBuilder::new().description(what).header(header, Header::new(schema)).content(
                "application/problem+json",
                Content::new(Some(Ref::from_schema_name(PROBLEM))),
            );
        components.responses.insert(name.to_owned(), RefOr::T(Response::from(answer)));
    }
}

fn is_asked_who(endpoint: &Endpoint) -> bool {
    match &endpoint.rule {
        Rule::Guarded(_) => true,
        Rule::Public { identity, .. } => !identity.is_empty(),
        Rule::Unguarded { .. } => false,
    }
}

fn can_forbid(endpoint: &Endpoint, policy: &Policy) -> bool {
    let changes =
        !matches!(endpoint.method, Method::Get | Method::Head | Method::Options | Method::Trace);
    let by_cookie = |named: &[String]| changes && named.iter().any(|name| has_cookie(name, policy));
    match &endpoint.rule {
        Rule::Guarded(guard) => {
            !guard.scopes.is_empty()
                || guard.role.is_some()
                || by_cookie(&guard.schemes)
                || refuses_clients(&guard.schemes, policy)
        }
        Rule::Public { identity, .. } => by_cookie(identity),
        Rule::Unguarded { .. } => false,
    }
}

/// Whether the tokens of clients count there that somebody let in, and open nothing without a scope.
fn refuses_clients(named: &[String], policy: &Policy) -> bool {
    let is_named = |id| policy.scheme(id).is_some_and(|scheme| named.contains(&scheme.name));
    let keys = policy.api_key().is_some_and(|(id, _)| is_named(id));
    policy.oauth().is_some() && !keys && policy.jwt().is_some_and(|(id, _)| is_named(id))
}

/// Whether a browser may send credentials of that scheme by itself.
fn has_cookie(scheme: &str, policy: &Policy) -> bool {
    let scheme = policy.scheme_id(scheme).and_then(|id| policy.scheme(id));
    scheme.is_some_and(|scheme| match &scheme.kind {
        SchemeKind::Jwt(jwt) => jwt.cookies.is_some(),
        SchemeKind::Session(_) => true,
        SchemeKind::ApiKey(_) | SchemeKind::Issuer(_) => false,
    })
}

fn is_limited(endpoint: &Endpoint, policy: &Policy) -> bool {
    let limited = |named: &[String]| {
        let keys = policy.api_key().filter(|(_, settings)| settings.limit.is_some());
        let keys = keys.and_then(|(id, _)| policy.scheme(id));
        keys.is_some_and(|scheme| named.contains(&scheme.name))
    };
    endpoint.limit.is_some()
        || match &endpoint.rule {
            Rule::Guarded(guard) => limited(&guard.schemes),
            Rule::Public { identity, .. } => limited(identity),
            Rule::Unguarded { .. } => false,
        }
}

/// The body of every refusal (RFC 9457).
fn problem() -> Schema {
    let text = || Object::with_type(Type::String);
    ObjectBuilder::new()
        .description(Some("A refusal (RFC 9457)"))
        .property("type", text())
        .required("type")
        .property("title", text())
        .required("title")
        .property("status", Object::with_type(Type::Integer))
        .required("status")
        .property("detail", text())
        .property("instance", text())
        .property("code", text())
        .required("code")
        .property("missing_scopes", ArrayBuilder::new().items(text()))
        .property("missing_role", text())
        .property("violated-policies", ArrayBuilder::new().items(text()))
        .property("retry_after", Object::with_type(Type::Integer))
        .into()
}
