//! `cargo auth lock`: what it asks of cargo, and what it says of what the tests tell. Cargo itself is
//! a script here; the real one runs in `tests/suite/locking.rs`.
#![cfg(unix)]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::{Value, json};

use crate::world::{folder, stderr, stdout};

/// What a test tells of a lock: its name in `policies`, and the lines that changed.
fn told(here: &Path, lock: &str, changes: &[&str]) -> Value {
    json!({
        "lock": format!("policies/{lock}"),
        "path": here.join("policies").join(lock),
        "there": true,
        "stale": !changes.is_empty(),
        "changes": changes,
        "broken": [],
    })
}

/// A folder with a cargo in it that says so much, tells so much, and ends like this.
fn with_cargo(name: &str, said: &str, lines: impl Fn(&Path) -> Vec<Value>, code: i32) -> PathBuf {
    let here = folder(name);
    let lines: String = lines(&here).iter().map(|line| format!("{line}\n")).collect();
    fs::write(here.join("told"), lines).unwrap();
    fs::write(here.join("said"), said).unwrap();
    let script = format!(
        "#!/bin/sh\ncd '{}'\necho \"$AUTH_LOCK $@\" > asked\ncat told >> \"$AUTH_LOCK_REPORT\"\ncat said\nexit {code}\n",
        here.display()
    );
    fs::write(here.join("cargo"), script).unwrap();
    fs::set_permissions(here.join("cargo"), fs::Permissions::from_mode(0o755)).unwrap();
    here
}

fn lock(here: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-auth"));
    command.current_dir(here).args(["auth", "lock"]).args(arguments);
    command.env("CARGO", here.join("cargo")).env("TMPDIR", here).output().unwrap()
}

#[track_caller]
fn ends(code: i32, here: &Path, arguments: &[&str]) -> (String, String) {
    let output = lock(here, arguments);
    let said = (stdout(&output), stderr(&output));
    assert_eq!(output.status.code(), Some(code), "{said:?}");
    said
}

const CHANGES: &[&str] = &["- GET  /a  jwt", "+ GET  /a  jwt | session"];

#[test]
fn the_test_is_run_with_what_cargo_is_to_select() {
    let here = with_cargo("lock-asks", "", |here| vec![told(here, "a.lock", &[])], 0);
    let asked = |arguments: &[&str]| {
        ends(0, &here, arguments);
        fs::read_to_string(here.join("asked")).unwrap().trim().to_owned()
    };
    assert_eq!(asked(&[]), "write test --tests --no-fail-fast auth_lock");
    assert_eq!(
        asked(&["--check", "-p", "blog", "-F", "a,b", "--all-features", "--manifest-path", "x"]),
        "check test --tests --no-fail-fast --package=blog --features=a,b --manifest-path=x \
         --all-features auth_lock"
    );
    assert_eq!(asked(&["--workspace"]), "write test --tests --no-fail-fast --workspace auth_lock");
    // What is asked of cargo is no way to ask for something else.
    let output = lock(&here, &["-p", "--version"]);
    assert_eq!(output.status.code(), Some(2));
    let left: Vec<_> =
        fs::read_dir(&here).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("auth-lock-")), "{left:?}");
}

#[test]
fn what_changed_is_shown_and_only_check_objects() {
    let lines = |here: &Path| vec![told(here, "a.lock", CHANGES), told(here, "b.lock", &[])];
    let here = with_cargo("lock-changes", "", lines, 0);
    let (said, problems) = ends(0, &here, &[]);
    assert_eq!(
        said,
        "policies/a.lock: written\n  - GET  /a  jwt\n  + GET  /a  jwt | session\n\
         policies/b.lock: up to date\n"
    );
    assert_eq!(problems, "");
    let (said, _) = ends(1, &here, &["--check"]);
    assert!(said.starts_with(
        "policies/a.lock: not what the application serves; `cargo auth lock` writes it\n"
    ));
}

#[test]
fn json_and_markdown_say_the_same() {
    let lines = |here: &Path| vec![told(here, "a.lock", CHANGES), told(here, "b.lock", &[])];
    let here = with_cargo("lock-formats", "", lines, 101);
    fs::write(here.join("policies/c.lock"), "").unwrap();
    let (said, _) = ends(1, &here, &["--check", "--format", "json"]);
    let document: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        document,
        json!({
            "version": 1,
            "locks": [
                { "lock": "policies/a.lock", "state": "stale", "there": true, "changes": CHANGES, "broken": [] },
                { "lock": "policies/b.lock", "state": "current", "there": true, "changes": [], "broken": [] },
            ],
            "not_looked_at": ["c.lock"],
        })
    );
    let (said, _) = ends(1, &here, &["--check", "--format", "markdown"]);
    assert_eq!(
        said,
        "### `policies/a.lock`: not what the application serves; `cargo auth lock` writes it\n\n\
         ```diff\n- GET  /a  jwt\n+ GET  /a  jwt | session\n```\n\n### `policies/b.lock`: up to date\n\n\
         Not looked at, of applications of other packages: `c.lock`\n"
    );
}

#[test]
fn locks_of_other_applications_are_named() {
    let here = with_cargo("lock-others", "", |here| vec![told(here, "a.lock", &[])], 0);
    fs::write(here.join("policies/b.lock"), "").unwrap();
    let (said, _) = ends(0, &here, &["--check"]);
    assert!(
        said.ends_with("b.lock: not looked at; it belongs to an application of another package\n"),
        "{said}"
    );
}

#[test]
fn without_such_a_test_the_line_to_add_is_told() {
    let here = with_cargo("lock-none", "running 0 tests", |_| Vec::new(), 0);
    let (said, problem) = ends(2, &here, &[]);
    assert_eq!(said, "");
    assert!(problem.starts_with("error: no test of what was selected is named `auth_lock`"));
    assert!(problem.contains("    auth_runtime::lock_test!(app());\n"), "{problem}");
}

#[test]
fn a_test_that_could_not_be_run_is_not_a_lock_that_differs() {
    let here = with_cargo("lock-fails", "panicked: no keys", |_| Vec::new(), 101);
    let (_, problem) = ends(2, &here, &["--check"]);
    assert_eq!(problem, "error: the test `auth_lock` could not be run\npanicked: no keys\n");
    // One of two that failed, while the other has nothing to say.
    let here =
        with_cargo("lock-half", "panicked: no keys", |here| vec![told(here, "a.lock", &[])], 101);
    let (said, problem) = ends(2, &here, &[]);
    assert_eq!(said, "policies/a.lock: up to date\n");
    assert_eq!(problem, "error: a test `auth_lock` failed\npanicked: no keys\n");
}

#[test]
fn a_statement_that_does_not_hold_is_found_even_while_writing() {
    let broken = |here: &Path| {
        let mut told = told(here, "a.lock", &[]);
        told["broken"] = json!(["policies/a.yaml:3:1: the role `a` never reaches `GET /a`"]);
        vec![told]
    };
    let here = with_cargo("lock-broken", "", broken, 101);
    let (said, _) = ends(1, &here, &[]);
    assert!(
        said.ends_with("\npolicies/a.yaml:3:1: the role `a` never reaches `GET /a`\n"),
        "{said}"
    );
}

#[test]
fn tests_of_another_release_are_told_apart() {
    let here = with_cargo("lock-release", "", |_| vec![json!({ "other": 1 })], 0);
    let (_, problem) = ends(2, &here, &[]);
    assert!(problem.contains("of one release?"), "{problem}");
}

#[test]
fn without_cargo_it_says_so() {
    let here = with_cargo("lock-no-cargo", "", |_| Vec::new(), 0);
    fs::remove_file(here.join("cargo")).unwrap();
    assert!(ends(2, &here, &[]).1.starts_with("error: cargo cannot be run: "));
}
