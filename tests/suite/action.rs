//! The GitHub Action: its description, and its script, run as a workflow would run it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Output},
};

use serde_json::Value;

use crate::{
    blog::process::{Folder, built},
    files::{between, workspace},
};

fn folder() -> PathBuf {
    workspace().join(".github/actions/cargo-auth")
}

fn description() -> Value {
    let text = fs::read_to_string(folder().join("action.yml")).expect("the action");
    serde_yaml::from_str(&text).expect("YAML")
}

fn steps(action: &Value) -> &Vec<Value> {
    action["runs"]["steps"].as_array().expect("steps")
}

#[test]
fn the_action_says_what_github_asks_of_one() {
    let action = description();
    assert_eq!(action["runs"]["using"], "composite");
    assert!(action["name"].is_string() && action["description"].is_string());
    for (name, input) in action["inputs"].as_object().expect("inputs") {
        assert!(input["description"].is_string() && input["default"].is_string(), "{name}");
        let used = format!("inputs.{name} ");
        let is_used = steps(&action).iter().any(|step| step.to_string().contains(&used));
        assert!(is_used, "nothing reads {name}");
    }
    for step in steps(&action) {
        assert_eq!(step["shell"], "bash", "{step}");
        assert!(step["uses"].is_null(), "what others may change is not run: {step}");
    }
}

/// What a stranger names a branch or a file never becomes a part of a command.
#[test]
fn the_action_hands_inputs_over_in_the_environment_alone() {
    for step in steps(&description()) {
        let run = step["run"].as_str().expect("a command");
        assert!(!run.contains("${{"), "{run}");
        let checked = Command::new("bash").args(["-n", "-c", run]).status().expect("bash");
        assert!(checked.success(), "{run}");
    }
}

#[test]
fn the_scripts_of_the_action_can_be_run() {
    for name in ["install.sh", "review.sh"] {
        let script = folder().join(name);
        let mode = fs::metadata(&script).expect("the script").permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{name}");
        let checked = Command::new("bash").arg("-n").arg(&script).status().expect("bash");
        assert!(checked.success(), "{name}");
        let named = |step: &Value| step["run"].as_str().is_some_and(|run| run.contains(name));
        assert!(steps(&description()).iter().any(named), "no step runs {name}");
    }
}

/// A repository of its own with one commit, and a folder where programs are found first.
struct Repository {
    folder: Folder,
    programs: PathBuf,
}

impl Repository {
    fn new(policy: &str) -> Self {
        let folder = Folder::new();
        let programs = folder.0.join("programs");
        fs::create_dir_all(folder.0.join("policies")).expect("a folder");
        fs::create_dir(&programs).expect("a folder");
        let repository = Self { folder, programs };
        repository.write("policies/auth.yaml", policy);
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        repository.git(&["add", "policies"]);
        repository.git(&["commit", "--quiet", "--message", "base"]);
        repository
    }

    /// The same with a `cargo` that ends as it is told to, and writes down what it was asked.
    fn with_cargo(check: i32, lock: i32, diff: i32) -> Self {
        let repository = Self::new(POLICY);
        let script = format!(
            "#!/bin/sh\necho \"$@\" >>\"$ASKED\"\ncase $2 in check) exit {check} ;; \
             lock) exit {lock} ;; diff) echo '# What changed'; exit {diff} ;; esac\n"
        );
        let cargo = repository.programs.join("cargo");
        fs::write(&cargo, script).expect("a program");
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("a mode");
        repository
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.folder.0.join(path), text).expect("a file");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.0.join(path)).unwrap_or_default()
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@t.example",
            "-c",
            "commit.gpgsign=false",
        ]);
        let done = git.args(arguments).current_dir(&self.folder.0).status().expect("git");
        assert!(done.success(), "{arguments:?}");
    }

    /// Runs the script as the action does.
    fn review(&self, settings: &[(&str, &str)]) -> (i32, String) {
        let path = std::env::var("PATH").expect("a path");
        let mut review = Command::new(folder().join("review.sh"));
        review
            .current_dir(&self.folder.0)
            .env("PATH", format!("{}:{path}", self.programs.display()));
        for (name, file) in
            [("GITHUB_STEP_SUMMARY", "summary.md"), ("REPORT", "report.md"), ("ASKED", "asked.txt")]
        {
            let _ = fs::remove_file(self.folder.0.join(file));
            review.env(name, self.folder.0.join(file));
        }
        let Output { status, stdout, stderr } =
            review.envs(settings.iter().copied()).output().expect("it runs");
        let said =
            String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        (status.code().expect("a code"), said)
    }
}

const POLICY: &str = "version: 1
scopes: { read:posts: Read posts, delete:posts: Delete posts }
roles:
  reader: { grants: [read:posts] }
  admin: { includes: [reader], grants: [delete:posts] }
schemes: { session: { idle: 30m, lifetime: 24h } }
";

#[test]
fn the_review_asks_for_all_three_and_ends_as_the_worst_of_them() {
    for (check, lock, diff, end) in
        [(0, 0, 0, 0), (1, 0, 0, 1), (0, 1, 0, 1), (0, 0, 1, 1), (1, 2, 1, 2), (0, 0, 2, 2)]
    {
        let repository = Repository::with_cargo(check, lock, diff);
        let settings = [("BASE", "main"), ("APPROVE", "policies/approved"), ("PACKAGE", "blog")];
        let (code, said) = repository.review(&settings);
        assert_eq!(code, end, "{check} {lock} {diff}: {said}");
        assert_eq!(
            repository.read("asked.txt"),
            "auth check --format github policies/auth.yaml\n\
             auth lock --check --package blog\n\
             auth diff --format markdown --deny widening --approve policies/approved \
             main:policies/auth.yaml policies/auth.yaml\n"
        );
        assert_eq!(
            repository.read("summary.md"),
            "# What changed\n",
            "for reviewers, whatever the end"
        );
        assert_eq!(said.contains("::error file=policies/auth.yaml,title=lock::"), lock != 0);
        assert_eq!(said.contains("::error file=policies/auth.yaml,title=widening::"), diff != 0);
    }
}

#[test]
fn the_review_leaves_out_what_there_is_not() {
    let repository = Repository::with_cargo(0, 0, 0);
    let asked = |settings: &[(&str, &str)]| {
        let (code, said) = repository.review(settings);
        (code, said, repository.read("asked.txt").lines().count())
    };
    let (code, said, count) = asked(&[("LOCK", "false")]);
    assert_eq!((code, count), (0, 1), "{said}");
    assert!(said.contains("::notice::no base is named"), "{said}");

    let (code, said, count) = asked(&[("BASE", "no-such-branch")]);
    assert_eq!((code, count), (2, 2), "{said}");
    assert!(said.contains("::error::the base no-such-branch is not in this clone"), "{said}");
    assert_eq!(asked(&[("BASE", "--upload-pack=x")]).0, 2);

    let (code, said, count) = asked(&[("BASE", "main"), ("POLICY", "policies/new.yaml")]);
    assert_eq!((code, count), (0, 2), "{said}");
    assert!(repository.read("summary.md").contains("`policies/new.yaml` is new"));
}

const LOCK: &str = "lock 1 of policies/auth.yaml
GET     /posts       session  scope read:posts    -> role admin, reader  @ shop::posts
DELETE  /posts/{id}  session  scope delete:posts  -> role admin          @ shop::remove
";

/// The same with the real commands, but for the lock, which needs an application.
#[test]
fn the_review_runs_the_commands_themselves() {
    let repository = Repository::new(POLICY);
    let cargo_auth = built("auth-cli", "cargo-auth");
    std::os::unix::fs::symlink(cargo_auth, repository.programs.join("cargo-auth")).expect("a link");
    repository.write("policies/auth.lock", LOCK);
    repository.git(&["add", "policies"]);
    repository.git(&["commit", "--quiet", "--message", "a lock"]);
    let since = [("LOCK", "false"), ("BASE", "main"), ("APPROVE", "")];
    let (code, said) = repository.review(&since);
    assert_eq!(code, 0, "{said}");

    repository.write("policies/auth.yaml", &POLICY.replace("[delete:posts]", "[delete:post]"));
    let (code, said) = repository.review(&since);
    assert_eq!(code, 2, "what is no policy cannot be compared: {said}");
    let annotation =
        "::error file=policies/auth.yaml,line=5,col=41,endColumn=52,title=undeclared-scope::";
    assert!(said.contains(annotation), "{said}");

    let wider = POLICY.replace("reader: { grants: [read:posts]", "reader: { grants: [\"*:posts\"]");
    repository.write("policies/auth.yaml", &wider);
    let (code, said) = repository.review(&since);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("title=widening::"), "{said}");
    let summary = repository.read("summary.md");
    assert!(
        summary.contains("- **WIDENS** `reader` gains `DELETE /posts/{id}` through `session`"),
        "{summary}"
    );

    // Whoever agrees copies the lines of the summary, and has agreed to these alone.
    let lines = summary.split("approve what widens</summary>\n\n").nth(1).expect("lines");
    let lines: Vec<_> = lines.lines().map_while(|line| line.strip_prefix("    ")).collect();
    repository.write("policies/approved.txt", &lines.join("\n"));
    let approved = [("LOCK", "false"), ("BASE", "main"), ("APPROVE", "policies/approved.txt")];
    let (code, said) = repository.review(&approved);
    assert_eq!(code, 0, "{said}\n{}", lines.join("\n"));
    repository.write("policies/approved.txt", lines.first().expect("a line"));
    assert_eq!(repository.review(&approved).0, 1, "one of two");
}

/// The page has the inputs as the action describes them, and a workflow that hands over no others.
#[test]
fn the_page_describes_the_action_as_it_is() {
    let page = fs::read_to_string(workspace().join("docs/ci.md")).expect("the page");
    let action = description();
    let inputs = action["inputs"].as_object().expect("inputs");
    let table = between(&page, "inputs");
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let rows: std::collections::BTreeSet<_> = rows.map(str::to_owned).collect();
    let described = inputs.iter().map(|(name, input)| {
        let default = input["default"].as_str().expect("a default");
        let default = if default.is_empty() { String::new() } else { format!(" `{default}`") };
        format!("| `{name}` |{default} | {} |", input["description"].as_str().expect("a text"))
    });
    assert_eq!(rows, described.collect());

    let workflow = page.split("<!-- workflow -->\n```yaml\n").nth(1).expect("a workflow");
    let workflow: Value =
        serde_yaml::from_str(workflow.split("```").next().expect("its end")).expect("YAML");
    let steps = workflow["jobs"]["review"]["steps"].as_array().expect("steps");
    let step =
        steps.iter().find(|step| step["uses"].to_string().contains("cargo-auth@")).expect("a step");
    let handed = step["with"].as_object().expect("inputs");
    assert!(handed.keys().all(|name| inputs.contains_key(name)), "{handed:?}");
}
