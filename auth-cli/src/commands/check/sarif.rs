//! Findings as SARIF 2.1.0 (OASIS). In: the files. Out: one log with one run.

use auth_policy::{Code, Diagnostic, Severity, Source, settings::Place};
use serde_json::{Value, json};

use super::File;
use crate::terminal;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const BOOK: &str = "https://github.com/auth-engine/auth-engine/blob/main/docs/policy.md#findings";

pub(super) fn sarif(files: &[File]) -> String {
    let results: Vec<_> = files.iter().flat_map(results).collect();
    let rules: Vec<_> = Code::ALL.iter().map(|code| rule(*code)).collect();
    let driver = json!({
        "name": "cargo auth check",
        "version": env!("CARGO_PKG_VERSION"),
        "informationUri": "https://github.com/auth-engine/auth-engine",
        "rules": rules,
    });
    let run = json!({
        "tool": { "driver": driver },
        "columnKind": "unicodeCodePoints",
        "results": results,
    });
    terminal::json(&json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] }))
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.as_str(),
        "shortDescription": { "text": code.explanation() },
        "helpUri": BOOK,
        "defaultConfiguration": { "level": level(code.severity()) },
    })
}

const fn level(severity: Severity) -> &'static str {
    severity.as_str()
}

fn results(File { source, checked, .. }: &File) -> Vec<Value> {
    checked.diagnostics.iter().map(|found| result(source, found)).collect()
}

fn result(source: &Source, found: &Diagnostic) -> Value {
    let help = found.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    let related = found.others.iter().zip(1..).map(|((place, label), id)| {
        let mut location = location(source, *place);
        if let Some(location) = location.as_object_mut() {
            location.insert("id".to_owned(), json!(id));
            location.insert("message".to_owned(), json!({ "text": label }));
        }
        location
    });
    let related: Vec<_> = related.collect();
    json!({
        "ruleId": found.code.as_str(),
        "ruleIndex": Code::ALL.iter().position(|code| *code == found.code),
        "level": level(found.severity),
        "message": { "text": format!("{}{help}", found.message) },
        "locations": [location(source, found.place)],
        "relatedLocations": related,
    })
}

fn location(source: &Source, place: Place) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(source.path()) },
            "region": {
                "startLine": place.line,
                "startColumn": place.column,
                "endColumn": place.column + place.length,
            },
        },
    })
}

/// A path as a URI reference: relative as it is, absolute with its scheme.
fn uri(path: &str) -> String {
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
    let encode = |byte: u8| match kept(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    let path: String = path.replace('\\', "/").bytes().map(encode).collect();
    if path.starts_with('/') { format!("file://{path}") } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("policies/a b:c.yaml"), "policies/a%20b%3Ac.yaml");
        assert_eq!(uri("/srv/ä.yaml"), "file:///srv/%C3%A4.yaml");
    }
}
