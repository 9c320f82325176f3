//! A rule as text. In: what an endpoint asks for. Out: the words of its line in a lock.

use super::{Guard, Rule, word::word};

/// Everything that makes one rule another one.
pub(crate) fn rule(rule: &Rule) -> String {
    format!("{} {} {}", who(rule), conditions(rule), reason(rule).unwrap_or_default())
}

/// Whose credentials count.
pub(super) fn who(rule: &Rule) -> String {
    match rule {
        Rule::Guarded(guard) if guard.schemes.is_empty() => "nobody".to_owned(),
        Rule::Guarded(guard) => between(&guard.schemes, " | "),
        Rule::Public { .. } => "public".to_owned(),
        Rule::Unguarded { .. } => "unguarded".to_owned(),
    }
}

/// What else has to be so.
pub(super) fn conditions(rule: &Rule) -> String {
    let mut parts = Vec::new();
    match rule {
        Rule::Guarded(guard) => return guarded(guard),
        Rule::Public { identity, limit, .. } => {
            if !identity.is_empty() {
                parts.push(format!("identity {}", between(identity, " | ")));
            }
            parts.extend(part("limit", limit.as_deref()));
        }
        Rule::Unguarded { .. } => {}
    }
    parts.join("; ")
}

pub(super) fn reason(rule: &Rule) -> Option<&str> {
    match rule {
        Rule::Guarded(_) => None,
        Rule::Public { reason, .. } | Rule::Unguarded { reason } => Some(reason),
    }
}

fn guarded(guard: &Guard) -> String {
    let mut parts = Vec::new();
    if !guard.scopes.is_empty() {
        let names = between(&guard.scopes, if guard.any_scope { " or " } else { " and " });
        parts.push(format!("scope {names}"));
    }
    parts.extend(part("role", guard.role.as_deref()));
    parts.extend(guard.max_age.map(|span| format!("max_age {span}")));
    parts.extend(part("acr", guard.acr.as_deref()));
    parts.extend(guard.people_only.then(|| "people".to_owned()));
    parts.extend(part("limit", guard.limit.as_deref()));
    parts.extend(part("rule", guard.name.as_deref()));
    parts.join("; ")
}

fn part(label: &str, value: Option<&str>) -> Option<String> {
    value.map(|value| format!("{label} {}", word(value)))
}

fn between(names: &[String], between: &str) -> String {
    let words: Vec<_> = names.iter().map(|name| word(name)).collect();
    words.join(between)
}
