//! `cargo auth diff`: where the two sides come from, what is refused, and what a stranger's words
//! cannot do. What it prints is in `docs/cli.md`, and what it finds in `auth-policy/tests/diff.rs`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::world::{GOOD, cargo_auth, ends, fed, folder, stderr, stdout};

/// More for readers, and less for sessions.
fn changed() -> String {
    GOOD.replace("read:posts: Read posts }", "read:posts: Read posts, delete:posts: Delete }")
        .replace("[read:posts]", "[read:posts, delete:posts]")
        .replace("30m", "20m")
}

const LOCK: &str = "lock 1 of policies/a.yaml
GET  /posts  session  scope read:posts  -> role reader  @ blog::list
";

fn git(folder: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.current_dir(folder).args(["-c", "user.name=a", "-c", "user.email=a@example.org"]);
    let ended = git.args(arguments).output().expect("git is installed");
    assert!(ended.status.success(), "{arguments:?}: {}", stderr(&ended));
}

/// A repository with the policy and its lock at `main`, and a change to both that is not committed.
fn repository(name: &str) -> PathBuf {
    let here = folder(name);
    git(&here, &["init", "--quiet", "--initial-branch", "main"]);
    fs::write(here.join("policies/a.yaml"), GOOD).unwrap();
    fs::write(here.join("policies/a.lock"), LOCK).unwrap();
    git(&here, &["add", "."]);
    git(&here, &["commit", "--quiet", "--message", "one"]);
    fs::write(here.join("policies/a.yaml"), changed()).unwrap();
    let more = "DELETE  /posts  session  scope delete:posts  -> role reader  @ blog::remove\n";
    fs::write(here.join("policies/a.lock"), format!("{LOCK}{more}")).unwrap();
    here
}

fn widening(said: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(said).unwrap();
    let changes = document["changes"].as_array().unwrap().iter();
    let widens = changes.filter(|change| change["verdict"] == "widens");
    widens.map(|change| change["said"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_side_of_a_revision_has_the_policy_and_the_lock_of_that_revision() {
    let here = repository("diff-revision");
    let expected = [
        "`reader` gains `DELETE /posts` through `session`, which is new",
        "`roles.reader.grants` has `delete:posts` now",
    ];
    for (from, old) in [(".", "main:policies/a.yaml"), ("policies", "HEAD:./a.yaml")] {
        let new = here.join("policies/a.yaml");
        let arguments = ["diff", old, new.to_str().unwrap(), "--format", "json"];
        let (said, problems) = ends(0, &here.join(from), &arguments);
        assert_eq!(
            (widening(&said), problems),
            (expected.map(str::to_owned).to_vec(), String::new())
        );
    }
    // A file that is there is meant, though its name looks like a revision's.
    fs::write(here.join("main:policies"), GOOD).unwrap();
    let (said, _) = ends(0, &here, &["diff", "main:policies", "main:policies/a.yaml"]);
    assert!(said.contains("the old policy has no lock"), "{said}");
}

/// Every lock beside a policy is compared, in a revision as in a folder.
#[test]
fn the_locks_of_all_applications_are_compared() {
    let here = repository("diff-locks");
    let admin = here.join("policies/a.admin.lock");
    let own = "lock 1 of policies/a.yaml\nGET  /  session  role admin  -> nobody  @ admin::index\n";
    fs::write(here.join("policies/a.yaml"), GOOD).unwrap();
    fs::write(here.join("policies/a.lock"), LOCK).unwrap();
    fs::write(&admin, own).unwrap();
    git(&here, &["add", "."]);
    git(&here, &["commit", "--quiet", "--message", "two"]);
    fs::write(&admin, own.replace("role admin  -> nobody  ", "-> every account  ")).unwrap();
    for (from, old) in [(".", "HEAD:policies/a.yaml"), ("policies", "HEAD:./a.yaml")] {
        let new = here.join("policies/a.yaml");
        let arguments = ["diff", old, new.to_str().unwrap(), "--format", "json"];
        let (said, _) = ends(0, &here.join(from), &arguments);
        let said = widening(&said);
        assert_eq!(said, ["any account gains `GET / (admin)` through `session`"]);
    }
    // One that is new, and one that is gone.
    let arguments = ["diff", "main~1:policies/a.yaml", "policies/a.yaml", "--format", "json"];
    let (said, _) = ends(0, &here, &arguments);
    let said = widening(&said);
    assert_eq!(said, ["any account gains `GET / (admin)` through `session`, which is new"]);
    fs::remove_file(&admin).unwrap();
    let arguments = ["diff", "HEAD:policies/a.yaml", "policies/a.yaml", "--deny", "widening"];
    let (said, _) = ends(1, &here, &arguments);
    assert!(said.contains("WIDENS  the application `admin` has no lock any more: "), "{said}");
    assert!(said.contains("\nno lock of admin after\n"), "{said}");
}

#[test]
fn a_side_that_is_not_there_is_said_in_one_sentence() {
    let here = repository("diff-absent");
    let outside = std::env::temp_dir().join(format!("auth-diff-{}", std::process::id()));
    fs::create_dir_all(&outside).unwrap();
    fs::write(outside.join("a.yaml"), GOOD).unwrap();
    let tell = |folder: &Path, old: &str, expected: &str| {
        let (said, problems) = ends(2, folder, &["diff", "--", old, "a.yaml"]);
        let first = problems.lines().next().unwrap_or_default();
        assert_eq!((said.as_str(), first), ("", expected), "{problems}");
    };
    fs::write(here.join("a.yaml"), GOOD).unwrap();
    tell(
        &here,
        "none.yaml",
        "error: cannot read `none.yaml`: No such file or directory (os error 2)",
    );
    tell(
        &here,
        "none:policies/a.yaml",
        "error: there is no file `none:policies/a.yaml`, nor a revision `none` that could have it",
    );
    for odd in ["--help:a.yaml", ":a.yaml", "main^{tree}:a.yaml"] {
        let problems = ends(2, &here, &["diff", "--", odd, "a.yaml"]).1;
        assert!(problems.contains(", nor a revision `"), "{problems}");
    }
    tell(
        &here,
        "main:none.yaml",
        "error: `none.yaml` is not in `main`: paths count from the top of the repository, or from here if they begin with `./`",
    );
    tell(&here, "main:policies", "error: `main:policies` is no file");
    tell(
        &outside,
        "main:a.yaml",
        "error: there is no file `main:a.yaml`, nor is this a git repository that could have it",
    );
    fs::remove_dir_all(&outside).unwrap();
}

/// A clone that a forge made for one commit lacks the base: then that is what is said.
#[test]
fn a_shallow_clone_is_named_as_such() {
    let here = repository("diff-shallow");
    git(&here, &["commit", "--quiet", "--all", "--message", "two"]);
    let url = format!("file://{}", here.display());
    git(&here, &["clone", "--quiet", "--depth", "1", &url, "clone"]);
    let arguments = ["diff", "HEAD~1:policies/a.yaml", "policies/a.yaml"];
    let (_, problem) = ends(2, &here.join("clone"), &arguments);
    assert!(problem.contains("this clone is shallow, and `git fetch --unshallow`"), "{problem}");
}

#[test]
fn a_side_may_come_by_standard_input() {
    let here = repository("diff-input");
    let output = fed(&here, &["diff", "-", "policies/a.yaml"], GOOD);
    assert!(stdout(&output).contains("`roles.reader.grants` has `delete:posts` now"));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_side_that_is_no_sound_policy_is_told_with_its_findings() {
    let here = repository("diff-unsound");
    fs::write(here.join("bad.yaml"), GOOD.replace("[read:posts]", "[read:post]")).unwrap();
    let (said, problems) = ends(2, &here, &["diff", "main:policies/a.yaml", "bad.yaml"]);
    assert_eq!(said, "");
    assert!(problems.starts_with("error[undeclared-scope]: "), "{problems}");
    let last = "error: `bad.yaml` is no sound policy, so there is nothing to compare\n";
    assert!(problems.ends_with(last), "{problems}");
    // Both at once.
    let problems = ends(2, &here, &["diff", "bad.yaml", "none.yaml"]).1;
    assert!(
        problems.contains("`bad.yaml` is no") && problems.contains("`none.yaml`: "),
        "{problems}"
    );

    fs::write(here.join("policies/a.lock"), "lock 1 of policies/a.yaml\nGET\n").unwrap();
    let problems = ends(2, &here, &["diff", "main:policies/a.yaml", "policies/a.yaml"]).1;
    assert!(problems.starts_with("error: `policies/a.lock` is no lock: line 2, "), "{problems}");
}

#[test]
fn what_widens_is_denied_until_every_line_of_it_is_approved() {
    let here = repository("diff-approve");
    let sides = ["diff", "main:policies/a.yaml", "policies/a.yaml", "--deny", "widening"];
    let (said, _) = ends(1, &here, &sides);
    let (_, lines) = said.split_once("to the file of `--approve`:\n\n").unwrap();
    let lines: Vec<_> = lines.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    let with = |text: &str| {
        fs::write(here.join("approved.txt"), text).unwrap();
        let output = cargo_auth(&here, &[&sides[..], &["--approve", "approved.txt"]].concat());
        (output.status.code().unwrap(), stderr(&output))
    };
    assert_eq!(with(&lines.join("\n")), (0, String::new()));
    assert_eq!(with(lines[0]), (1, String::new()));
    assert_eq!(with(lines[1]), (1, String::new()));
    // A line is of its change and not of another one with the same words.
    let other = lines[0].replace('[', "[0");
    let (code, told) = with(&format!("# why\n{other}\n{}\n", lines[1]));
    assert_eq!(code, 1);
    assert_eq!(told, format!("warning: approved.txt:2: approves nothing any more: {other}\n"));
    let (_, problems) = ends(2, &here, &[&sides[..], &["--approve", "none.txt"]].concat());
    assert!(problems.starts_with("error: cannot read `none.txt`: "), "{problems}");
}

#[test]
fn what_only_narrows_is_not_denied() {
    let here = repository("diff-narrow");
    let arguments =
        ["diff", "policies/a.yaml", "main:policies/a.yaml", "--deny", "widening", "--format"];
    for format in ["text", "json", "markdown"] {
        // The other way round sessions are idle for longer.
        ends(1, &here, &[&arguments[..], &[format]].concat());
    }
    fs::write(here.join("same.yaml"), changed().replace("20m", "30m")).unwrap();
    fs::copy(here.join("policies/a.lock"), here.join("same.lock")).unwrap();
    let (said, _) =
        ends(0, &here, &["diff", "same.yaml", "main:policies/a.yaml", "--deny", "widening"]);
    assert!(said.contains("NARROWS") && !said.contains("WIDENS"), "{said}");
    let (said, _) = ends(0, &here, &["diff", "same.yaml", "same.yaml"]);
    assert_eq!(said, "same.yaml -> same.yaml\n\nNEUTRAL nothing changed in meaning\n");
    let (said, _) = ends(0, &here, &["diff", "same.yaml", "same.yaml", "--format", "markdown"]);
    assert!(said.ends_with("\n\n**NEUTRAL** Nothing changed in meaning.\n"), "{said}");
}

/// The reviewer is told both: who gains, and that somebody once wrote it must not be.
#[test]
fn what_breaks_a_statement_is_compared_and_is_an_error() {
    let here = repository("diff-broken");
    let statement =
        |scope: &str| format!("never: [{{ role: reader, reaches: {{ scopes: {scope} }} }}]\n");
    let old = changed().replace("[read:posts, delete:posts]", "[read:posts]");
    fs::write(here.join("old.yaml"), old + &statement("delete:posts")).unwrap();
    fs::write(here.join("new.yaml"), changed() + &statement("delete:posts")).unwrap();
    let (said, problems) = ends(1, &here, &["diff", "old.yaml", "new.yaml"]);
    assert!(said.contains("WIDENS  `roles.reader.grants` has `delete:posts` now"), "{said}");
    assert!(problems.contains("error[invariant-broken]: "), "{problems}");
    // Whoever takes it back is not told of what was wrong before.
    let (said, problems) = ends(0, &here, &["diff", "new.yaml", "old.yaml"]);
    assert!(said.contains("NARROWS") && problems.is_empty(), "{said}{problems}");
    // Another error beside it leaves nothing to compare.
    fs::write(here.join("new.yaml"), changed() + &statement("delete:pots")).unwrap();
    assert!(ends(2, &here, &["diff", "old.yaml", "new.yaml"]).1.contains("is no sound policy"));
}

/// Whoever opens a pull request writes the lock, and a robot posts what is said of it.
#[test]
fn the_words_of_a_change_stay_in_their_place() {
    let here = repository("diff-hostile");
    let reason = r"a`\u{a}\u{a}# Approved\u{a}<img src=x> @everybody \u{1b}[2J\u{202e}";
    let public = |path: &str, reason: &str| {
        format!("GET  {path}  public  -> everybody  @ x::y  reason \"{reason}\"\n")
    };
    let path = "\"/$(id)`id`/|<b>\"";
    let hostile = format!("{LOCK}{}{}", public(path, "new"), public("/words", reason));
    let old = here.join("policies/old.yaml");
    fs::write(&old, GOOD).unwrap();
    let before = format!("{LOCK}{}", public("/words", "words"));
    fs::write(here.join("policies/old.lock"), before).unwrap();
    fs::write(here.join("policies/new.yaml"), GOOD).unwrap();
    fs::write(here.join("policies/new.lock"), hostile).unwrap();
    let sides = ["diff", "policies/old.yaml", "policies/new.yaml", "--deny", "widening"];
    for format in ["text", "markdown"] {
        let (said, _) = ends(1, &here, &[&sides[..], &["--format", format]].concat());
        assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said}");
        let name = "`GET /$(id)'id'/|<b>`";
        assert!(said.contains(name), "{said}");
        let curl = said.lines().find(|line| line.contains("curl -i")).unwrap();
        assert!(curl.ends_with("curl -i \"$BASE/%24%28id%29%60id%60/%7C%3Cb%3E\""), "{curl}");
        assert!(
            said.contains("and is `a'\u{fffd}\u{fffd}# Approved\u{fffd}<img src=x> @"),
            "{said}"
        );
        if format == "text" {
            continue;
        }
        // What is in no code is ours.
        let lines = said.lines().filter(|line| !line.starts_with("    "));
        let outside: String = lines.flat_map(|line| line.split('`').step_by(2)).collect();
        assert!(!outside.contains(['@', '$']) && !outside.contains("<b"), "{outside}");
    }
}
