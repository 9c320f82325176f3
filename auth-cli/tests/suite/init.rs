//! `cargo auth init`. Whether what it prints compiles is tried in `tests/suite/cargo.rs`.

use std::fs;

use crate::world::{ends, folder};

const POLICY: &str = include_str!("../../src/commands/init/policy.yaml");

#[test]
fn m12_s4_the_policy_to_begin_with_is_sound_and_in_form() {
    let here = folder("init");
    fs::remove_dir(here.join("policies")).unwrap();
    let (said, _) = ends(0, &here, &["init"]);
    assert!(said.starts_with("wrote policies/auth.yaml\n\n"), "{said}");
    assert!(said.contains("policy!()") && said.contains("#[authenticate("), "{said}");
    let written = fs::read_to_string(here.join("policies/auth.yaml")).unwrap();
    assert_eq!(written, POLICY);
    for value in ["idle: 30m", "lifetime: 24h", "login: { rate: 5/minute, by: [address, account] }"]
    {
        assert!(written.contains(value), "{value}");
    }
    let (said, _) = ends(0, &here, &["check", "--deny", "warnings"]);
    assert_eq!(
        said,
        "policies/auth.yaml: ok, 3 scopes, 3 roles, 2 schemes, 0 rules, 1 invariant\n"
    );
    assert_eq!(ends(0, &here, &["fmt", "--check"]).0, "");
}

#[test]
fn a_policy_that_is_there_is_replaced_by_force_alone() {
    let here = folder("init-force");
    fs::write(here.join("policies/auth.yaml"), "mine").unwrap();
    let (said, problem) = ends(2, &here, &["init"]);
    assert_eq!(said, "");
    assert_eq!(problem, "error: `policies/auth.yaml` is there already; `--force` replaces it\n");
    assert_eq!(fs::read_to_string(here.join("policies/auth.yaml")).unwrap(), "mine");
    ends(0, &here, &["init", "--force"]);
    assert_eq!(fs::read_to_string(here.join("policies/auth.yaml")).unwrap(), POLICY);
    ends(0, &here, &["init", "elsewhere/access.yaml"]);
    let left = here.join("elsewhere").read_dir().unwrap().count();
    assert_eq!(left, 1, "a file that was staged is left over");
}
