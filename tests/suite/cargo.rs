//! What only a real build shows: that an edit of the policy is an edit of the program, that its
//! text stays out of what is built, and that one mistake in it is one error.

use std::fs;

use crate::{
    files::workspace,
    fixture::{Build, Fixture},
};

/// A policy whose scope for writing has the name asked for.
fn policy(write: &str) -> String {
    format!(
        "version: 1
# {CANARY}
scopes:
  read:posts: {DESCRIPTION}
  {write}: {{ is: Write posts, mutates: true }}
roles:
  author: {{ grants: [read:posts, {write}] }}
schemes:
  jwt:
    issuer: https://issuer.example
    audience: test-api
    algorithms: [EdDSA]
    keys: ${{TEST_JWT_KEYS}}
    access_ttl: 15m
    refresh_ttl: 7d
"
    )
}

/// Stands in a comment of the policy, so it must not be anywhere else.
const CANARY: &str = "canary-3e1b7c0d";

/// Belongs to the policy itself, so it is where `policy!()` is.
const DESCRIPTION: &str = "description-90ad42f6";

const LIBRARY: &str = r#"//! Handlers of a fixture.
use auth_runtime::{Identity, Router, authenticate, public, routing::{get, post}};

pub const MARK: &str = "mark-5ac81e93";

#[public(reason = "landing page")]
async fn index() {}

#[authenticate(jwt, scopes = "read:posts")]
async fn show(caller: Identity) -> String {
    caller.subject().id.to_string()
}

#[authenticate(jwt, scopes = "write:posts")]
async fn create(caller: Identity) -> String {
    caller.subject().id.to_string()
}

pub fn router() -> Router {
    Router::new().route("/", get(index)).route("/posts", get(show).post(create)).route("/", post(create))
}
"#;

const BINARY: &str = "//! The program of a fixture.
fn main() {
    println!(\"{:?}\", auth_runtime::policy!());
}
";

/// The package `service`, with its policy where it is looked for when nothing names one.
fn service(test: &str) -> Fixture {
    let fixture = Fixture::new(test, &["service"]);
    fixture.write("service/Cargo.toml", &manifest(test, ""));
    fixture.write("service/src/lib.rs", LIBRARY);
    fixture.write("service/policies/auth.yaml", &policy("write:posts"));
    fixture
}

fn manifest(test: &str, metadata: &str) -> String {
    format!(
        "[package]
name = \"fixture-{test}\"
version = \"0.0.0\"
edition = \"2024\"
{metadata}
[dependencies]
auth-runtime.workspace = true
"
    )
}

fn metadata(policy: &str) -> String {
    format!("\n[package.metadata.auth]\npolicy = \"{policy}\"\n")
}

/// The error of a handler that asks for what the policy does not declare.
#[track_caller]
fn fails_at_the_literal(build: &Build, policy: &str, declared: &str) {
    let line = LIBRARY.lines().position(|line| line.contains("write:posts")).unwrap() + 1;
    let error = build.fails_once();
    for expected in [
        "error: the policy declares no scope `write:posts`",
        &format!("--> {policy}:5:3"),
        &format!("`{declared}` is declared here"),
        &format!("--> service/src/lib.rs:{line}:30"),
    ] {
        assert!(error.contains(expected), "no `{expected}` in:\n{error}");
    }
}

/// Z2: an edit of the policy alone is seen by the next build, and nothing else is.
#[test]
fn z2_an_edit_of_the_policy_rebuilds() {
    let fixture = service("edit");
    assert!(!fixture.check().is_fresh(), "the first build builds");
    assert!(fixture.check().is_fresh(), "untouched, it is not built again");

    fixture.write("service/policies/auth.yaml", &policy("writes:posts"));
    fails_at_the_literal(&fixture.check(), "service/policies/auth.yaml", "writes:posts");
    fails_at_the_literal(&fixture.check(), "service/policies/auth.yaml", "writes:posts");

    fixture.write("service/policies/auth.yaml", &policy("write:posts"));
    assert!(!fixture.check().is_fresh(), "restored, it is built again");
    assert!(fixture.check().is_fresh());

    // Not only what handlers name: the binary carries the policy's other values too.
    fixture.edit("service/policies/auth.yaml", "15m", "10m");
    assert!(!fixture.check().is_fresh(), "a lifetime is part of the policy");

    fixture.remove("service/policies/auth.yaml");
    let error = fixture.check().fails_once();
    assert!(error.contains("`service/policies/auth.yaml` cannot be read"), "{error}");
}

/// Z2: naming another policy is seen by the next build, wherever it is named.
#[test]
fn z2_a_switch_of_policy_rebuilds() {
    let fixture = service("switch");
    fixture.write("other.yaml", &policy("write:posts"));
    fixture.write("wrong.yaml", &policy("writes:posts"));
    fixture.check().passes();

    fixture.write("service/Cargo.toml", &manifest("switch", &metadata("../wrong.yaml")));
    fails_at_the_literal(&fixture.check(), "wrong.yaml", "writes:posts");
    fixture.write("service/Cargo.toml", &manifest("switch", &metadata("../other.yaml")));
    fixture.check().passes();
    // Cargo itself ignores metadata: only what the macros track rebuilds.
    fixture.write("service/Cargo.toml", &manifest("switch", &metadata("../wrong.yaml")));
    fails_at_the_literal(&fixture.check(), "wrong.yaml", "writes:posts");
    fixture.write("service/Cargo.toml", &manifest("switch", ""));
    fixture.check().passes();

    let (other, wrong) = (fixture.path("other.yaml"), fixture.path("wrong.yaml"));
    fails_at_the_literal(&fixture.check_with(&wrong), "wrong.yaml", "writes:posts");
    assert!(!fixture.check_with(&other).is_fresh(), "another value of AUTH_POLICY");
    assert!(fixture.check_with(&other).is_fresh());
    assert!(!fixture.check().is_fresh(), "AUTH_POLICY was taken away");
    assert!(fixture.check().is_fresh());
}

/// Z2: argument, metadata, AUTH_POLICY, `policies/auth.yaml` beside the manifest; nothing else.
#[test]
fn z2_where_the_policy_is_looked_for() {
    let fixture = service("order");
    let (right, wrong) = (policy("write:posts"), policy("writes:posts"));
    for name in ["argument", "metadata", "environment"] {
        fixture.write(&format!("{name}.yaml"), &wrong);
    }
    let environment = fixture.path("environment.yaml");

    // The default comes last: each of the others is asked before the next one.
    fixture.check().passes();
    fails_at_the_literal(&fixture.check_with(&environment), "environment.yaml", "writes:posts");
    fixture.write("service/Cargo.toml", &manifest("order", &metadata("../metadata.yaml")));
    fails_at_the_literal(&fixture.check_with(&environment), "metadata.yaml", "writes:posts");
    let asked = "scopes = \"write:posts\"";
    let argument = format!("{asked}, policy = \"../argument.yaml\"");
    fixture.edit("service/src/lib.rs", asked, &argument);
    fixture.edit("service/Cargo.toml", "metadata.yaml", "right.yaml");
    fixture.write("right.yaml", &right);
    fails_at_the_literal(&fixture.check_with(&environment), "argument.yaml", "writes:posts");

    // No walk upwards: a policy beside the workspace's manifest is not the package's.
    fixture.write("service/src/lib.rs", LIBRARY);
    fixture.write("service/Cargo.toml", &manifest("order", ""));
    fixture.remove("service/policies/auth.yaml");
    fixture.write("policies/auth.yaml", &right);
    fixture.write("auth.yaml", &right);
    fixture.write("service/auth.yaml", &right);
    let error = fixture.check().fails_once();
    let expected = "the policy `service/policies/auth.yaml` cannot be read (the default:";
    assert!(error.contains(expected), "{error}");
}

/// Z2: the text of the policy is in nothing that is built; the policy is where `policy!()` is.
#[test]
fn z2_the_text_of_the_policy_does_not_leak() {
    let fixture = service("leak");
    fixture.write("service/src/main.rs", BINARY);
    fixture.clean("fixture-leak");
    fixture.check().passes();
    let products = fixture.build().passes().products();
    let holding = |text: &str| {
        let holds = |bytes: Vec<u8>| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        let holding = products.iter().filter(|file| holds(fs::read(file).unwrap()));
        holding.map(|file| file.display().to_string()).collect::<Vec<_>>()
    };
    let ends = |files: &[String], end: &str| files.iter().any(|file| file.ends_with(end));

    // The search finds what is there ..
    let mark = holding("mark-5ac81e93");
    assert!(ends(&mark, ".rlib") && ends(&mark, ".rmeta"), "{mark:#?} of {products:#?}");
    let description = holding(DESCRIPTION);
    assert!(ends(&description, "debug/fixture-leak"), "{description:#?} of {products:#?}");
    // .. and handlers hold nothing of the policy but ids.
    assert!(!ends(&description, ".rlib"), "{description:#?}");
    assert!(!ends(&description, ".rmeta"), "{description:#?}");
    // Neither a comment of the policy nor where it is on this machine is anywhere.
    assert_eq!(holding(CANARY), [""; 0]);
    assert_eq!(holding(&fixture.path("service/policies")), [""; 0]);
}

/// Z2: a policy with two mistakes is reported once, however many handlers it is the policy of.
#[test]
fn z2_a_wrong_policy_is_one_error() {
    let fixture = service("wrong");
    let wrong = policy("write:posts").replace("refresh_ttl: 7d", "refresh_ttl: 7 days");
    let wrong = wrong.replace("grants: [read:posts,", "grants: [reads:posts,");
    fixture.write("service/policies/auth.yaml", &wrong);
    let error = fixture.check().fails_once();
    for expected in ["--> service/policies/auth.yaml:7:22", "--> service/policies/auth.yaml:15:18"]
    {
        assert_eq!(error.matches(expected).count(), 1, "`{expected}` in:\n{error}");
    }
    assert!(error.contains("--> service/src/lib.rs:9:1"), "at the first handler:\n{error}");
    assert!(!error.contains(CANARY), "{error}");

    // In one crate with its handlers, `policy!()` has nothing to add; alone, it says it.
    let main = "\nfn main() {\n    let _ = (router(), auth_runtime::policy!());\n}\n";
    fixture.remove("service/src/lib.rs");
    fixture.write("service/src/main.rs", &format!("{LIBRARY}{main}"));
    fixture.check().fails_once();
    fixture.write("service/src/main.rs", BINARY);
    let error = fixture.check().fails_once();
    assert!(error.contains("--> service/src/main.rs:3:"), "{error}");
}

/// Z2: a policy that is not there is reported once.
#[test]
fn z2_a_missing_policy_is_one_error() {
    let fixture = service("missing");
    fixture.remove("service/policies/auth.yaml");
    let error = fixture.check().fails_once();
    assert!(error.contains("the policy `service/policies/auth.yaml` cannot be read"), "{error}");

    fixture.write("service/Cargo.toml", &manifest("missing", &metadata("../auth.yaml")));
    let error = fixture.check().fails_once();
    assert!(error.contains("as `[package.metadata.auth]` in Cargo.toml says"), "{error}");
}

/// Z2: a manifest that means to name a policy and does not is no reason to take another one.
#[test]
fn z2_a_manifest_that_names_no_policy_is_one_error() {
    let fixture = service("unnamed");
    for wrong in ["polcy = \"policies/auth.yaml\"", "policy = 3", "policy = \"\""] {
        let table = format!("\n[package.metadata.auth]\n{wrong}\n");
        fixture.write("service/Cargo.toml", &manifest("unnamed", &table));
        let error = fixture.check().fails_once();
        assert!(
            error.contains("`[package.metadata.auth]` in Cargo.toml names no policy"),
            "{error}"
        );
    }
}

/// Z1: the runtime is found under the name the package gives it.
#[test]
fn z1_the_runtime_may_be_renamed() {
    let fixture = service("renamed");
    let path = workspace().join("auth-runtime");
    let dependency = format!("guard = {{ package = \"auth-runtime\", path = {path:?} }}");
    let renamed = manifest("renamed", "").replace("auth-runtime.workspace = true", &dependency);
    fixture.write("service/Cargo.toml", &renamed);
    fixture.write("service/src/lib.rs", &LIBRARY.replace("auth_runtime", "guard"));
    fixture.write("service/src/main.rs", &BINARY.replace("auth_runtime", "guard"));
    fixture.check().passes();
}

/// What `cargo auth init` prints is a whole program, and it compiles against the policy it writes.
#[test]
fn z2_the_program_that_init_prints_compiles() {
    let folder = workspace().join("auth-cli/src/commands/init");
    let printed = fs::read_to_string(folder.join("program.rs.txt")).unwrap();
    let (_, program) = printed.split_once("in src/main.rs:\n\n").unwrap();
    let program: Vec<_> =
        program.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect();
    let fixture = Fixture::new("init", &["service"]);
    fixture.write("service/Cargo.toml", &(manifest("init", "") + "tokio.workspace = true\n"));
    fixture.write("service/src/main.rs", &program.join("\n"));
    let policy = fs::read_to_string(folder.join("policy.yaml")).unwrap();
    fixture.write("service/policies/auth.yaml", &policy);
    fixture.check().passes();

    // And it is this very policy that it is compiled against.
    fixture.edit(
        "service/policies/auth.yaml",
        "  read:posts: Read posts",
        "  read:post: Read posts",
    );
    fixture.edit("service/policies/auth.yaml", "grants: [read:posts]", "grants: [read:post]");
    let error = fixture.check().fails_once();
    assert!(error.contains("the policy declares no scope `read:posts`"), "{error}");
}

/// What the book begins with: its dependencies, its policy and its program go together.
#[test]
fn z2_the_first_steps_of_the_book_compile() {
    let page = fs::read_to_string(workspace().join("docs/getting-started.md")).unwrap();
    let blocks = |language: &str| -> Vec<String> {
        let opening = format!("```{language}\n");
        page.split(&opening)
            .skip(1)
            .map(|rest| rest.split_once("```").unwrap().0.to_owned())
            .collect()
    };
    let runtime = format!("{}/auth-runtime", workspace().display());
    let dependencies = blocks("toml").concat().replace("../auth-engine/auth-runtime", &runtime);
    let package = "[package]\nname = \"fixture-first\"\nversion = \"0.0.0\"\nedition = \"2024\"\n";
    let fixture = Fixture::new("first", &["service"]);
    fixture.write("service/Cargo.toml", &format!("{package}\n{dependencies}"));
    fixture.write("service/policies/auth.yaml", &blocks("yaml").concat());
    fixture.write("service/src/main.rs", &blocks("rust,ignore").concat());
    fixture.check().passes();
}
