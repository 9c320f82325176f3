//! `components.securitySchemes`. In: the policy, and what is mounted. Out: how callers show who they
//! are, in OpenAPI's words; and by which of them a scheme of the policy goes.

use std::collections::BTreeMap;

use auth_policy::{
    Policy,
    policy::{Scheme, SchemeKind},
    settings::{ForeignIssuer, GrantType, JwtScheme},
};
use utoipa::openapi::{
    RefOr,
    security::{
        ApiKey, ApiKeyValue, AuthorizationCode, ClientCredentials, Flow, HttpAuthScheme,
        HttpBuilder, OAuth2, OpenIdConnect, Scopes, SecurityScheme,
    },
};

use crate::{
    oauth::{AUTHORIZE, TOKEN},
    routing::{Inventory, Method},
};

/// Where the router of the authorization server is.
const SERVER_MODULE: &str = "auth_runtime::oauth::";

/// The ways to show who one is, by their names in the document.
pub(super) struct Schemes {
    ways: BTreeMap<String, SecurityScheme>,
    /// The names of the ways of each scheme of the policy.
    of: BTreeMap<String, Vec<Way>>,
    /// The scheme of API keys: a rule that admits those is meant for programs as well.
    pub(super) api_key: Option<String>,
}

/// A way to show who one is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) name: String,
    pub(super) kind: WayKind,
}

/// What a guard makes of a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WayKind {
    /// The caller sends it.
    Sent,
    /// A browser sends it by itself.
    Cookie,
    /// The caller is a client that was given a token for some scopes.
    Granted {
        /// Whether clients may act for themselves here, and not for somebody alone.
        to_themselves: bool,
    },
}

impl Schemes {
    pub(super) fn of(policy: &Policy, inventory: &Inventory) -> Self {
        let api_key = policy.api_key().and_then(|(id, _)| policy.scheme(id));
        let api_key = api_key.map(|scheme| scheme.name.clone());
        let mut schemes = Self { ways: BTreeMap::new(), of: BTreeMap::new(), api_key };
        for scheme in policy.schemes() {
            // The scheme's own name first, so that no other way takes it.
            let own = own_way(scheme);
            schemes.add(scheme, &scheme.name, own);
        }
        for scheme in policy.schemes() {
            let SchemeKind::Jwt(jwt) = &scheme.kind else { continue };
            if let Some(cookies) = &jwt.cookies {
                let what = "An access token in a cookie, for browsers. Requests that change \
                            something need `X-CSRF-Token` as well.";
                let way =
                    ApiKey::Cookie(ApiKeyValue::with_description(cookies.access.as_str(), what));
                let way = (WayKind::Cookie, SecurityScheme::ApiKey(way));
                schemes.add(scheme, &format!("{}_cookie", scheme.name), way);
            }
            if let Some(server) = authorization_server(policy, jwt, inventory) {
                let to_themselves = server.flows.contains_key("clientCredentials");
                let kind = WayKind::Granted { to_themselves };
                let way = (kind, SecurityScheme::OAuth2(server));
                schemes.add(scheme, "oauth2", way);
            }
        }
        schemes
    }

    /// The ways of a scheme of the policy.
    pub(super) fn ways(&self, scheme: &str) -> &[Way] {
        self.of.get(scheme).map_or(&[], Vec::as_slice)
    }

    pub(super) fn into_components(self) -> BTreeMap<String, RefOr<SecurityScheme>> {
        self.ways.into_iter().map(|(name, way)| (name, RefOr::T(way))).collect()
    }

    fn add(&mut self, scheme: &Scheme, name: &str, (kind, way): (WayKind, SecurityScheme)) {
        let mut name = name.to_owned();
        while self.ways.contains_key(&name) {
            name.push('_');
        }
        self.ways.insert(name.clone(), way);
        self.of.entry(scheme.name.clone()).or_default().push(Way { name, kind });
    }
}

/// How a scheme's credential travels.
fn own_way(scheme: &Scheme) -> (WayKind, SecurityScheme) {
    match &scheme.kind {
        SchemeKind::Jwt(_) => (WayKind::Sent, bearer("An access token of this service.")),
        SchemeKind::ApiKey(key) => {
            let way =
                ApiKeyValue::with_description(key.header.as_str(), "An API key, for programs.");
            (WayKind::Sent, SecurityScheme::ApiKey(ApiKey::Header(way)))
        }
        SchemeKind::Session(session) => {
            let what = "A session, for browsers. Requests that change something need \
                        `X-CSRF-Token` as well.";
            let way = ApiKeyValue::with_description(session.cookie.as_str(), what);
            (WayKind::Cookie, SecurityScheme::ApiKey(ApiKey::Cookie(way)))
        }
        SchemeKind::Issuer(issuer) => (WayKind::Sent, foreign(issuer)),
    }
}

fn bearer(what: &str) -> SecurityScheme {
    let way = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
    SecurityScheme::Http(way.description(Some(what)).build())
}

/// Tokens of somebody else: where they are to be had, if the issuer tells.
fn foreign(issuer: &ForeignIssuer) -> SecurityScheme {
    let what = format!("An access token of {}.", issuer.issuer);
    if issuer.keys.is_some() {
        return bearer(&what);
    }
    let base = issuer.issuer.trim_end_matches('/');
    let discovery = format!("{base}/.well-known/openid-configuration");
    SecurityScheme::OpenIdConnect(OpenIdConnect::with_description(discovery, what))
}

/// The authorization server of the policy, as far as it is mounted.
fn authorization_server(policy: &Policy, jwt: &JwtScheme, inventory: &Inventory) -> Option<OAuth2> {
    let token = mounted(inventory, Method::Post, TOKEN, jwt)?;
    let authorize = mounted(inventory, Method::Get, AUTHORIZE, jwt);
    let scopes = || {
        let scopes = policy.scopes().iter();
        scopes.map(|scope| (scope.name.as_str(), scope.description.as_str())).collect::<Scopes>()
    };
    let flow = |grant: &GrantType| match grant {
        GrantType::ClientCredentials => {
            Some(Flow::ClientCredentials(ClientCredentials::new(token.clone(), scopes())))
        }
        GrantType::AuthorizationCode => {
            let code = AuthorizationCode::new(authorize.clone()?, token.clone(), scopes());
            Some(Flow::AuthorizationCode(code))
        }
        _ => None,
    };
    let flows: Vec<_> = policy.oauth()?.grants.iter().filter_map(flow).collect();
    (!flows.is_empty()).then(|| OAuth2::new(flows))
}

/// The address of an endpoint of the authorization server, as its metadata tells it.
fn mounted(inventory: &Inventory, method: Method, path: &str, jwt: &JwtScheme) -> Option<String> {
    let mut endpoints = inventory.endpoints().iter();
    let there = endpoints.any(|endpoint| {
        endpoint.method == method
            && endpoint.path == path
            && endpoint.handler.starts_with(SERVER_MODULE)
    });
    there.then(|| format!("{}{path}", jwt.issuer))
}
