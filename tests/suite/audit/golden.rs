//! A5: what is written is what was written: one file for each kind of event, and the book shows
//! these very lines. `UPDATE_EXPECT=1` writes the files anew.

use std::{collections::BTreeSet, env, fs};

use auth_runtime::{
    Router,
    audit::{CredentialKind, Decision, Event, Kind, SCHEMA, Tag},
    authenticate,
    routing::post,
};
use serde_json::Value;

use super::{
    fixture::{Door, ask},
    sample::{event, subject},
};
use crate::files::workspace;

const BOOK: &str = include_str!("../../../docs/audit.md");

#[authenticate(rule = "edit_post")]
async fn edit() {}

/// What is never the same twice, or changes with the policy of these tests, made the same.
const CHANGING: [(&str, &str); 5] = [
    ("auth.presented", "PRESENTED"),
    ("auth.account", "ACCOUNT"),
    ("auth.denial.id", "DENIAL"),
    ("auth.policy", "POLICY"),
    ("auth.rule.place", "PLACE"),
];

/// A line with what changes made the same.
fn settled(line: &str) -> String {
    let event: Value = serde_json::from_str(line).unwrap();
    CHANGING.iter().fold(line.to_owned(), |line, (name, word)| {
        let Some(value) = event.get(name) else { return line };
        line.replacen(&format!("{name:?}:{value}"), &format!("{name:?}:{word:?}"), 1)
    })
}

/// What a kind looks like, with all that is known where it happens.
fn typical(kind: Kind) -> String {
    let (ada, admin) = (subject("ada"), subject("grace"));
    let mut event = event(kind);
    event.subject = Some(&ada);
    event.method = Some("POST");
    event.request_id = Some("r-1");
    event.address = Some("192.0.2.1".parse().unwrap());
    match kind {
        Kind::Login => {
            event.route = Some("/auth/login");
            event.decision = Decision::Deny;
            event.cause = Some("wrong-password");
            event.credential_kind = Some(CredentialKind::Password);
            event.account = Tag::of_name("ada");
        }
        Kind::SessionBegun | Kind::SessionEnded => {
            event.scheme = Some("session");
            event.credential_kind = Some(CredentialKind::Session);
            event.credential = Some("s-1");
        }
        Kind::Logout | Kind::TokenIssued | Kind::TokenRefreshed => {
            event.scheme = Some("jwt");
            event.credential_kind = Some(CredentialKind::AccessToken);
            event.credential = Some("t-1");
        }
        Kind::TokenRevoked | Kind::RefreshReuse => {
            event.credential_kind = Some(CredentialKind::RefreshToken);
            event.credential = Some("f-1");
        }
        Kind::KeyCreated | Kind::KeyRotated | Kind::KeyRevoked => {
            event.scheme = Some("api_key");
            event.credential_kind = Some(CredentialKind::ApiKey);
            event.credential = Some("k-1");
        }
        Kind::AccountDisabled | Kind::AccountEnabled | Kind::RolesChanged => {
            event.actor = Some(&admin);
        }
        Kind::ConsentGiven | Kind::ConsentDenied | Kind::CodeIssued => {
            event.route = Some("/oauth/authorize");
            event.client = Some("svc-app");
        }
        Kind::CodeReplayed => {
            event.route = Some("/oauth/token");
            event.client = Some("svc-app");
            event.decision = Decision::Deny;
            event.cause = Some("code-used");
            event.credential_kind = Some(CredentialKind::RefreshToken);
            event.credential = Some("f-1");
        }
        Kind::ClientCreated | Kind::ClientRotated | Kind::ClientChanged | Kind::ClientRemoved => {
            event.subject = None;
            event.actor = Some(&admin);
            event.client = Some("svc-app");
        }
        Kind::PolicyReloaded => {
            without_request(&mut event, "policy-refused");
            event.decision = Decision::Deny;
        }
        Kind::Keys => {
            without_request(&mut event, "fetch-timeout");
            event.decision = Decision::Error;
            event.scheme = Some("partner");
        }
        Kind::Outage => {
            without_request(&mut event, "store-unreachable");
            event.decision = Decision::Error;
        }
        Kind::Suspicious => {
            event.subject = None;
            event.decision = Decision::Deny;
            event.cause = Some("address-many-accounts");
            event.count = Some(10);
        }
        Kind::Lost => {
            without_request(&mut event, "audit-events-lost");
            event.decision = Decision::Error;
            event.count = Some(3);
        }
        _ => {}
    }
    if kind == Kind::RefreshReuse {
        event.decision = Decision::Deny;
        event.cause = Some("retired-token");
    }
    event.to_json()
}

fn without_request(event: &mut Event<'_>, cause: &'static str) {
    (event.subject, event.method, event.request_id, event.address) = (None, None, None, None);
    event.cause = Some(cause);
}

fn hold(name: &str, line: &str) {
    let file = workspace().join("tests/suite/audit/golden").join(format!("{name}.json"));
    let line = format!("{}\n", settled(line));
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&file, &line).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(line, expected, "{name}: if this is meant, is `SCHEMA` still {SCHEMA}?");
}

#[test]
fn a5_each_kind_is_written_as_its_golden_file_says() {
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Access) {
        hold(kind.as_str(), &typical(kind));
    }
}

/// What a guard decides, from the door itself.
#[tokio::test]
async fn a5_an_access_that_was_refused_is_written_as_its_golden_file_says() {
    let door = Door::of(Router::new().route("/posts/{id}", post(edit))).await;
    let reader = door.token(&["reader"]);
    let request = ask("POST", "/posts/7").bearer(reader).header("x-request-id", "r-1");
    assert_eq!(door.send(request).await.status, 403);
    let mut json = door.audit.only().json;
    json["auth.credential.id"] = "t-1".into();
    // The order of members is that of the line elsewhere; here it is the alphabet's.
    hold("access", &json.to_string());
}

#[test]
fn a5_there_is_a_file_for_each_kind_and_none_besides() {
    let folder = fs::read_dir(workspace().join("tests/suite/audit/golden")).unwrap();
    let files: BTreeSet<_> =
        folder.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let kinds = Kind::ALL.iter().map(|kind| format!("{}.json", kind.as_str()));
    assert_eq!(files, kinds.collect());
}

#[test]
fn a5_the_book_shows_lines_that_are_written_and_lists_each_kind_with_its_names() {
    for kind in [Kind::Login, Kind::RefreshReuse, Kind::Suspicious, Kind::AccountDisabled] {
        let line = settled(&typical(kind));
        assert!(BOOK.contains(&line), "docs/audit.md lacks {line}");
    }
    for kind in Kind::ALL {
        let ocsf = kind.ocsf();
        let beginning = format!("| `{}` |", kind.as_str());
        let row = BOOK.lines().find(|line| line.starts_with(&beginning)).unwrap_or_default();
        let ocsf = format!("| {}/{} |", ocsf.class_uid, ocsf.activity_id);
        assert!(row.contains(&ocsf), "`{}` in the book: {row:?}", kind.as_str());
        for decision in [Decision::Allow, Decision::Deny] {
            if let Some(word) = kind.owasp(decision) {
                assert!(row.contains(&format!("`{word}`")), "{word} is not in {row:?}");
            }
        }
    }
}

#[test]
fn a5_every_member_of_a_line_is_in_the_book() {
    for kind in Kind::ALL {
        let line: Value = serde_json::from_str(&typical(kind)).unwrap();
        for member in line.as_object().unwrap().keys() {
            assert!(BOOK.contains(&format!("| `{member}` |")), "`{member}`");
        }
    }
}
