//! `schemes` and `issuers` as written. In: their nodes. Out: their forms.

use super::{
    ApiKeyForm, At, Entry, IssuerForm, JwtForm, RevocationForm, SchemeForm, SessionForm,
    browsers::{same_site, token_cookies},
    fields::{Fields, foreign},
    values,
};
use crate::{
    code::Code,
    report::Report,
    settings::{
        Algorithm, AudienceKind, KeyEnvironment, OnStoreDown, RevocationCheck, TokenType, WhenFull,
    },
    yaml::{Node, Value},
};

/// The three schemes of this service, each at most once.
pub(super) fn schemes(node: Option<&Node>, report: &mut Report) -> Vec<Entry<SchemeForm>> {
    let Some(fields) = node.and_then(|node| Fields::open(node, "schemes", report)) else {
        return Vec::new();
    };
    let mut list = Vec::new();
    for name in ["jwt", "api_key", "session"] {
        let Some((place, node)) = fields.entry(name) else { continue };
        let form = match name {
            "jwt" => SchemeForm::Jwt(Box::new(jwt(node, report))),
            "api_key" => SchemeForm::ApiKey(api_key(node, report)),
            _ => SchemeForm::Session(session(node, report)),
        };
        list.push(Entry { name: At { value: name.to_owned(), place }, form });
    }
    list
}

fn jwt(node: &Node, report: &mut Report) -> JwtForm {
    let Some(fields) = Fields::open(node, "schemes.jwt", report) else {
        return JwtForm::default();
    };
    let issuer = fields.need("issuer", "what stands in the `iss` claim", report);
    let audience = fields.need("audience", "what stands in the `aud` claim", report);
    let algorithms = fields.need("algorithms", "which algorithms count; the first signs", report);
    let keys = fields.need("keys", "where the keys come from, such as `${AUTH_JWT_KEYS}`", report);
    let access = fields.need("access_ttl", "how long an access token lives, such as `15m`", report);
    let refresh = fields.need("refresh_ttl", "how long one sign-in lasts, such as `7d`", report);
    let kinds = [("internal", AudienceKind::Internal), ("public", AudienceKind::Public)];
    JwtForm {
        issuer: values::issuer(issuer, report),
        audience: audience.and_then(|node| exact(node, "an audience", report)),
        audience_kind: fields
            .get("audience_kind")
            .and_then(|node| values::choice(node, &kinds, report)),
        algorithms: algorithms_of(algorithms, report),
        keys: values::reference(keys, "keys", report),
        access_ttl: values::duration(access, report),
        refresh_ttl: values::duration(refresh, report),
        leeway: values::duration_or_zero(fields.get("leeway"), report),
        claims: values::words(fields.get("claims"), "a list of claim names", report),
        revocation: fields
            .get("revocation")
            .map(|node| revocation(node, report))
            .unwrap_or_default(),
        cookies: token_cookies(fields.entry("cookies"), report),
    }
}

fn revocation(node: &Node, report: &mut Report) -> RevocationForm {
    let Some(fields) = Fields::open(node, "schemes.jwt.revocation", report) else {
        return RevocationForm::default();
    };
    let actions =
        [("refuse", OnStoreDown::Refuse), ("accept_until_expiry", OnStoreDown::AcceptUntilExpiry)];
    let checks =
        [("feed", RevocationCheck::Feed), ("every_request", RevocationCheck::EveryRequest)];
    RevocationForm {
        check: fields.get("check").and_then(|node| values::choice(node, &checks, report)),
        within: values::duration(fields.get("within"), report),
        max_stale: values::duration(fields.get("max_stale"), report),
        on_store_down: fields
            .get("on_store_down")
            .and_then(|node| values::choice(node, &actions, report)),
    }
}

fn api_key(node: &Node, report: &mut Report) -> ApiKeyForm {
    let Some(fields) = Fields::open(node, "schemes.api_key", report) else {
        return ApiKeyForm::default();
    };
    let prefix =
        fields.need("prefix", "what every key begins with, so that scanners find leaks", report);
    let grants = fields.need("grants", "the most a key can be given", report);
    let max_ttl = fields.need("max_ttl", "how long a key may live, such as `365d`", report);
    let mut word =
        |node: Option<&Node>, what| node.and_then(|node| values::text(node, what, report));
    let header = word(fields.get("header"), "the name of a request header");
    let prefix = word(prefix, "a prefix such as `blog`");
    let limit = word(fields.get("limit"), "a limit");
    let environments = [("live", KeyEnvironment::Live), ("test", KeyEnvironment::Test)];
    ApiKeyForm {
        header,
        prefix,
        limit,
        grants: values::words(grants, "a list of scopes", report),
        max_ttl: values::duration(max_ttl, report),
        default_ttl: values::duration(fields.get("default_ttl"), report),
        rotation_overlap: values::duration_or_zero(fields.get("rotation_overlap"), report),
        environment: fields
            .get("environment")
            .and_then(|node| values::choice(node, &environments, report)),
        pepper: values::reference(fields.get("pepper"), "pepper", report),
    }
}

fn session(node: &Node, report: &mut Report) -> SessionForm {
    let Some(fields) = Fields::open(node, "schemes.session", report) else {
        return SessionForm::default();
    };
    let idle = fields.need("idle", "when an unused session ends, such as `30m`", report);
    let lifetime = fields.need("lifetime", "when any session ends, such as `24h`", report);
    let actions = [("end_oldest", WhenFull::EndOldest), ("refuse", WhenFull::Refuse)];
    SessionForm {
        cookie: fields
            .get("cookie")
            .and_then(|node| values::text(node, "the cookie's name", report)),
        same_site: fields.get("same_site").and_then(|node| same_site(node, report)),
        idle: values::duration(idle, report),
        lifetime: values::duration(lifetime, report),
        max_per_account: fields
            .get("max_per_account")
            .and_then(|node| values::integer(node, "a number of sessions", report)),
        when_full: fields.get("when_full").and_then(|node| values::choice(node, &actions, report)),
        fresh_for: values::duration(fields.get("fresh_for"), report),
    }
}

/// An entry of `issuers`.
pub(super) fn issuer(node: &Node, report: &mut Report) -> IssuerForm {
    let Some(fields) = Fields::open(node, "issuers.*", report) else {
        return IssuerForm::default();
    };
    let url = fields.need("issuer", "what stands in the `iss` claim", report);
    let audience = fields.need("audience", "what stands in the `aud` claim", report);
    let ceiling = fields.need("may_grant", "the most a token of this issuer is worth here", report);
    let roles = fields.need("roles", "which of its roles are which of ours; `{}` for none", report);
    let mut claim =
        |key| fields.get(key).and_then(|node| exact(node, "the name of a claim", report));
    let scope_claim = claim("scope_claim");
    let role_claim = claim("role_claim");
    let types = [("at_jwt", TokenType::AtJwt), ("relaxed", TokenType::Relaxed)];
    IssuerForm {
        issuer: values::issuer(url, report),
        audience: audience.and_then(|node| exact(node, "an audience", report)),
        algorithms: algorithms_of(fields.get("algorithms"), report),
        keys: values::reference(fields.get("keys"), "keys", report),
        scope_claim,
        role_claim,
        may_grant: values::words(ceiling, "a list of scopes", report),
        roles: roles.map(|node| role_table(node, report)).unwrap_or_default(),
        token_type: fields.get("token_type").and_then(|node| values::choice(node, &types, report)),
        leeway: values::duration_or_zero(fields.get("leeway"), report),
    }
}

fn role_table(node: &Node, report: &mut Report) -> Vec<(At<String>, At<String>)> {
    let pairs = foreign(node, report);
    let ours = |(theirs, node)| Some((theirs, values::text(node, "one of our roles", report)?));
    pairs.into_iter().filter_map(ours).collect()
}

/// A word that is compared byte for byte with what somebody else sends.
pub(super) fn exact(node: &Node, what: &str, report: &mut Report) -> Option<At<String>> {
    let text = values::text(node, what, report)?;
    if text.value.chars().all(|c| c.is_ascii_graphic()) {
        return Some(text);
    }
    report.add(Code::InvalidName, text.place, |found| {
        found
            .message(format!(
                "this cannot be {what}: it holds a blank or a character that is not ASCII"
            ))
            .help("write it exactly as it is sent")
    });
    None
}

fn algorithms_of(node: Option<&Node>, report: &mut Report) -> Vec<At<Algorithm>> {
    let Some(node) = node else { return Vec::new() };
    let words = Algorithm::ALL.map(|algorithm| (algorithm.name(), algorithm));
    let items = values::list(node, "a list of algorithms such as `[EdDSA]`", report);
    if items.is_empty() && matches!(node.value, Value::List(_)) {
        report.add(Code::EmptyValue, node.place, |found| {
            found
                .message("this list of algorithms is empty")
                .help("name at least one, such as `EdDSA`")
        });
    }
    items.iter().filter_map(|item| values::choice(item, &words, report)).collect()
}
