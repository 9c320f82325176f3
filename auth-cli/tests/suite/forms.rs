//! Every command in its three forms: text, JSON and Markdown, held against `tests/forms`.
//! `UPDATE_EXPECT=1` writes what they say now. Names of keys, tokens and days differ with each run.
//! (`who-can`, `what-can` and `explain` are in `access`, `test` in `test`, and `lock` in `lock`.)

use std::{fs, path::Path, sync::Arc};

use auth_runtime::{
    account::StoredAccounts,
    clock::{Clock, SystemClock},
    store,
};
use serde_json::Value;

use crate::{
    access::newsroom,
    world::{GOOD, Snapshots, constant, ends, folder},
};

const FORMS: [(&str, &str); 3] = [("text", "txt"), ("json", "json"), ("markdown", "md")];

/// What a command says in each form, in a folder made anew for each.
#[track_caller]
fn held(name: &str, code: i32, folder: impl Fn(&str) -> std::path::PathBuf, arguments: &[&str]) {
    let mut snapshots = Snapshots::default();
    for (format, extension) in FORMS {
        let here = folder(&format!("form-{name}-{format}"));
        let arguments = [arguments, &["--format", format][..]].concat();
        let (said, problems) = ends(code, &here, &arguments);
        assert!(!said.contains('\u{1b}'), "only a terminal has colours");
        if format == "json" {
            let document: Value = serde_json::from_str(&said).unwrap();
            // A JSON Schema is a document of another kind.
            assert!(document["version"] == 1 || name == "schema", "{said}");
        }
        let said = constant(&said);
        if name != "schema" {
            snapshots.hold(&format!("forms/{name}.{extension}"), &said);
        }
        // The audit event of an act, as the service writes it.
        let problems = problems.lines().filter(|line| !line.starts_with("{\""));
        assert_eq!(problems.filter(|line| !line.starts_with("made key ")).count(), 0);
    }
    snapshots.end();
}

fn with(policy: &str) -> impl Fn(&str) -> std::path::PathBuf {
    let policy = policy.to_owned();
    move |name| {
        let here = folder(name);
        fs::write(here.join("policies/a.yaml"), &policy).unwrap();
        here
    }
}

const UNFORMED: &str = "schemes: {session: { lifetime: 24h,idle: 30m }}\nversion: 1\n";

#[test]
fn check_and_fmt_speak_in_three_forms() {
    let wrong = GOOD.replace("[read:posts]", "[read:post]");
    held("check-wrong", 1, with(&wrong), &["check"]);
    held("check-fine", 0, with(GOOD), &["check"]);
    held("fmt-check", 1, with(UNFORMED), &["fmt", "--check"]);
    held("fmt-formatted", 0, with(UNFORMED), &["fmt"]);
    held("fmt-in-form", 0, with(GOOD), &["fmt"]);
    held("fmt-unreadable", 1, with("version: &a 1\n"), &["fmt"]);
}

#[test]
fn diff_speaks_in_three_forms() {
    let here = |name: &str| {
        let here = with(GOOD)(name);
        let wider = GOOD.replace("30m", "40m").replace("24h", "23h");
        fs::write(here.join("policies/b.yaml"), wider).unwrap();
        here
    };
    let arguments = ["diff", "policies/a.yaml", "policies/b.yaml", "--deny", "widening"];
    held("diff", 1, here, &arguments);
    held("diff-same", 0, with(GOOD), &["diff", "policies/a.yaml", "policies/a.yaml"]);
}

#[test]
fn init_report_and_schema_speak_in_three_forms() {
    held("init", 0, folder, &["init"]);
    held("report", 0, newsroom, &["report", "--html", "page.html"]);
    held("schema", 0, folder, &["schema"]);
    let here = folder("forms-schema");
    let fenced = ends(0, &here, &["schema", "--format", "markdown"]).0;
    let plain = ends(0, &here, &["schema"]).0;
    assert_eq!(fenced, format!("```json\n{plain}```\n"));
}

#[test]
fn keys_speak_in_three_forms() {
    let rotating = |name: &str| {
        let here = folder(name);
        ends(0, &here, &["keys", "generate", "keys.json"]);
        here
    };
    held("keys-generate", 0, folder, &["keys", "generate", "keys.json"]);
    held("keys-list", 0, rotating, &["keys", "list", "keys.json"]);
    held("keys-rotate", 0, rotating, &["keys", "rotate", "keys.json"]);
}

/// A private key is in what `--stdout` asks for and nowhere else.
#[test]
fn k1_no_form_shows_a_private_key() {
    let here = folder("forms-private");
    for (format, _) in FORMS {
        let file = format!("{format}.json");
        let (made, _) = ends(0, &here, &["keys", "generate", &file, "--format", format]);
        let (listed, _) = ends(0, &here, &["keys", "list", &file, "--format", format]);
        let (rotated, _) = ends(0, &here, &["keys", "rotate", &file, "--format", format]);
        let set: Value =
            serde_json::from_str(&fs::read_to_string(here.join(&file)).unwrap()).unwrap();
        for key in set["keys"].as_array().unwrap() {
            let secret = key["d"].as_str().unwrap();
            assert!(![&made, &listed, &rotated].iter().any(|said| said.contains(secret)));
        }
        let (set, _) = ends(0, &here, &["keys", "generate", "--stdout", "--format", format]);
        assert!(serde_json::from_str::<Value>(&set).unwrap()["keys"][0]["d"].is_string());
    }
}

/// A folder with a policy, its keys and a token that tells when it was made, long ago.
fn service(name: &str) -> std::path::PathBuf {
    let here = folder(name);
    let policy = GOOD.replace(
        "schemes: { session: { idle: 30m, lifetime: 24h } }\n",
        "schemes:
  jwt:
    issuer: https://blog.example
    audience: blog-api
    algorithms: [EdDSA]
    keys: file:keys.json
    access_ttl: 15m
    refresh_ttl: 7d
limits: { renew: { rate: 60/minute, by: address } }
endpoints: { refresh: { limit: renew } }
",
    );
    fs::write(here.join("policies/auth.yaml"), policy).unwrap();
    ends(0, &here, &["keys", "generate", "keys.json"]);
    here
}

const MINT: [&str; 8] =
    ["token", "mint", "--policy", "policies/auth.yaml", "--subject", "user-1", "--role", "reader"];

#[test]
fn token_speaks_in_three_forms() {
    held("token-mint", 0, service, &MINT);
    for (name, code, token) in [("sound", 0, None), ("none", 1, Some("e30.e30"))] {
        let mut snapshots = Snapshots::default();
        for (format, extension) in FORMS {
            let here = service(&format!("form-token-{name}-{format}"));
            let made = ends(0, &here, &MINT).0;
            let token = token.unwrap_or(made.trim());
            for (verb, more) in [
                ("inspect", &["--policy", "policies/auth.yaml"]),
                ("verify", &["--jwk", "keys.json"]),
            ] {
                let alg: &[&str] = if verb == "verify" { &["--alg", "EdDSA"] } else { &[] };
                let arguments =
                    [&["token", verb, token, "--format", format][..], &more[..], alg].concat();
                let (said, problems) = ends(code, &here, &arguments);
                assert_eq!(problems, "");
                let file = format!("forms/token-{verb}-{name}.{extension}");
                snapshots.hold(&file, &constant(&said.replace(token, "TOKEN")));
            }
        }
        snapshots.end();
    }
}

/// A hash of a password that nobody has.
const NO_PASSWORD: &str = "$2b$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";

/// A folder with a policy of API keys, and a store with one account.
fn with_account(name: &str) -> std::path::PathBuf {
    let here = folder(name);
    let keys = "schemes: { api_key: { prefix: blog, grants: [read:posts], max_ttl: 90d } }\n";
    let policy = GOOD.replace("schemes: { session: { idle: 30m, lifetime: 24h } }\n", keys);
    fs::write(here.join("policies/auth.yaml"), policy).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(register(&here));
    here
}

async fn register(here: &Path) {
    let url = format!("sqlite:{}", here.join("blog.db").display());
    let store = store::open(&url).await.unwrap();
    let accounts = StoredAccounts::new(Arc::clone(&store));
    let roles = vec!["reader".to_owned()];
    let password = NO_PASSWORD.parse().unwrap();
    accounts.register("ada", roles, password, SystemClock.now()).await.unwrap();
}

const STORE: [&str; 6] =
    ["--store", "sqlite:blog.db", "--owner", "ada", "--policy", "policies/auth.yaml"];

fn key(verb: &'static str, more: &[&'static str]) -> Vec<&'static str> {
    [&["api-key", verb][..], more, &STORE].concat()
}

#[test]
fn api_key_speaks_in_three_forms() {
    let create = key("create", &["--name", "nightly | <b>", "--scopes", "read:posts"]);
    let with_key = |name: &str| {
        let here = with_account(name);
        ends(0, &here, &create);
        here
    };
    held("api-key-create", 0, with_account, &create);
    held("api-key-list-none", 0, with_account, &key("list", &[]));
    held("api-key-list", 0, with_key, &key("list", &[]));
    for (format, extension) in FORMS {
        let here = with_key(&format!("form-revoke-{format}"));
        let (listed, _) = ends(0, &here, &key("list", &["--format", "json"]));
        let listed: Value = serde_json::from_str(&listed).unwrap();
        let id = listed["keys"][0]["id"].as_str().unwrap();
        let revoke = key("revoke", &["--format", format]);
        let (said, _) = ends(0, &here, &[&revoke[..2], &[id], &revoke[2..]].concat());
        let mut snapshots = Snapshots::default();
        snapshots.hold(&format!("forms/api-key-revoke.{extension}"), &said.replace(id, "ID"));
        snapshots.end();
        let (_, problem) = ends(1, &here, &[&revoke[..2], &["none"], &revoke[2..]].concat());
        assert_eq!(problem.lines().last().unwrap(), "error: `ada` has no key with the id `none`");
    }
}
