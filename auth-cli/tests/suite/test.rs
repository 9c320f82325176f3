//! `cargo auth test`: what holds, what does not, how much is covered and what no test would miss.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::world::{ends, folder};

const POLICY: &str = "version: 1
scopes:
  read:posts: Read posts
  delete:posts: { is: Delete posts, mutates: true }
roles:
  reader: { grants: [read:posts] }
  admin: { includes: [reader], grants: [delete:posts] }
schemes: { session: { idle: 30m, lifetime: 24h } }
rules: { purge: { schemes: session, scopes: delete:posts, max_age: 10m } }
";

const LOCK: &str = "lock 1 of policies/blog.yaml

GET     /              public                                -> everybody           @ blog::index  reason \"landing page\"
GET     /posts         session  scope read:posts             -> role admin, reader  @ blog::list
DELETE  /posts/{id}    session  scope delete:posts; max_age 10m; rule purge  -> role admin  @ blog::remove
GET     /trash         session  scope read:posts; max_age 1h -> role admin, reader  @ blog::trash
";

const TESTS: &str = "version: 1
endpoints:
  GET /: anyone
  GET /posts: { session: any role }
  GET /trash: { session: any role }
  DELETE /posts/{id}: { session: admin }
cases:
  - { through: session, roles: admin, signed_in: 10m, may_not: 'DELETE /posts/{id}' }
";

/// A folder with these tests.
fn with(name: &str, tests: &str) -> PathBuf {
    let here = folder(name);
    fs::write(here.join("policies/blog.yaml"), POLICY).unwrap();
    fs::write(here.join("policies/blog.lock"), LOCK).unwrap();
    fs::write(here.join("policies/blog.test.yaml"), tests).unwrap();
    here
}

/// Two mistakes: a role too many, and an endpoint that is not mentioned.
fn wrong() -> String {
    let text = TESTS.replace("session: admin }\n", "session: [reader, admin] }\n");
    text.replace("  GET /trash: { session: any role }\n", "")
}

/// Holds what is said to a file; `UPDATE_EXPECT=1` writes it.
#[track_caller]
fn snapshot(name: &str, said: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/test").join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, said).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(said, expected, "run this test with UPDATE_EXPECT=1 and review the change");
}

#[test]
fn tests_that_hold_end_with_0_and_say_what_they_cover() {
    let here = with("test-fine", TESTS);
    let (said, problems) = ends(0, &here, &["auth", "test"]);
    assert_eq!(problems, "");
    snapshot("fine.txt", &said);
    // The same, named.
    assert_eq!(ends(0, &here, &["test", "policies/blog.test.yaml"]).0, said);
}

#[test]
fn what_does_not_hold_is_told_with_its_place_and_ends_with_1() {
    let here = with("test-wrong", &wrong());
    for (format, name) in [("text", "wrong.txt"), ("json", "wrong.json"), ("markdown", "wrong.md")]
    {
        let (said, problems) = ends(1, &here, &["test", "--format", format]);
        assert_eq!(problems, "", "{format}");
        snapshot(name, &said);
    }
}

#[test]
fn what_no_test_would_miss_is_told_on_request() {
    let here = with("test-mutate", TESTS);
    for (format, name) in
        [("text", "mutate.txt"), ("json", "mutate.json"), ("markdown", "mutate.md")]
    {
        let (said, problems) = ends(0, &here, &["test", "--mutate", "--format", format]);
        assert_eq!(problems, "", "{format}");
        snapshot(name, &said);
    }
    ends(1, &here, &["test", "--mutate", "--deny", "warnings"]);
    ends(0, &here, &["test", "--deny", "warnings"]);
    let few = ends(0, &here, &["test", "--mutate", "--most", "3"]).0;
    assert!(
        few.contains("3 changes tried: ") && few.contains(" more not tried, see `--most`"),
        "{few}"
    );
}

/// What is proposed is what helps.
#[test]
fn a_case_that_is_proposed_can_be_pasted() {
    let here = with("test-pasted", TESTS);
    let said = ends(0, &here, &["test", "--mutate", "--format", "json"]).0;
    let document: Value = serde_json::from_str(&said).unwrap();
    let survivors = document["files"][0]["mutation"]["survivors"].as_array().unwrap();
    let cases =
        survivors.iter().map(|survivor| format!("  {}\n", survivor["case"].as_str().unwrap()));
    let text = TESTS.to_owned() + &cases.collect::<String>();
    fs::write(here.join("policies/blog.test.yaml"), text).unwrap();
    let said = ends(0, &here, &["test", "--mutate", "--deny", "warnings", "--format", "json"]).0;
    let document: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(document["files"][0]["mutation"]["survivors"], json!([]));
    assert_eq!(document["version"], 1);
}

#[test]
fn a_file_that_cannot_be_run_is_told_why() {
    let here = with("test-faults", &TESTS.replace("any role", "any rol"));
    snapshot("faults.txt", &ends(1, &here, &["test"]).0);
    // Of a policy with errors nothing can be said.
    fs::write(here.join("policies/blog.yaml"), POLICY.replace("[read:posts]", "[read:post]"))
        .unwrap();
    let (said, _) = ends(1, &here, &["test"]);
    assert!(
        said.contains("error[undeclared-scope]") && said.contains("could not be run"),
        "{said}"
    );
}

#[test]
fn what_cannot_be_read_ends_with_2() {
    let here = folder("test-missing");
    let (_, problem) = ends(2, &here, &["test"]);
    assert_eq!(
        problem,
        "error: no file of tests is named, and `policies` holds no .test.yaml file\n"
    );
    let here = with("test-without", TESTS);
    let (_, problem) = ends(2, &here, &["test", "none.test.yaml"]);
    assert!(problem.starts_with("error: cannot read `none.test.yaml`: "), "{problem}");
    fs::write(here.join("policies/blog.lock"), "GET /\n").unwrap();
    let (_, problem) = ends(2, &here, &["test"]);
    assert!(problem.starts_with("error: `policies/blog.lock` is no lock, line 1: "), "{problem}");
    fs::remove_file(here.join("policies/blog.lock")).unwrap();
    let (_, problem) = ends(2, &here, &["test"]);
    assert!(
        problem.contains("`policies/blog.lock`") && problem.contains("`cargo auth lock`"),
        "{problem}"
    );
    fs::remove_file(here.join("policies/blog.yaml")).unwrap();
    assert!(ends(2, &here, &["test"]).1.starts_with("error: cannot read `policies/blog.yaml`: "));
}

/// Two applications under one policy have two locks, and tests for each.
#[test]
fn a_file_can_name_its_policy_and_its_lock() {
    let here = with("test-named", TESTS);
    fs::rename(here.join("policies/blog.lock"), here.join("policies/blog.admin.lock")).unwrap();
    fs::remove_file(here.join("policies/blog.test.yaml")).unwrap();
    let named = TESTS.replace("endpoints:", "policy: blog.yaml\nlock: blog.admin.lock\nendpoints:");
    fs::write(here.join("policies/blog.admin.test.yaml"), named).unwrap();
    let said = ends(0, &here, &["test"]).0;
    assert!(said.starts_with("policies/blog.admin.test.yaml: ok, "), "{said}");
    // So it does by its own name.
    fs::write(here.join("policies/blog.admin.test.yaml"), TESTS).unwrap();
    assert_eq!(ends(0, &here, &["test"]).0, said);
    // The only lock needs no name; of several it has to be known which.
    fs::rename(here.join("policies/blog.admin.test.yaml"), here.join("policies/blog.test.yaml"))
        .unwrap();
    ends(0, &here, &["test"]);
    fs::copy(here.join("policies/blog.admin.lock"), here.join("policies/blog.web.lock")).unwrap();
    let (_, problem) = ends(2, &here, &["test"]);
    assert_eq!(
        problem,
        "error: `policies/blog.test.yaml` could be of `policies/blog.admin.lock` or \
         `policies/blog.web.lock`: say with `lock:` which it is\n"
    );
}
