//! Findings for programs. In: the files. Out: one JSON document, described in `docs/cli.md`.

use auth_policy::{Diagnostic, Severity, settings::Place};
use serde_json::{Value, json};

use super::{File, count};
use crate::terminal;

/// Counts up when a member goes or changes what it means; new members may come without it.
const VERSION: u32 = 1;

pub(super) fn json(files: &[File]) -> String {
    let policies: Vec<_> = files.iter().map(policy).collect();
    terminal::json(&json!({ "version": VERSION, "policies": policies }))
}

fn policy(File { source, checked, .. }: &File) -> Value {
    let count = |severity| count(&checked.diagnostics, severity);
    let findings: Vec<_> = checked.diagnostics.iter().map(finding).collect();
    json!({
        "path": source.path(),
        "ok": count(Severity::Error) == 0,
        "errors": count(Severity::Error),
        "warnings": count(Severity::Warning),
        "notes": count(Severity::Note),
        "findings": findings,
    })
}

pub(in crate::commands) fn finding(found: &Diagnostic) -> Value {
    let others: Vec<_> =
        found.others.iter().map(|(place, label)| at(*place, Some(label))).collect();
    json!({
        "code": found.code.as_str(),
        "severity": found.severity.as_str(),
        "message": found.message,
        "help": found.help,
        "place": at(found.place, found.label.as_ref()),
        "others": others,
    })
}

fn at(place: Place, label: Option<&String>) -> Value {
    json!({ "line": place.line, "column": place.column, "length": place.length, "label": label })
}
