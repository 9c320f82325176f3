//! What a reviewer is told of a change, tried on two running blogs: one with the policy before it
//! and one with the policy after it. In: `cargo auth diff`. Out: the requests that it prints are
//! refused by the one and let in by the other.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
    sync::LazyLock,
};

use serde_json::{Value, json};

use super::process::{Blog, Folder, built};
use crate::files::{between, workspace};

static CARGO_AUTH: LazyLock<PathBuf> = LazyLock::new(|| built("auth-cli", "cargo-auth"));

const READER: &str = "reader: { grants: [read:posts, read:profile, write:profile] }";
const NEVER: &str = "never:\n  - role: reader\n    reaches: { scopes: delete:posts }\n";

/// A policy before a change and after it, with the lock of the blog beside each.
struct Branch {
    folder: Folder,
    blogs: [Blog; 2],
}

impl Branch {
    /// The policy of the blog with these roles for readers, on the one side and on the other.
    fn new(before: &str, after: &str) -> Self {
        let folder = Folder::new();
        let read = |name: &str| fs::read_to_string(workspace().join("policies").join(name));
        let (policy, lock) = (read("blog.yaml").expect("the policy"), read("blog.lock"));
        let lock = lock.expect("the lock");
        assert!(policy.contains(READER) && policy.contains(NEVER), "the policy has them");
        let blogs = [("old", before), ("new", after)].map(|(name, reader)| {
            let text = policy.replace(READER, reader);
            // Without this line a policy in which readers delete is refused.
            let text = if name == "new" { text.replace(NEVER, "") } else { text };
            let file = folder.0.join(format!("{name}.yaml"));
            fs::write(&file, text).expect("written");
            fs::write(file.with_extension("lock"), &lock).expect("written");
            let file = file.to_str().expect("UTF-8");
            Blog::start(&[("BLOG_SEED", "1"), ("BLOG_POLICY", file)])
        });
        Self { folder, blogs }
    }

    /// What the command says of the change, and how it ends.
    fn diff(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(&*CARGO_AUTH);
        command.current_dir(&self.folder.0).args(["diff", "old.yaml", "new.yaml"]);
        let Output { status, stdout, stderr } = command.args(arguments).output().expect("it runs");
        assert_eq!(String::from_utf8_lossy(&stderr), "");
        (status.code(), String::from_utf8(stdout).expect("UTF-8"))
    }
}

/// Runs a printed line in a shell, with its variables as the reader's own; the status of the answer.
fn status(blog: &Blog, line: &str) -> u16 {
    let password = blog.password("reader");
    let body = json!({ "username": "reader", "password": password }).to_string();
    let session = blog.post("/session", &[], &body);
    let cookie = session.headers("set-cookie")[0].split(';').next().expect("a pair");
    let (_, value) = cookie.split_once('=').expect("a value");
    let variables = [
        ("BASE", blog.url("")),
        ("TOKEN", blog.login("reader")),
        ("SESSION", value.to_owned()),
        ("CSRF", session.json()["csrf_token"].as_str().expect("a token").to_owned()),
        ("BODY", json!({ "display_name": "Reader" }).to_string()),
    ];
    let mut shell = Command::new("sh");
    let output = shell.args(["-c", line]).envs(variables).output().expect("a shell");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let code = text.split(' ').nth(1).and_then(|code| code.parse().ok());
    code.unwrap_or_else(|| panic!("{line}: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_reader_who_is_given_a_scope_is_shown_to_delete_and_does() {
    let more = READER.replace("[read:posts", "[read:posts, delete:posts");
    let branch = Branch::new(READER, &more);
    let (code, said) = branch.diff(&["--deny", "widening"]);
    assert_eq!(code, Some(1), "{said}");
    let gain = "  `reader` (and so `author`) gains `DELETE /posts/{id}` through `jwt`\n";
    let (_, after) = said.split_once(gain).unwrap_or_else(|| panic!("{said}"));
    let line = after.lines().find_map(|line| line.trim().strip_prefix("$ ")).expect("a line");
    assert_eq!(line, "curl -i -X DELETE -H \"Authorization: Bearer $TOKEN\" \"$BASE/posts/1\"");
    assert!(after.contains("as `POST /auth/login` gives it"), "{said}");
    let [old, new] = &branch.blogs;
    assert_eq!((status(old, line), status(new, line)), (403, 204));
    let first = said.split("WIDENS").nth(1).expect("a change").trim_end();
    let readme = fs::read_to_string(workspace().join("README.md")).expect("README.md");
    assert_eq!(between(&readme, "widening"), format!("\n```text\nWIDENS{first}\n```\n"));

    // Whoever agrees to it passes on what was printed.
    let (_, lines) = said.split_once("to the file of `--approve`:\n\n").expect("lines");
    fs::write(branch.folder.0.join("approved.txt"), lines).expect("written");
    let (code, said) = branch.diff(&["--deny", "widening", "--approve", "approved.txt"]);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn every_request_that_is_printed_for_accounts_is_refused_before_and_let_in_after() {
    let branch = Branch::new("reader: { grants: [read:profile] }", READER);
    let (code, said) = branch.diff(&["--format", "json"]);
    assert_eq!(code, Some(0), "{said}");
    let document: Value = serde_json::from_str(&said).expect("JSON");
    let changes = document["changes"].as_array().expect("changes").iter();
    let accounts = changes.filter(|change| {
        let carrier = &change["what"]["access"]["carrier"];
        carrier["holder"] == "account" && carrier["scheme"] != "api_key"
    });
    let mut tried = Vec::new();
    for change in accounts.filter(|change| change["verdict"] == "widens") {
        let line = change["trial"]["command"].as_str().expect("a line");
        let [old, new] = branch.blogs.each_ref().map(|blog| status(blog, line));
        assert!(old == 403 && (200..300).contains(&new), "{line}: {old} {new}");
        tried.push(change["said"].as_str().expect("a sentence"));
    }
    assert_eq!(
        tried,
        [
            "`reader` (and so `author`) gains `GET /posts/{id}` through `jwt`",
            "`reader` (and so `author`) gains `GET /posts/{id}` through `session`",
            "`reader` (and so `admin` and `author`) gains `PUT /profile` through `jwt`",
            "`reader` (and so `admin` and `author`) gains `PUT /profile` through `session`",
        ]
    );
}
