//! `cargo auth check --format`: findings for programs and forges.

use std::fs;

use auth_policy::Code;
use serde_json::{Value, json};

use crate::world::{GOOD, ends, folder};

/// One error with a second place, and one warning.
fn wrong(name: &str) -> std::path::PathBuf {
    let here = folder(name);
    let text = GOOD.replace("[read:posts]", "[read:post]");
    fs::write(here.join("policies/a.yaml"), text).unwrap();
    fs::write(here.join("policies/b.yaml"), GOOD.replace("[read:posts]", "[]")).unwrap();
    here
}

#[test]
fn json_is_one_document_with_a_version() {
    let (said, problems) = ends(1, &wrong("json"), &["check", "--format", "json"]);
    assert_eq!(problems, "");
    let document: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(document["version"], 1);
    let expected = json!({
        "path": "policies/a.yaml", "ok": false, "errors": 1, "warnings": 0, "notes": 0,
        "findings": [{
            "code": "undeclared-scope", "severity": "error",
            "message": "the policy declares no scope `read:post`",
            "help": "did you mean `read:posts`?",
            "place": { "line": 3, "column": 29, "length": 9, "label": null },
            "others": [{
                "line": 2, "column": 11, "length": 10, "label": "`read:posts` is declared here",
            }],
        }],
    });
    assert_eq!(document["policies"][0], expected);
    let second = &document["policies"][1];
    assert_eq!((&second["ok"], &second["warnings"]), (&json!(true), &json!(2)));
}

#[test]
fn json_of_a_sound_policy_is_still_a_document() {
    let here = folder("json-sound");
    fs::write(here.join("policies/a.yaml"), GOOD).unwrap();
    let (said, _) = ends(0, &here, &["check", "--format", "json"]);
    let document: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(document["policies"][0]["findings"], json!([]));
    assert_eq!(ends(0, &here, &["check", "--format", "github"]).0, "");
}

#[test]
fn github_gets_one_annotation_for_each_finding() {
    let here = wrong("github");
    let (said, _) = ends(1, &here, &["check", "--format", "github"]);
    assert_eq!(
        said.lines().next().unwrap(),
        "::error file=policies/a.yaml,line=3,col=29,endColumn=38,title=undeclared-scope::the policy \
         declares no scope `read:post`%0Ahelp: did you mean `read:posts`?"
    );
    assert_eq!(said.lines().filter(|line| line.starts_with("::warning ")).count(), 2);
    assert_eq!(said.lines().count(), 3);
}

/// A name of a file and a word of the policy cannot write annotations of their own.
#[test]
fn github_is_told_nothing_that_a_policy_makes_up() {
    let here = folder("github-hostile");
    let name = "policies/a,line=9::x%0A.yaml";
    let text = GOOD.replace("[read:posts]", "[\"100%0A::error::x\"]");
    fs::write(here.join(name), text).unwrap();
    let (said, _) = ends(1, &here, &["check", "--format", "github"]);
    let first = said.lines().next().unwrap();
    assert!(
        first.starts_with("::error file=policies/a%2Cline=9%3A%3Ax%250A.yaml,line=3,"),
        "{first}"
    );
    assert!(said.contains("`100%250A::error::x`"), "{said}");
    assert!(said.lines().all(|line| line.starts_with("::error file=policies/a%2C")
        || line.starts_with("::warning file=policies/a%2C")));
}

/// The members that the schema of SARIF 2.1.0 requires, and what code scanning reads.
#[test]
fn sarif_has_what_its_schema_requires() {
    let (said, _) = ends(1, &wrong("sarif"), &["check", "--format", "sarif"]);
    let log: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().ends_with("sarif-schema-2.1.0.json"));
    let runs = log["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1);
    let driver = &runs[0]["tool"]["driver"];
    assert_eq!(driver["name"], "cargo auth check");
    let rules: Vec<_> = driver["rules"].as_array().unwrap().iter().collect();
    let ids: Vec<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids, Code::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>());
    for rule in &rules {
        assert!(rule["shortDescription"]["text"].as_str().unwrap().ends_with('.'));
        let level = rule["defaultConfiguration"]["level"].as_str().unwrap();
        assert!(["error", "warning", "note"].contains(&level));
    }
    assert_eq!(runs[0]["columnKind"], "unicodeCodePoints");
    let results = runs[0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        assert_eq!(result["locations"].as_array().unwrap().len(), 1);
    }
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "policies/a.yaml");
    assert_eq!(place["region"], json!({ "startLine": 3, "startColumn": 29, "endColumn": 38 }));
    assert_eq!((&results[0]["level"], &results[1]["level"]), (&json!("error"), &json!("warning")));
    let related = &results[0]["relatedLocations"][0];
    assert_eq!(related["message"]["text"], "`read:posts` is declared here");
}

/// Whatever the format, an unreadable file is a problem of the command.
#[test]
fn what_cannot_be_read_is_told_on_standard_error() {
    let here = wrong("formats-unreadable");
    for format in ["json", "github", "sarif"] {
        let arguments = ["check", "--format", format, "none.yaml", "policies/a.yaml"];
        let (said, problems) = ends(2, &here, &arguments);
        assert!(problems.starts_with("error: cannot read `none.yaml`: "), "{problems}");
        assert!(said.contains("undeclared-scope"), "{said}");
    }
}
