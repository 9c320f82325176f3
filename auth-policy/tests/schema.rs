//! The schema for editors, held against the corpus and against `check`. In: policies. Out: that the
//! schema takes what `check` takes, and refuses what an editor can know to be wrong.
//! `UPDATE_EXPECT=1` rewrites `policies/schema.json`.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails should say so loudly"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use auth_policy::{Code, Severity, Source, check, schema};
use serde_json::{Value, json};

#[path = "schema/validator.rs"]
mod validator;

use validator::faults;

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn corpus(folder: &str) -> Vec<(String, String)> {
    let entries = here().join(folder).read_dir().unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.retain(|path| !path.to_str().unwrap().ends_with(".test.yaml"));
    files.sort();
    let read = |path: PathBuf| Some((path.display().to_string(), fs::read_to_string(path).ok()?));
    files.into_iter().filter_map(read).collect()
}

/// A policy as an editor sees it; nothing where it is not even YAML.
fn tree(text: &str) -> Option<Value> {
    let mut options = serde_yaml::Options::default();
    options.strict_booleans = true;
    serde_yaml::from_str_with_options(text, options).ok()
}

fn the_schema() -> Value {
    serde_json::from_str(&schema()).unwrap()
}

#[test]
fn the_schema_in_the_repository_is_this_one() {
    let file = here().join("../policies/schema.json");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&file, schema()).unwrap();
    }
    assert_eq!(fs::read_to_string(file).unwrap(), schema(), "run with UPDATE_EXPECT=1 and review");
}

#[test]
fn every_good_policy_is_valid() {
    let schema = the_schema();
    let mut count = 0;
    for (path, text) in ["tests/good", "../policies"].into_iter().flat_map(corpus) {
        let found = faults(&schema, &tree(&text).unwrap());
        assert!(found.is_empty(), "{path}: {found:?}");
        count += 1;
    }
    assert!(count >= 8, "{count}");
}

/// An unknown key, a missing one, a word that is none and a value of another kind are what an
/// editor can underline.
#[test]
fn every_policy_of_a_wrong_form_is_refused() {
    let schema = the_schema();
    let mut counts = [0; 4];
    let mut valid = Vec::new();
    for (path, text) in corpus("tests/bad") {
        let Some(tree) = tree(&text) else { continue };
        let found = check(&Source::new("p.yaml", text.clone().into())).diagnostics;
        let kinds = [Code::UnknownKey, Code::WrongType, Code::MissingKey, Code::UnknownValue];
        for (count, kind) in counts.iter_mut().zip(kinds) {
            if !found.iter().any(|found| found.code == kind) {
                continue;
            }
            *count += 1;
            if faults(&schema, &tree).is_empty() {
                valid.push(Path::new(&path).file_stem().unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(valid, BEYOND);
    assert!(counts.iter().all(|count| *count >= 5), "too few to mean anything: {counts:?}");
}

/// What JSON has no keys for, and what depends on another key.
const BEYOND: &[&str] = &[
    "boolean-as-name",
    "endpoint-statement-of-nothing",
    "m05-provider-without-sessions",
    "m05-provider-without-token-cookies",
    "number-as-name",
    "oauth-code-without-sessions",
    "oauth-without-tokens",
    "rl3-header-without-proxies",
    "rl3-proxies-without-a-header",
];

#[test]
fn what_the_schema_refuses_the_check_refuses() {
    let schema = the_schema();
    let mut refused = 0;
    for (path, text) in ["tests/bad", "tests/good"].into_iter().flat_map(corpus) {
        let Some(tree) = tree(&text) else { continue };
        if faults(&schema, &tree).is_empty() {
            continue;
        }
        refused += 1;
        let found = check(&Source::new("p.yaml", text.into())).diagnostics;
        let is_error = found.iter().any(|found| found.severity == Severity::Error);
        assert!(is_error, "{path}: {:?}", faults(&schema, &tree));
    }
    assert!(refused > 60, "{refused}");
}

/// One change to a sound policy, which an editor should underline.
#[test]
fn a_slip_in_any_section_is_refused() {
    let schema = the_schema();
    let full = fs::read_to_string(here().join("tests/good/full.yaml")).unwrap();
    assert!(faults(&schema, &tree(&full).unwrap()).is_empty());
    for (from, to) in [
        ("version: 1", "version: 2"),
        ("mutates: true }", "mutates: 'true' }"),
        ("reader: { grants:", "reader: { grant:"),
        ("audience_kind: internal", "audience_kind: private"),
        ("[EdDSA, ES256]", "[]"),
        ("access_ttl: 10m", "access_ttl: 10"),
        ("keys: file:/run/secrets/keys.json", "keys: MC4CAQ"),
        ("max_per_account: 3", "max_per_account: 1001"),
        ("min_length: 12", "min_length: 8"),
        ("when_full: refuse", "when_full: sometimes"),
        ("rate: 5/minute", "rate: 5 per minute"),
        ("[address+route]", "[address+user]"),
        ("by: address, on", "by: [], on"),
        ("ipv6_prefix: 56", "ipv6_prefix: 128"),
        ("{ any: [delete:posts, admin] }", "{ some: [delete:posts, admin] }"),
        ("{ schemes: jwt, scopes", "{ scopes"),
        ("reaches: { scopes: admin }", "reach: { scopes: admin }"),
        ("  login: { limit: login }", "  sign_in: { limit: login }"),
        ("roles: { Staff Member: author", "roles: { Staff Member: 7"),
        ("partner:\n    issuer", "Partner:\n    issuer"),
    ] {
        assert!(full.contains(from), "{from}");
        let found = faults(&schema, &tree(&full.replacen(from, to, 1)).unwrap());
        assert!(!found.is_empty(), "{to} is valid");
    }
}

#[test]
fn every_key_is_described_and_no_map_is_open() {
    let mut keys = 0;
    fn look(schema: &Value, path: &str, keys: &mut usize) {
        match schema {
            Value::Object(object) => {
                if object.get("type") == Some(&json!("object")) {
                    assert!(object.contains_key("additionalProperties"), "{path} is open");
                    assert_ne!(object["additionalProperties"], json!(true), "{path} is open");
                }
                if let Some(properties) = object.get("properties").and_then(Value::as_object) {
                    for (name, property) in properties {
                        *keys += 1;
                        let text = property["description"].as_str().unwrap_or_default();
                        assert!(text.ends_with('.'), "{path}.{name} says not what it is for");
                        assert_eq!(property["title"], json!(name));
                    }
                }
                object
                    .iter()
                    .for_each(|(name, inner)| look(inner, &format!("{path}.{name}"), keys));
            }
            Value::Array(items) => items.iter().for_each(|item| look(item, path, keys)),
            _ => {}
        }
    }
    look(&the_schema(), "", &mut keys);
    assert!(keys > 100, "{keys}");
}
