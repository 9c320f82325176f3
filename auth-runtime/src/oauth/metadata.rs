//! What clients read about this server (RFC 8414) and this API (RFC 9728). In: the policy in force,
//! and what is mounted. Out: documents that promise exactly what is enforced.

use auth_policy::{Policy, settings::GrantType};
use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{OAuth, clients::ASSERTION_ALGORITHMS, pkce::METHOD, router::path};
use crate::{guard::Public, problem::Problem, rule::everybody};

/// Who may call it, and why.
type Everybody = everybody!("tells programs what this server offers");

/// How a client may show who it is, where it has something to show.
const PROOFS: [&str; 3] = ["client_secret_basic", "client_secret_post", "private_key_jwt"];

#[derive(Serialize)]
struct Server {
    issuer: String,
    #[serde(flatten)]
    authorization: Option<Authorization>,
    token_endpoint: String,
    jwks_uri: String,
    scopes_supported: Vec<String>,
    response_types_supported: Vec<&'static str>,
    grant_types_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    revocation_endpoint: String,
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
}

/// What is said where people can let clients in, and nowhere else.
#[derive(Serialize)]
struct Authorization {
    authorization_endpoint: String,
    response_modes_supported: [&'static str; 1],
    code_challenge_methods_supported: [&'static str; 1],
    authorization_response_iss_parameter_supported: bool,
}

#[derive(Serialize)]
struct Resource {
    resource: String,
    authorization_servers: Vec<String>,
    scopes_supported: Vec<String>,
    bearer_methods_supported: [&'static str; 1],
}

pub(super) async fn server(
    _: Public<Everybody>,
    State(oauth): State<OAuth>,
) -> Result<Response, Problem> {
    let policy = oauth.auth().policy();
    let issuer = issuer(&policy).ok_or_else(Problem::not_found)?;
    let at = |path: &str| format!("{issuer}{path}");
    let algorithms: Vec<_> = ASSERTION_ALGORITHMS.iter().map(|it| it.name()).collect();
    let grants = oauth.offered();
    let codes = grants.contains(&GrantType::AuthorizationCode);
    // A client that can keep no secret shows that it is the one by the verifier of its code.
    let proofs: Vec<_> = PROOFS.into_iter().chain(codes.then_some("none")).collect();
    let authorization = codes.then(|| Authorization {
        authorization_endpoint: at(path::AUTHORIZE),
        response_modes_supported: ["query"],
        code_challenge_methods_supported: [METHOD],
        authorization_response_iss_parameter_supported: true,
    });
    Ok(document(&Server {
        authorization,
        token_endpoint: at(path::TOKEN),
        jwks_uri: at(path::JWKS),
        scopes_supported: scopes(&policy),
        response_types_supported: codes.then_some("code").into_iter().collect(),
        grant_types_supported: grants.into_iter().map(GrantType::as_str).collect(),
        token_endpoint_auth_methods_supported: proofs.clone(),
        token_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
        revocation_endpoint: at(path::REVOKE),
        revocation_endpoint_auth_methods_supported: proofs,
        revocation_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
        introspection_endpoint: at(path::INTROSPECT),
        introspection_endpoint_auth_methods_supported: PROOFS.to_vec(),
        introspection_endpoint_auth_signing_alg_values_supported: algorithms,
        issuer,
    }))
}

pub(super) async fn resource(
    _: Public<Everybody>,
    State(oauth): State<OAuth>,
) -> Result<Response, Problem> {
    let policy = oauth.auth().policy();
    let issuer = issuer(&policy).ok_or_else(Problem::not_found)?;
    Ok(document(&Resource {
        resource: issuer.clone(),
        authorization_servers: vec![issuer],
        scopes_supported: scopes(&policy),
        // SECURITY: a token in a body or a URL is refused wherever it is met.
        bearer_methods_supported: ["header"],
    }))
}

/// The issuer, if this is an authorization server.
fn issuer(policy: &Policy) -> Option<String> {
    policy.oauth()?;
    policy.jwt().map(|(_, scheme)| scheme.issuer.clone())
}

fn scopes(policy: &Policy) -> Vec<String> {
    policy.scopes().iter().map(|scope| scope.name.clone()).collect()
}

fn document(document: &impl Serialize) -> Response {
    let kept = [(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"))];
    (kept, axum::Json(document)).into_response()
}
