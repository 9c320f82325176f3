//! A lock as text. In: the endpoints and the policy. Out: a line for each, which depends on nothing
//! but that endpoint and the policy.

use super::{
    Endpoint, Guard, Lock, Rule,
    reach::Reach,
    word::{quoted, word},
};
use crate::policy::Policy;

const HEAD: &str = "\
# Who may call which endpoint: by which credentials, with what, and in which roles. Written by
# `cargo auth lock` from the application's router and its policy, and compared by a test of it.
# Do not edit it: whatever changes access changes a line here, for whoever reviews it.
";

/// The columns of a line before the last, each with the least width it has.
///
/// A cell that does not fit is widened to the next multiple of [`STOP`], in its own line alone: a long
/// path moves what stands behind it, and no other line.
const WIDTHS: [usize; 6] = [8, 40, 32, 32, 40, 48];
const STOP: usize = 8;

pub(super) fn write(lock: &Lock, policy: &Policy) -> String {
    let mut endpoints: Vec<_> = lock.endpoints.iter().collect();
    endpoints.sort_by(|a, b| a.order(b));
    let mut reach = Reach::new(policy);
    let lines = endpoints.into_iter().map(|endpoint| line(endpoint, &mut reach));
    let lines: String = lines.collect();
    format!("{HEAD}lock 1 of {}\n\n{lines}", word(&lock.policy))
}

fn line(endpoint: &Endpoint, reach: &mut Reach<'_>) -> String {
    let reached = format!("-> {}", reach.of(&endpoint.rule));
    let mut cells = vec![
        word(&endpoint.method),
        word(&endpoint.path),
        who(&endpoint.rule),
        conditions(&endpoint.rule),
        reached,
        format!("@ {}", word(&endpoint.handler)),
    ];
    // Last, because it is as long as it likes.
    cells.extend(reason(&endpoint.rule).map(|reason| format!("reason {}", quoted(reason))));
    let mut line = String::new();
    for (cell, least) in cells.iter().zip(WIDTHS.into_iter().chain([0])) {
        line.push_str(cell);
        let width = cell.chars().count();
        // Two blanks at least, so that the eye sees where a column ends.
        let stop = (width + 2).next_multiple_of(STOP).max(least);
        line.extend(std::iter::repeat_n(' ', stop - width));
    }
    line.truncate(line.trim_end().len());
    line.push('\n');
    line
}

/// Everything that makes one rule another one.
pub(crate) fn rule(rule: &Rule) -> String {
    format!("{} {} {}", who(rule), conditions(rule), reason(rule).unwrap_or_default())
}

/// Whose credentials count.
fn who(rule: &Rule) -> String {
    match rule {
        Rule::Guarded(guard) if guard.schemes.is_empty() => "nobody".to_owned(),
        Rule::Guarded(guard) => between(&guard.schemes, " | "),
        Rule::Public { .. } => "public".to_owned(),
        Rule::Unguarded { .. } => "unguarded".to_owned(),
    }
}

/// What else has to be so.
fn conditions(rule: &Rule) -> String {
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

fn reason(rule: &Rule) -> Option<&str> {
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
