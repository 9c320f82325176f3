//! The lock of an application, written and compared by the real cargo: an endpoint that is loosened
//! in the code is a line that changes, without an edit of the policy.

use std::{
    fs,
    process::{Command, Output},
};

use crate::{blog::process::built, files::workspace, fixture::Fixture};

const POLICY: &str = "version: 1
scopes:
  read:posts: Read posts
  write:posts: { is: Write posts, mutates: true }
roles:
  reader: { grants: [read:posts] }
  author: { includes: [reader], grants: [write:posts] }
schemes:
  jwt:
    issuer: https://issuer.example
    audience: test-api
    algorithms: [EdDSA]
    keys: ${TEST_JWT_KEYS}
    access_ttl: 15m
    refresh_ttl: 7d
never:
  - { role: reader, reaches: { endpoint: POST /posts } }
";

const LIBRARY: &str = r#"//! An application of a fixture.
use auth_runtime::{
    Auth, Protected, Router, authenticate, jwt::KeySet, policy, policy_types::Algorithm, public,
    routing::{get, post},
};

#[public(reason = "landing page")]
async fn index() {}

#[authenticate(jwt, scopes = "read:posts")]
async fn list() {}

#[authenticate(jwt, scopes = "write:posts")]
async fn create() {}

/// The application.
pub async fn app() -> Result<Protected, Box<dyn std::error::Error>> {
    let keys = KeySet::from_jwk_set(KeySet::generate(Algorithm::EdDSA)?.expose())?;
    let auth = Auth::from_policy(policy!()).keys("jwt", keys).build().await?;
    let routes = Router::new().route("/", get(index)).route("/posts", get(list).post(create));
    Ok(routes.route("/drafts", post(create)).protect(auth))
}
"#;

const TEST: &str = "
#[cfg(test)]
auth_runtime::lock_test!(app());
";

const MANIFEST: &str = "[package]
name = \"fixture-lock\"
version = \"0.0.0\"
edition = \"2024\"

[package.metadata.auth]
policy = \"../policies/posts.yaml\"

[dependencies]
auth-runtime.workspace = true
";

const LOCK: &str = "policies/posts.lock";

#[track_caller]
fn lock(fixture: &Fixture, code: i32, arguments: &[&str]) -> (String, String) {
    let mut command = Command::new(built("auth-cli", "cargo-auth"));
    command.args(["auth", "lock"]).args(arguments);
    command.arg("--manifest-path").arg(fixture.path("Cargo.toml"));
    let Output { status, stdout, stderr } = fixture.environment(&mut command).output().unwrap();
    let said = [stdout, stderr].map(|said| String::from_utf8(said).unwrap());
    assert_eq!(status.code(), Some(code), "{said:#?}");
    let [stdout, stderr] = said;
    (stdout, stderr)
}

#[test]
fn z3_a_rule_loosened_in_code_changes_a_line_of_the_lock() {
    let fixture = Fixture::new("lock", &["service"]);
    fixture.write("service/Cargo.toml", MANIFEST);
    fixture.write("service/src/lib.rs", LIBRARY);
    fixture.write("policies/posts.yaml", POLICY);
    let (said, problem) = lock(&fixture, 2, &[]);
    assert!(said.is_empty() && problem.contains("auth_runtime::lock_test!(app());"), "{problem}");

    fixture.write("service/src/lib.rs", &format!("{LIBRARY}{TEST}"));
    let (said, _) = lock(&fixture, 1, &["--check"]);
    assert!(
        said.starts_with(&format!("{LOCK}: not there; `cargo auth lock` writes it\n")),
        "{said}"
    );
    let (said, _) = lock(&fixture, 0, &[]);
    assert!(said.starts_with(&format!("{LOCK}: written for the first time\n")), "{said}");
    let written = fixture.read(LOCK);
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<_> = written.lines().filter(|line| !line.starts_with('#')).map(words).collect();
    assert_eq!(
        lines,
        [
            "lock 1 of policies/posts.yaml",
            "",
            "GET / public -> everybody @ fixture_lock::index reason \"landing page\"",
            "POST /drafts jwt scope write:posts -> role author @ fixture_lock::create",
            "GET /posts jwt scope read:posts -> role author, reader @ fixture_lock::list",
            "POST /posts jwt scope write:posts -> role author @ fixture_lock::create",
        ]
    );
    assert_eq!(lock(&fixture, 0, &["--check"]).0, format!("{LOCK}: up to date\n"));

    // Loosened in the code alone: one line, and the lock stays what it was.
    fixture.edit(
        "service/src/lib.rs",
        "#[authenticate(jwt, scopes = \"read:posts\")]",
        "#[authenticate(jwt)]",
    );
    let (said, _) = lock(&fixture, 1, &["--check"]);
    let changes: Vec<_> = said.lines().skip(1).map(words).collect();
    assert_eq!(
        changes,
        [
            "- GET /posts jwt scope read:posts -> role author, reader @ fixture_lock::list",
            "+ GET /posts jwt -> every account @ fixture_lock::list",
        ]
    );
    assert_eq!(fixture.read(LOCK), written);
    let test = fixture.test();
    assert!(!test.status.success());
    let said = String::from_utf8(test.stdout).unwrap();
    assert!(
        said.contains("`policies/posts.lock` is not what the application serves now:\n\n- GET"),
        "{said}"
    );

    let (said, _) = lock(&fixture, 0, &[]);
    shown_in_the_book("", &said);
    let (said, _) = lock(&fixture, 0, &["--check", "--format", "json"]);
    shown_in_the_book(" --check --format json", &said);
    let written = fixture.read(LOCK);

    // A statement about an endpoint is held whatever is written.
    fixture.edit(
        "policies/posts.yaml",
        "reader: { grants: [read:posts] }",
        "reader: { grants: [read:posts, write:posts] }",
    );
    let (_, problem) = lock(&fixture, 2, &[]);
    assert!(
        problem.contains("the role `reader` never reaches `POST /posts`, says this entry, but it does: jwt (line 17)"),
        "{problem}"
    );
    assert_eq!(fixture.read(LOCK), written);
}

/// What the command says is what `docs/cli.md` shows.
#[track_caller]
fn shown_in_the_book(arguments: &str, said: &str) {
    let page = fs::read_to_string(workspace().join("docs/cli.md")).unwrap();
    let block = format!("```text\n$ cargo auth lock{arguments}\n{said}```\n");
    assert!(page.contains(&block), "docs/cli.md does not show:\n{block}");
}
