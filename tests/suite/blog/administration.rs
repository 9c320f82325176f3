//! `cargo auth api-key` on the store of a running blog: keys made, listed and revoked beside it.

use std::{
    path::PathBuf,
    process::{Command, Output},
    sync::LazyLock,
};

use serde_json::{Value, json};

use super::process::{Blog, built};
use crate::files::workspace;

static CARGO_AUTH: LazyLock<PathBuf> = LazyLock::new(|| built("auth-cli", "cargo-auth"));

/// What the command says and how it ends, in the blog's folder.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn api_key(blog: &Blog, store: &str, arguments: &[&str]) -> Said {
    let mut command = Command::new(&*CARGO_AUTH);
    let policy = workspace().join("policies/blog.yaml");
    command.current_dir(&blog.folder.0).env_clear().env("BLOG_STORE", "sqlite:blog.db");
    command.args(["api-key", arguments[0], "--store", store, "--policy"]).arg(policy);
    let Output { status, stdout, stderr } =
        command.args(&arguments[1..]).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Said { code: status.code(), out: text(stdout), err: text(stderr) }
}

/// The same on the blog's own store.
fn on_its_store(blog: &Blog, arguments: &[&str]) -> Said {
    api_key(blog, "sqlite:blog.db", arguments)
}

const MAKE: [&str; 9] = [
    "create",
    "--owner",
    "reader",
    "--name",
    "nightly",
    "--scopes",
    "read:posts",
    "--environment",
    "test",
];

fn data(blog: &Blog, key: &str) -> u16 {
    blog.send("GET", "/api/data", &[format!("X-API-Key: {key}")], None).status
}

/// The event for an act, which stands on standard error beside what is said to people.
fn event(said: &Said) -> Value {
    let line = said.err.lines().find(|line| line.starts_with('{')).expect("an event");
    serde_json::from_str(line).expect("JSON")
}

#[test]
fn m08_a_key_made_beside_the_server_opens_it_until_it_is_revoked_there() {
    let blog = Blog::seeded();
    let made = on_its_store(&blog, &MAKE);
    assert_eq!(made.code, Some(0), "{}", made.err);
    let key = made.out.trim_end();
    assert!(key.starts_with("blog_test_") && !key.contains(char::is_whitespace), "{}", made.out);
    assert_eq!(data(&blog, key), 200);

    let secret = key.split('_').nth(3).expect("a secret");
    let made_event = event(&made);
    assert_eq!(
        (&made_event["event.name"], &made_event["auth.decision"]),
        (&json!("auth.key.created"), &json!("allow"))
    );
    assert!(!made.err.contains(secret), "A2: the key is on standard output alone");

    let list = on_its_store(&blog, &["list", "--owner", "reader", "--format", "json"]);
    let list: Value = serde_json::from_str(&list.out).expect("JSON");
    assert_eq!(list["version"], 1);
    let id = list["keys"][0]["id"].as_str().expect("an id");
    assert_eq!(
        (&list["keys"][0]["name"], &list["keys"][0]["revoked_at"]),
        (&json!("nightly"), &Value::Null)
    );
    let shown = on_its_store(&blog, &["list", "--owner", "reader"]);
    assert!(
        shown.out.starts_with(&format!("{id} nightly: read:posts; test, made 20")),
        "{}",
        shown.out
    );
    assert!(!shown.out.contains(secret) && !list.to_string().contains(secret));
    let token = blog.login("reader");
    assert_eq!(blog.get("/api-keys", Some(&token)).json()[0]["id"], id, "its owner sees it too");

    let revoked = on_its_store(&blog, &["revoke", "--owner", "reader", id]);
    assert_eq!(
        (revoked.code, revoked.out.as_str()),
        (Some(0), format!("revoked key {id}\n").as_str())
    );
    assert_eq!(event(&revoked)["event.name"], "auth.key.revoked");
    assert_eq!(data(&blog, key), 401);
    let again = on_its_store(&blog, &["revoke", "--owner", "reader", id]);
    assert_eq!(again.code, Some(0), "what is revoked stays so");
}

#[test]
fn k4_k5_the_command_keeps_to_the_policy_and_to_the_accounts_rights() {
    let blog = Blog::seeded();
    let with = |more: &[&str]| {
        let made = on_its_store(&blog, &[&MAKE[..], more].concat());
        (made.code, made.err)
    };
    assert_eq!(
        with(&["--ttl", "366d"]),
        (Some(1), "error: `--ttl` is 1d at least and 365d at most\n".into())
    );
    let (code, said) = with(&["--scopes", "write:posts"]);
    assert_eq!(code, Some(1));
    assert!(said.starts_with("error: a key of this account may not have write:posts"), "{said}");
    let (code, said) = with(&["--scopes", "nothing:here"]);
    assert!(code == Some(1) && said.contains("it may name: read:posts"), "{said}");
    let nobody = on_its_store(&blog, &["list", "--owner", "no\u{1b}body"]);
    assert_eq!(nobody.code, Some(1));
    assert!(
        nobody.err.contains("no account with the id or the name `no\\u{1b}body`"),
        "{}",
        nobody.err
    );
    let unknown = on_its_store(&blog, &["revoke", "--owner", "reader", "aaaaaaaaaaaaaaaaaaaaaa"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.err.contains("`reader` has no key with the id"), "{}", unknown.err);
    // A key of production counts in production alone, wherever it was made.
    let live = on_its_store(&blog, &[&MAKE[..7], &["--environment", "live"]].concat());
    assert!(live.out.starts_with("blog_live_"), "{}", live.out);
    assert_eq!(data(&blog, live.out.trim_end()), 401);
    // A name that is an account's id is no way to what is meant for that account.
    let me = blog.get("/auth/me", Some(&blog.login("reader"))).json();
    let id = me["subject"].as_str().expect("an id");
    let body = json!({ "username": id, "password": "quite another walk up the hill" });
    assert_eq!(blog.write("POST", "/auth/register", None, &body).status, 201);
    let by_id = on_its_store(&blog, &["list", "--owner", id]);
    assert!(by_id.out.contains("nightly"), "{} {}", by_id.out, by_id.err);
}

#[test]
fn s9_a_store_that_does_not_answer_is_told_and_nothing_is_made() {
    let blog = Blog::seeded();
    let ends = |store: &str, code: i32, why: &str| {
        let said = api_key(&blog, store, &MAKE);
        assert_eq!((said.code, said.out.as_str()), (Some(code), ""), "{store}: {}", said.err);
        assert!(said.err.starts_with("error: ") && said.err.contains(why), "{store}: {}", said.err);
    };
    ends("sqlite:elsewhere.db", 1, "there is no file `elsewhere.db`");
    assert!(!blog.folder.0.join("elsewhere.db").exists());
    std::fs::write(blog.folder.0.join("other.db"), "no database at all, but long enough to be one")
        .expect("a file");
    ends("sqlite:other.db", 1, "");
    ends("memory:", 2, "ends with the process that holds it");
    ends("mysql://user:hunter2@db", 2, "its URL begins with none of");
    ends("postgres://user:hunter2@db", 2, "`--features postgres`");
    ends("redis://db", 2, "`--features redis`");
    ends("${NOT_SET}", 2, "`NOT_SET`");
    let named = api_key(&blog, "${BLOG_STORE}", &MAKE);
    assert_eq!(data(&blog, named.out.trim_end()), 200);
}
