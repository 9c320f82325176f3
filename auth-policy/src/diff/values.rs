//! A policy as the language would say it. In: a checked policy. Out: JSON in the shape of the table
//! of the language, with every default set, wildcards and inclusions followed, and names for ids.
//!
//! Two policies that mean the same come to the same values. A key of the language is found here
//! under its own name because the settings are serialised whole: what has to be said by hand is
//! only where a policy keeps something in another shape than its file.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    contents::{Contents, Invariant, NamedEndpoint, Role, Scheme, SchemeKind},
    ids::{LimitId, RoleId, SchemeId, ScopeId},
    requirement::Requirement,
    settings::{ApiKeyScheme, ForeignIssuer, Network, Provider},
};

/// Everything a policy says, by the keys of the language.
pub(super) fn values(contents: &Contents) -> Value {
    let named = Names(contents);
    // Lists that are said by hand below.
    let rest = Contents { scopes: Vec::new(), roles: Vec::new(), ..contents.clone() };
    let mut values = plain(&rest);
    let mut say = |key: &str, value| drop(values.insert(key.to_owned(), value));
    say("version", json!(1));
    say(
        "scopes",
        entries(&contents.scopes, |scope| {
            (scope.name.clone(), json!({ "is": scope.description, "mutates": scope.mutates }))
        }),
    );
    say("roles", entries(&contents.roles, |role| (role.name.clone(), named.role(role))));
    say("schemes", named.schemes(false));
    say("issuers", named.schemes(true));
    say("providers", entries(&contents.providers, |one| (one.name.clone(), provider(one))));
    say("limits", entries(&contents.limits, |one| (one.name.clone(), unnamed(one))));
    say(
        "endpoints",
        entries(&contents.endpoints, |entry| {
            (entry.kind.as_str().to_owned(), json!({ "limit": named.limit(entry.limit) }))
        }),
    );
    say("network", network(&contents.network));
    say("acr_values", contents.acr_values.iter().map(|acr| acr.value.as_str()).collect());
    say(
        "rules",
        entries(&contents.rules, |rule| (rule.name.clone(), named.rule(&rule.requirement))),
    );
    say("never", named.statements(false));
    say("always", named.statements(true));
    // Read out of the policy for content, which is compared itself.
    if let Some(Value::Object(headers)) = values.get_mut("headers") {
        headers.remove("frame_ancestors");
    }
    values.remove("path");
    values.remove("invariants");
    Value::Object(values)
}

/// The names of a policy's ids.
struct Names<'p>(&'p Contents);

impl Names<'_> {
    fn scopes(&self, ids: &[ScopeId]) -> Value {
        let scopes = ids.iter().filter_map(|id| self.0.scopes.get(id.0 as usize));
        scopes.map(|scope| scope.name.as_str()).collect()
    }

    fn role_name(&self, id: RoleId) -> &str {
        self.0.roles.get(id.0 as usize).map(|role| role.name.as_str()).unwrap_or_default()
    }

    fn limit(&self, id: LimitId) -> Option<&str> {
        self.0.limits.get(id.0 as usize).map(|limit| limit.name.as_str())
    }

    /// What a role comes to: how it is put together makes no difference.
    fn role(&self, role: &Role) -> Value {
        let others = role.all_roles.iter().map(|id| self.role_name(*id));
        let others: Value = others.filter(|name| *name != role.name).collect();
        json!({ "includes": others, "grants": self.scopes(&role.all_grants) })
    }

    /// The members of `schemes`, or those of `issuers`.
    fn schemes(&self, foreign: bool) -> Value {
        let is_foreign = |scheme: &&Scheme| matches!(scheme.kind, SchemeKind::Issuer(_));
        let schemes = self.0.schemes.iter().filter(|scheme| is_foreign(scheme) == foreign);
        schemes.map(|scheme| (scheme.name.clone(), self.scheme(&scheme.kind))).collect()
    }

    fn scheme(&self, kind: &SchemeKind) -> Value {
        Value::Object(match kind {
            SchemeKind::Jwt(jwt) => plain(jwt),
            SchemeKind::ApiKey(keys) => self.api_key(keys),
            SchemeKind::Session(session) => plain(session),
            SchemeKind::Issuer(issuer) => self.issuer(issuer),
        })
    }

    fn api_key(&self, keys: &ApiKeyScheme) -> Map<String, Value> {
        let mut said = plain(keys);
        said.insert("grants".to_owned(), self.scopes(&keys.grants));
        said.insert("limit".to_owned(), keys.limit.and_then(|id| self.limit(id)).into());
        said
    }

    fn issuer(&self, issuer: &ForeignIssuer) -> Map<String, Value> {
        let roles = issuer.roles.iter();
        let roles = roles.map(|(theirs, ours)| (theirs.clone(), self.role_name(*ours).into()));
        let mut said = plain(issuer);
        said.insert("roles".to_owned(), Value::Object(roles.collect()));
        said.insert("may_grant".to_owned(), self.scopes(&issuer.may_grant));
        said
    }

    /// A rule, which is compared by whom it admits.
    fn rule(&self, rule: &Requirement) -> Value {
        let scheme = |id: &SchemeId| self.0.schemes.get(id.0 as usize).map(|one| &one.name);
        let role = rule.role.map(|id| self.role_name(id));
        let acr = rule.acr.and_then(|id| self.0.acr_values.get(id.0 as usize));
        let scopes = match (rule.scopes.is_empty(), rule.any_scope) {
            (true, _) => Value::Null,
            (_, true) => json!({ "any": self.scopes(&rule.scopes) }),
            (_, false) => self.scopes(&rule.scopes),
        };
        json!({
            "schemes": rule.schemes.iter().filter_map(scheme).collect::<Vec<_>>(),
            "scopes": scopes,
            "role": role,
            "limit": rule.limit.and_then(|id| self.limit(id)),
            "max_age": rule.max_age,
            "acr": acr.map(|acr| &acr.value),
        })
    }

    /// The statements of one kind, sorted: their order makes no difference.
    fn statements(&self, holds: bool) -> Value {
        let said = |statement: &Invariant| {
            let reaches = match &statement.endpoint {
                Some(NamedEndpoint { method, path, place: _ }) => {
                    json!({ "endpoint": format!("{method} {path}") })
                }
                None => json!({ "scopes": self.scopes(&statement.scopes) }),
            };
            json!({ "role": self.role_name(statement.role), "reaches": reaches })
        };
        let statements = self.0.invariants.iter().filter(|statement| statement.holds == holds);
        let mut statements: Vec<_> = statements.map(said).collect();
        statements.sort_by_cached_key(ToString::to_string);
        Value::Array(statements)
    }
}

/// The members of a struct that has the keys of the language.
fn plain(settings: &impl Serialize) -> Map<String, Value> {
    // INVARIANT: these are structs without maps, which serde_json always writes.
    match serde_json::to_value(settings) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

fn entries<T>(list: &[T], say: impl Fn(&T) -> (String, Value)) -> Value {
    Value::Object(list.iter().map(say).collect())
}

/// An entry without what is said by its place in the map.
fn unnamed(entry: &impl Serialize) -> Value {
    let mut said = plain(entry);
    said.remove("name");
    said.remove("place");
    Value::Object(said)
}

/// A provider, of whichever kind.
fn provider(provider: &Provider) -> Value {
    let mut said = unnamed(provider);
    if let Some(said) = said.as_object_mut()
        && let Some(Value::Object(kind)) = said.remove("kind")
    {
        let members = kind.into_iter().filter_map(|(_, members)| match members {
            Value::Object(members) => Some(members),
            _ => None,
        });
        said.extend(members.flatten());
    }
    said
}

fn network(network: &Network) -> Value {
    let mut said = plain(network);
    said.remove("proxies");
    if let Some(proxies) = &network.proxies {
        said.insert("trusted_proxies".to_owned(), json!(proxies.trusted));
        said.insert("header".to_owned(), json!(proxies.header));
    }
    Value::Object(said)
}
