//! `cargo auth check` for people: what is checked, what is said and how it ends.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::world::{GOOD, cargo_auth, ends, fed, folder, stderr, stdout};

fn blog() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies/blog.yaml")
}

#[test]
fn the_policy_of_the_blog_is_fine_however_the_command_is_called() {
    let here = folder("fine");
    let path = blog().to_string_lossy().into_owned();
    let lock = fs::read_to_string(blog().with_extension("lock")).unwrap();
    let endpoints =
        lock.lines().filter(|line| !line.starts_with(['#', ' ']) && line.contains(" /"));
    let endpoints = endpoints.count();
    for arguments in
        [&["check", &path][..], &["auth", "check", &path], &["check", "--deny", "warnings", &path]]
    {
        let output = cargo_auth(&here, arguments);
        assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
        assert_eq!(
            stdout(&output),
            format!(
                "{path}: ok, 5 scopes, 3 roles, 3 schemes, 1 rule, 3 invariants, {endpoints} endpoints\n"
            )
        );
        assert_eq!(stderr(&output), "");
    }
}

#[test]
fn without_a_name_every_policy_of_the_folder_is_checked() {
    let here = folder("all");
    fs::write(here.join("policies/b.yaml"), GOOD).unwrap();
    fs::write(here.join("policies/a.yaml"), GOOD).unwrap();
    fs::write(here.join("policies/a.test.yaml"), "not: a policy").unwrap();
    fs::write(here.join("policies/c.lock"), "neither").unwrap();
    let output = cargo_auth(&here, &["auth", "check"]);
    let said = stdout(&output);
    let files: Vec<_> = said.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(files, ["policies/a.yaml", "policies/b.yaml"]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn errors_are_printed_with_place_and_help_and_end_with_1() {
    let here = folder("errors");
    fs::write(here.join("policies/a.yaml"), GOOD.replace("[read:posts]", "[read:post]")).unwrap();
    let output = cargo_auth(&here, &["check", "policies/a.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    let expected = "\
error[undeclared-scope]: the policy declares no scope `read:post`
 --> policies/a.yaml:3:29
  |
3 | roles: { reader: { grants: [read:post] } }
  |                             ^^^^^^^^^
  |
 ::: policies/a.yaml:2:11
  |
2 | scopes: { read:posts: Read posts }
  |           ---------- `read:posts` is declared here
  |
  = help: did you mean `read:posts`?

policies/a.yaml: 1 error
";
    assert_eq!(stdout(&output), expected);
    assert_eq!(stderr(&output), "");
}

#[test]
fn warnings_end_with_0_unless_they_are_denied() {
    let here = folder("warnings");
    fs::write(here.join("policies/a.yaml"), GOOD.replace("[read:posts]", "[]")).unwrap();
    let output = cargo_auth(&here, &["check"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).ends_with(
        "policies/a.yaml: ok, 1 scope, 1 role, 1 scheme, 0 rules, 0 invariants, 2 warnings\n"
    ));
    let output = cargo_auth(&here, &["check", "--deny", "warnings"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_file_that_cannot_be_read_ends_with_2_and_the_others_are_still_checked() {
    let here = folder("unreadable");
    fs::write(here.join("policies/a.yaml"), GOOD).unwrap();
    let output = cargo_auth(&here, &["check", "policies/none.yaml", "policies/a.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("error: cannot read `policies/none.yaml`: "));
    assert!(stdout(&output).starts_with("policies/a.yaml: ok, "));
}

/// Files as other systems write them, and what is no file.
#[test]
fn every_kind_of_file_is_told_for_what_it_is() {
    let here = folder("kinds");
    let utf16: Vec<u8> = GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, bytes, code, told) in [
        ("empty", Vec::new(), 1, "error["),
        ("bom", [b"\xef\xbb\xbf", GOOD.as_bytes()].concat(), 1, "error["),
        ("crlf", GOOD.replace('\n', "\r\n").into_bytes(), 0, ": ok, "),
        ("utf16", [&b"\xff\xfe"[..], &utf16].concat(), 1, "save the file as UTF-8"),
        ("latin", b"version: 1 # \xe4\n".to_vec(), 1, "save the file as UTF-8"),
        ("a name with spaces", GOOD.as_bytes().to_vec(), 0, ": ok, "),
    ] {
        let path = format!("{name}.yaml");
        fs::write(here.join(&path), bytes).unwrap();
        let (said, problems) = ends(code, &here, &["check", "--", &path]);
        assert!(said.contains(told) && said.contains(&path) && problems.is_empty(), "{said}");
        for format in ["json", "markdown", "github", "sarif"] {
            ends(code, &here, &["check", &path, "--format", format]);
        }
    }
    fs::create_dir(here.join("folder.yaml")).unwrap();
    for command in ["check", "fmt"] {
        let (_, problem) = ends(2, &here, &[command, "folder.yaml"]);
        assert!(problem.starts_with("error: cannot read `folder.yaml`: "), "{problem}");
    }
}

#[test]
fn a_policy_may_come_by_standard_input() {
    let here = folder("input");
    let output = fed(&here, &["check", "-"], &GOOD.replace("[read:posts]", "[read:post]"));
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains(" --> -:3:29\n"), "{}", stdout(&output));
    let unformed = "version:   1\n";
    let output = fed(&here, &["fmt", "-"], unformed);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), "version: 1\n"));
    assert_eq!(fed(&here, &["fmt", "-", "--check"], unformed).status.code(), Some(1));
    assert_eq!(fed(&here, &["fmt", "-"], "version: &a 1\n").status.code(), Some(1));
}

/// Whoever reads what was written has to know that it is not all; a reader that left does not care.
#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_ends_with_2() {
    let here = folder("full");
    fs::write(here.join("policies/a.yaml"), GOOD).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cargo-auth"));
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command.current_dir(&here).arg("check").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("error: cannot write to standard output: "));
}

#[test]
fn no_policy_at_all_ends_with_2() {
    let here = folder("none");
    let output = cargo_auth(&here, &["check"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stderr(&output), "error: no policy is named, and `policies` holds no .yaml file\n");
    fs::remove_dir(here.join("policies")).unwrap();
    let output = cargo_auth(&here, &["check"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).starts_with("error: no policy is named, and `policies` cannot be read: ")
    );
}

#[test]
fn wrong_usage_ends_with_2_and_help_with_0() {
    let here = folder("usage");
    for arguments in
        [&["chek"][..], &["check", "--unknown"], &[], &["check", "--deny", "everything"]]
    {
        assert_eq!(cargo_auth(&here, arguments).status.code(), Some(2), "{arguments:?}");
    }
    let output = cargo_auth(&here, &["auth", "check", "--help"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        stdout(&output).contains("cargo auth check [OPTIONS] [POLICY]..."),
        "{}",
        stdout(&output)
    );
}

#[test]
fn nothing_is_colored_when_piped() {
    let here = folder("plain");
    fs::write(here.join("policies/a.yaml"), "version: 2").unwrap();
    let output = cargo_auth(&here, &["check"]);
    assert!(!stdout(&output).contains('\u{1b}') && !stderr(&output).contains('\u{1b}'));
}

/// The policy that the attributes of the package would read comes first, wherever it is.
#[test]
fn without_a_name_the_policy_of_the_package_is_checked() {
    let here = folder("package");
    let manifest = "[package]\nname = \"a\"\n[package.metadata.auth]\npolicy = \"access.yaml\"\n";
    fs::write(here.join("Cargo.toml"), manifest).unwrap();
    fs::write(here.join("policies/b.yaml"), GOOD).unwrap();
    let (_, problem) = ends(2, &here, &["check"]);
    assert!(problem.starts_with("error: cannot read `access.yaml`: "), "{problem}");

    fs::write(here.join("access.yaml"), GOOD).unwrap();
    let (said, _) = ends(0, &here, &["check"]);
    let files: Vec<_> = said.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(files, ["access.yaml", "policies/b.yaml"]);

    // From a folder of the package too, and once where it is in `policies` itself.
    fs::create_dir_all(here.join("src")).unwrap();
    assert!(ends(0, &here.join("src"), &["check"]).0.starts_with("../access.yaml: ok"));
    fs::write(here.join("Cargo.toml"), manifest.replace("access", "policies/b")).unwrap();
    assert_eq!(ends(0, &here, &["check"]).0.lines().count(), 1);

    fs::write(here.join("Cargo.toml"), manifest.replace("policy", "polcy")).unwrap();
    assert!(ends(2, &here, &["check"]).1.contains("names no policy"));
}

#[test]
fn help_lists_what_is_there_and_nothing_else() {
    let (help, _) = ends(0, &folder("help"), &["auth", "--help"]);
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names: Vec<_> =
        commands.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(
        names,
        [
            "init", "check", "fmt", "diff", "lock", "who-can", "what-can", "explain", "test",
            "report", "schema", "keys", "token", "api-key", "help"
        ]
    );
}

const LOCK: &str = "lock 1 of policies/a.yaml
GET /posts session scope read:posts -> role reader @ posts::list
";

#[test]
fn the_locks_beside_a_policy_are_held_to_it() {
    let here = folder("locks");
    fs::write(here.join("policies/a.yaml"), GOOD).unwrap();
    fs::write(here.join("policies/a.lock"), LOCK).unwrap();
    let (said, _) = ends(0, &here, &["check"]);
    let ok = "policies/a.yaml: ok, 1 scope, 1 role, 1 scheme, 0 rules, 0 invariants, 1 endpoint\n";
    let outdated = "warning[lock-out-of-date]: this line is not what the policy comes to now\n \
                    --> policies/a.lock:1:1\n";
    assert!(said.starts_with(&format!("{ok}{outdated}")), "{said}");
    assert!(said.ends_with("\npolicies/a.lock: 1 warning\n"), "{said}");

    // A lock of a policy of its own is not that of this one.
    fs::write(here.join("policies/a.b.lock"), LOCK.replace("read:posts", "read:post")).unwrap();
    let (said, _) = ends(1, &here, &["check"]);
    assert!(said.contains("error[stale-lock]: the lock names the scope `read:post`"), "{said}");
    assert!(said.contains(" --> policies/a.b.lock:2:26\n"), "{said}");
    fs::write(here.join("policies/a.b.yaml"), GOOD.replace("read:posts", "read:post")).unwrap();
    assert!(!ends(0, &here, &["check"]).0.contains("stale-lock"));

    let (said, _) = ends(1, &here, &["check", "policies/a.yaml", "--lock", "policies/a.b.lock"]);
    assert!(said.contains("stale-lock"), "{said}");
    assert!(ends(2, &here, &["check", "--lock", "policies/a.lock"]).1.contains("name that policy"));
    let (_, problem) = ends(2, &here, &["check", "policies/a.yaml", "--lock", "none.lock"]);
    assert!(problem.starts_with("error: cannot read `none.lock`: "), "{problem}");
}

#[test]
fn findings_in_a_lock_are_those_of_a_file_of_its_own() {
    let here = folder("lock-formats-of-check");
    let policy = GOOD.to_owned() + "never: [{ role: reader, reaches: { endpoint: GET /posts } }]\n";
    fs::write(here.join("policies/a.yaml"), policy).unwrap();
    fs::write(here.join("policies/a.lock"), LOCK.replace("scope read", "scope lead")).unwrap();
    let (said, _) = ends(1, &here, &["check", "--format", "github"]);
    assert!(
        said.contains("::error file=policies/a.lock,line=2,col=26,endColumn=36,title=stale-lock::"),
        "{said}"
    );
    fs::write(here.join("policies/a.lock"), LOCK).unwrap();
    let (said, _) = ends(1, &here, &["check", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&said).unwrap();
    let [policy, lock] = &document["policies"].as_array().unwrap()[..] else { panic!("{said}") };
    assert_eq!(
        (&policy["ok"], &policy["findings"][0]["code"]),
        (&false.into(), &"invariant-broken".into())
    );
    assert_eq!((&lock["path"], &lock["ok"]), (&"policies/a.lock".into(), &true.into()));
}
