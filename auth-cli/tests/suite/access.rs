//! `cargo auth who-can`, `what-can` and `explain`: what they say of one policy, in every form, held
//! against `tests/access`. `UPDATE_EXPECT=1` writes what they say now.

use std::{fs, time::Instant};

use serde_json::Value;

use crate::world::{Snapshots, cargo_auth, ends, folder, stdout};

const POLICY: &str = include_str!("../access/news.yaml");
const LOCK: &str = include_str!("../access/news.lock");

/// A folder with the policy and its lock.
pub(crate) fn newsroom(name: &str) -> std::path::PathBuf {
    let here = folder(name);
    fs::write(here.join("policies/news.yaml"), POLICY).unwrap();
    fs::write(here.join("policies/news.lock"), LOCK).unwrap();
    here
}

const QUESTIONS: &[(&str, &[&str])] = &[
    ("who-can-draft", &["who-can", "POST /drafts"]),
    ("who-can-see-drafts", &["who-can", "GET", "/drafts"]),
    ("who-can-publish", &["who-can", "POST /drafts/7/publish"]),
    ("who-can-read", &["who-can", "GET /news"]),
    ("who-can-see-the-front-page", &["who-can", "GET /"]),
    ("what-can-a-writer", &["what-can", "role:writer"]),
    ("what-can-a-scope", &["what-can", "scope:write:drafts"]),
    ("what-can-an-issuer", &["what-can", "scheme:agency"]),
    ("explain-a-reader", &["explain", "POST /drafts", "--role", "reader"]),
    ("explain-an-editor", &["explain", "POST /drafts", "--role", "editor"]),
    (
        "explain-an-old-sign-in",
        &["explain", "POST /drafts/7/publish", "--role", "editor", "--signed-in", "2h"],
    ),
    (
        "explain-a-weak-sign-in",
        &["explain", "POST /drafts/7/publish", "--role", "editor", "--acr", "urn:example:password"],
    ),
    ("explain-a-key", &["explain", "GET /drafts", "--role", "writer", "--scheme", "api_key"]),
    (
        "explain-a-narrow-token",
        &[
            "explain",
            "POST /drafts",
            "--role",
            "writer",
            "--scheme",
            "jwt",
            "--scopes",
            "read:news",
        ],
    ),
    ("explain-nobody", &["explain", "GET /staff"]),
    (
        "explain-a-correspondent",
        &["explain", "GET /staff", "--scheme", "agency", "--role", "correspondent"],
    ),
    ("explain-the-front-page", &["explain", "GET /"]),
    ("explain-an-account", &["explain", "GET /account", "--role", "reader"]),
];

#[test]
fn every_answer_is_what_it_was_in_text_json_and_markdown() {
    let here = newsroom("access-answers");
    let mut snapshots = Snapshots::default();
    for (name, question) in QUESTIONS {
        for (format, extension) in [("text", "txt"), ("json", "json"), ("markdown", "md")] {
            let arguments = [question, &["--format", format][..]].concat();
            let (said, problems) = ends(0, &here, &arguments);
            assert_eq!(problems, "");
            assert!(!said.contains('\u{1b}'), "only a terminal has colours");
            if format == "json" {
                assert_eq!(serde_json::from_str::<Value>(&said).unwrap()["version"], 1);
            }
            snapshots.hold(&format!("access/{name}.{extension}"), &said);
        }
    }
    snapshots.end();
}

#[test]
fn a_question_that_means_nothing_is_told_what_was_probably_meant() {
    let here = newsroom("access-unknown");
    for (question, told) in [
        (&["who-can", "POST /draft"][..], "did you mean `POST /drafts`?"),
        (&["who-can", "DELETE /drafts"], "there is `GET /drafts`, `POST /drafts`"),
        (&["who-can", "/drafts"], "an endpoint is a method and a path"),
        (&["what-can", "role:writr"], "did you mean `role:writer`?"),
        (&["what-can", "writer"], "did you mean `role:writer`?"),
        (&["what-can", "somebody"], "ask for `role:NAME`, `scope:NAME` or `scheme:NAME`"),
        (&["explain", "GET /news", "--role", "raeder"], "did you mean `reader`?"),
        (&["explain", "GET /news", "--scheme", "sesion"], "did you mean `session`?"),
        (&["explain", "GET /news", "--scopes", "read:new"], "did you mean `read:news`?"),
        (&["explain", "GET /news", "--client"], "the policy has no `oauth`"),
        (&["explain", "GET /news", "--acr", "weak"], "declares no authentication context `weak`"),
    ] {
        let (said, problems) = ends(2, &here, question);
        assert_eq!(said, "");
        assert!(problems.starts_with("error: ") && problems.contains(told), "{problems}");
    }
}

#[test]
fn of_several_policies_the_one_is_asked_that_knows_the_answer() {
    let here = newsroom("access-several");
    let other = |text: &str| text.replace("writer", "author").replace("/drafts", "/notes");
    fs::write(here.join("policies/notes.yaml"), other(POLICY)).unwrap();
    fs::write(here.join("policies/notes.lock"), other(LOCK)).unwrap();
    for (question, told) in [
        (&["who-can", "POST /drafts"][..], "role writer"),
        (&["who-can", "POST /notes"], "role author"),
        (&["what-can", "role:author"], "/notes"),
        (&["explain", "POST /notes", "--role", "author"], "allowed: POST /notes"),
    ] {
        let (said, _) = ends(0, &here, question);
        assert!(said.contains(told), "{said}");
    }
    let (_, problem) = ends(2, &here, &["who-can", "GET /news"]);
    assert!(
        problem.contains("`policies/news.yaml`, `policies/notes.yaml`: say which"),
        "{problem}"
    );
    let (_, problem) = ends(2, &here, &["who-can", "POST /note"]);
    assert!(
        problem.contains("`policies/notes.yaml`: ")
            && problem.contains("did you mean `POST /notes`"),
        "{problem}"
    );
}

/// Every application of a policy is looked at, whatever its lock is called, as `check` does it.
#[test]
fn every_lock_of_a_policy_is_looked_at() {
    let here = newsroom("access-locks");
    let admin = "lock 1 of policies/news.yaml
GET   /          session  scope read:drafts   -> role editor  @ admin::index
POST  /staff/{id}  session  scope publish:news  -> role editor  @ admin::hire
";
    let lock = here.join("policies/news.admin.lock");
    fs::write(&lock, admin).unwrap();
    for (question, told) in [
        (&["who-can", "POST /staff/7"][..], "admin::hire"),
        (&["who-can", "POST /drafts"], "role editor or writer"),
        (&["what-can", "role:editor"], "/staff/{id}"),
        (&["explain", "POST /staff/7", "--role", "editor"], "allowed: POST /staff/{id}"),
        (&["who-can", "GET /", "--lock", "policies/news.admin.lock"], "admin::index"),
        (&["who-can", "GET /", "--lock", "policies/news.lock"], "everybody"),
        (&["report", "--html", "page.html"], "page.html: 9 endpoints"),
    ] {
        let (said, problems) = ends(0, &here, question);
        assert!(said.contains(told) && problems.is_empty(), "{said}");
    }
    assert!(fs::read_to_string(here.join("page.html")).unwrap().contains("POST /staff/{id}"));
    let (_, problem) = ends(2, &here, &["who-can", "GET /"]);
    assert_eq!(
        problem,
        "error: several applications have `GET /`, the one without a name and `admin`, and ask for \
         different things: say with `--lock` which is meant\n"
    );
    let (_, problem) = ends(2, &here, &["who-can", "POST /staf/7"]);
    assert!(problem.contains("the lock has no endpoint"), "{problem}");
    // Who is not asked for by scopes or roles is told as well.
    fs::write(&lock, "lock 1 of p.yaml\nGET  /me  jwt  people  -> every account  @ a::me\n")
        .unwrap();
    assert!(ends(0, &here, &["who-can", "GET /me"]).0.contains("\nasks for jwt; people\n"));
    assert!(ends(0, &here, &["what-can", "scheme:jwt"]).0.contains("jwt; people "));
    // The same in both is no question.
    fs::write(&lock, LOCK).unwrap();
    ends(0, &here, &["who-can", "GET /"]);
    // One alone may be called after its application.
    fs::remove_file(here.join("policies/news.lock")).unwrap();
    ends(0, &here, &["who-can", "GET /"]);
    fs::write(&lock, "nothing\n").unwrap();
    let (_, problem) = ends(2, &here, &["who-can", "GET /"]);
    assert!(problem.contains("`policies/news.admin.lock` is no lock: line 1, "), "{problem}");
}

#[test]
fn without_a_lock_the_command_that_writes_it_is_named() {
    let here = newsroom("access-unlocked");
    fs::remove_file(here.join("policies/news.lock")).unwrap();
    for question in [&["who-can", "GET /"][..], &["what-can", "role:reader"], &["explain", "GET /"]]
    {
        let (_, problems) = ends(2, &here, question);
        assert!(problems.contains("`cargo auth lock` writes it"), "{problems}");
    }
    fs::write(here.join("policies/news.lock"), "nothing\n").unwrap();
    let (_, problems) = ends(2, &here, &["who-can", "GET /"]);
    assert!(problems.contains("`policies/news.lock` is no lock: line 1, column 1: "), "{problems}");
}

#[test]
fn a_policy_that_cannot_be_used_answers_nothing() {
    let here = newsroom("access-wrong");
    fs::write(here.join("policies/news.yaml"), POLICY.replace("[read:news]", "[read:new]"))
        .unwrap();
    let (_, problems) = ends(2, &here, &["who-can", "GET /"]);
    assert!(problems.contains("`cargo auth check policies/news.yaml` tells them"), "{problems}");
    fs::write(here.join("policies/second.yaml"), POLICY).unwrap();
    let (_, problems) = ends(2, &here, &["who-can", "GET /"]);
    assert!(problems.contains("say which with `--policy`"), "{problems}");
}

/// 1,000 scopes, 200 roles, 2,000 endpoints.
pub(crate) fn large() -> (String, String) {
    let mut policy = "version: 1\nscopes:\n".to_owned();
    (0..1_000).for_each(|n| policy += &format!("  \"do:thing-{n}\": Do it\n"));
    policy += "roles:\n";
    for n in 0..200 {
        let included = if n == 0 { String::new() } else { format!("includes: [role-{}], ", n / 2) };
        let included = if n / 2 == n { String::new() } else { included };
        let grants: Vec<_> = (0..5).map(|k| format!("\"do:thing-{}\"", n * 5 + k)).collect();
        policy += &format!("  role-{n}: {{ {included}grants: [{}] }}\n", grants.join(", "));
    }
    policy += "schemes:\n  session: { idle: 30m, lifetime: 24h }\n  api_key: { prefix: big, grants: [\"*\"], max_ttl: 90d }\n";
    let mut lock = "lock 1 of policies/news.yaml\n".to_owned();
    for n in 0..2_000 {
        let (one, other) = (n % 1_000, (n * 7 + 3) % 1_000);
        lock += &format!(
            "GET /things/{n}  api_key | session  scope do:thing-{one} or do:thing-{other}  -> x  @ big::thing\n"
        );
    }
    (policy, lock)
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a measurement")]
fn a_large_policy_is_answered_for_in_a_second() {
    let here = folder("access-large");
    let (policy, lock) = large();
    fs::write(here.join("policies/news.yaml"), policy).unwrap();
    fs::write(here.join("policies/news.lock"), lock).unwrap();
    for question in [
        &["who-can", "GET /things/1999"][..],
        &["what-can", "role:role-199"],
        &["explain", "GET /things/3", "--role", "role-7"],
        &["explain", "GET /things/1990", "--role", "role-199"],
    ] {
        // The machine that runs the tests does much else: one run that nothing delays is enough.
        let mut runs = (0..10).map(|_| {
            let began = Instant::now();
            let output = cargo_auth(&here, question);
            assert!(output.status.success(), "{}", stdout(&output));
            began.elapsed()
        });
        let quick = runs.any(|took| took.as_millis() < 1_000);
        assert!(quick, "{question:?} takes more than a second");
    }
}
