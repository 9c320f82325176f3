//! Findings for people. In: the files. Out: each finding with its lines, and a line for each file.

use auth_policy::{Checked, Policy, Severity};

use super::{File, count};

pub(super) fn text(files: &[File], colored: bool) -> String {
    files.iter().map(|file| one(file, colored)).collect()
}

fn one(File { source, checked, endpoints }: &File, colored: bool) -> String {
    let mut text = String::new();
    for found in &checked.diagnostics {
        let shown = if colored { found.render_colored(source) } else { found.render(source) };
        text.push_str(&shown);
        text.push_str("\n\n");
    }
    text + &format!("{}: {}\n", source.path().escape_debug(), summary(checked, *endpoints))
}

/// `ok, 5 scopes, 3 roles, ..` or `2 errors, 1 warning`.
pub(super) fn summary(checked: &Checked, endpoints: Option<usize>) -> String {
    let counts =
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let findings = counts.map(|(severity, noun)| (count(&checked.diagnostics, severity), noun));
    let findings = findings.into_iter().filter(|(count, _)| *count > 0);
    let findings = findings.map(|(count, noun)| counted(count, noun));
    let mut contents = checked.policy.as_ref().map(contents).unwrap_or_default();
    contents
        .extend(endpoints.filter(|_| checked.policy.is_some()).map(|it| counted(it, "endpoint")));
    contents.into_iter().chain(findings).collect::<Vec<_>>().join(", ")
}

fn contents(policy: &Policy) -> Vec<String> {
    vec![
        "ok".to_owned(),
        counted(policy.scopes().len(), "scope"),
        counted(policy.roles().len(), "role"),
        counted(policy.schemes().len(), "scheme"),
        counted(policy.rules().len(), "rule"),
        counted(policy.invariants().len(), "invariant"),
    ]
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
