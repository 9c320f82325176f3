//! `scopes`, `roles`, `rules`, `never` and `always` as written. In: their nodes. Out: their forms.

use super::{At, InvariantForm, RoleForm, RuleForm, ScopeForm, ScopesForm, fields::Fields, values};
use crate::{
    code::Code,
    report::Report,
    yaml::{Node, Value},
};

/// `read:posts: Read posts`, or `{ is: .., mutates: .. }`.
pub(super) fn scope(node: &Node, report: &mut Report) -> ScopeForm {
    let expected = "a description";
    let mut form = ScopeForm { description: String::new(), mutates: false };
    let description = if let Value::Map(_) = node.value {
        let Some(fields) = Fields::open(node, "scopes.*", report) else {
            return form;
        };
        form.mutates =
            fields.get("mutates").and_then(|node| values::boolean(node, report)).unwrap_or(false);
        fields.need("is", "what the scope lets one do, as a consent page shows it", report)
    } else {
        Some(node)
    };
    let description = description.and_then(|node| values::text(node, expected, report));
    form.description = description.map(|text| text.value).unwrap_or_default();
    form
}

/// `{ includes: [..], grants: [..] }`.
pub(super) fn role(node: &Node, report: &mut Report) -> RoleForm {
    let Some(fields) = Fields::open(node, "roles.*", report) else {
        return RoleForm::default();
    };
    RoleForm {
        includes: values::words(fields.get("includes"), "a list of roles", report),
        grants: values::words(fields.get("grants"), "a list of scopes", report),
    }
}

/// `{ schemes: .., scopes: .., role: .., limit: .., max_age: .., acr: .. }`.
pub(super) fn rule(node: &Node, report: &mut Report) -> RuleForm {
    let before = report.errors();
    let Some(fields) = Fields::open(node, "rules.*", report) else {
        return RuleForm { incomplete: true, ..RuleForm::default() };
    };
    let schemes = fields.need("schemes", "which credentials count, such as `jwt`", report);
    let mut word = |key, what| fields.get(key).and_then(|node| values::text(node, what, report));
    let role = word("role", "a role");
    let limit = word("limit", "a limit");
    let acr = word("acr", "one of `acr_values`");
    let max_age = fields.get("max_age").and_then(|node| values::span(node, report));
    let schemes =
        schemes.map(|node| values::one_or_more(node, "a scheme or a list of schemes", report));
    let scopes = fields.get("scopes").map(|node| scopes(node, report));
    let malformed = report.errors() > before;
    RuleForm {
        schemes: schemes.unwrap_or_default(),
        scopes: scopes.flatten(),
        role,
        limit,
        max_age,
        acr,
        incomplete: malformed,
    }
}

/// Scopes as a rule asks for them: one, a list (all of them), or `{ any: [..] }`.
fn scopes(node: &Node, report: &mut Report) -> Option<ScopesForm> {
    let expected = "a scope, a list of scopes or `{ any: [..] }`";
    let (any, list) = match &node.value {
        Value::Map(_) => {
            let fields = Fields::open(node, "scopes", report)?;
            (true, fields.need("any", "of which scopes one is enough", report)?)
        }
        _ => (false, node),
    };
    let before = report.errors();
    let names = if any {
        values::words(Some(list), "a list of scopes", report)
    } else {
        values::one_or_more(list, expected, report)
    };
    (report.errors() == before).then_some(ScopesForm { place: node.place, any, names })
}

/// The entries of `never` (`holds` is false) or `always` (`holds` is true).
pub(super) fn invariants(
    node: Option<&Node>,
    holds: bool,
    report: &mut Report,
) -> Vec<InvariantForm> {
    let Some(node) = node else { return Vec::new() };
    let items = values::list(node, "a list of statements about roles", report);
    items.iter().filter_map(|item| invariant(item, holds, report)).collect()
}

fn invariant(node: &Node, holds: bool, report: &mut Report) -> Option<InvariantForm> {
    let path = if holds { "always.*" } else { "never.*" };
    let fields = Fields::open(node, path, report)?;
    let role = fields.need("role", "of which role it speaks", report);
    let reaches = fields.need("reaches", "what the role reaches, such as `{ scopes: .. }`", report);
    let role = role.and_then(|node| values::text(node, "a role", report));
    let Reached { scopes, endpoint } = reaches.and_then(|node| reached(node, report))?;
    Some(InvariantForm { place: node.place, holds, role: role?, scopes, endpoint })
}

/// What a statement speaks of: scopes, an endpoint, or both.
struct Reached {
    scopes: Vec<At<String>>,
    endpoint: Option<At<String>>,
}

fn reached(node: &Node, report: &mut Report) -> Option<Reached> {
    let fields = Fields::open(node, "reaches", report)?;
    let endpoint = fields.get("endpoint");
    if let (Some(node), None) = (endpoint, fields.get("scopes")) {
        let endpoint = Some(values::text(node, "an endpoint", report)?);
        return Some(Reached { scopes: Vec::new(), endpoint });
    }
    let what = "which scopes the role reaches; `endpoint` may stand in its place";
    let node = fields.need("scopes", what, report)?;
    let endpoint = endpoint.and_then(|node| values::text(node, "an endpoint", report));
    let scopes = values::one_or_more(node, "a scope or a list of scopes", report);
    if scopes.is_empty() && matches!(&node.value, Value::List(items) if items.is_empty()) {
        report.add(Code::EmptyValue, node.place, |found| {
            found.message("this list of scopes is empty")
        });
    }
    (!scopes.is_empty()).then_some(Reached { scopes, endpoint })
}
