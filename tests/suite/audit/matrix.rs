//! A1, A4: every outcome is one event, whose refusal can be found by what the client was told.

use std::collections::BTreeSet;

use auth_runtime::{
    Denial, Router,
    audit::{Decision, Kind},
    authenticate, public,
    routing::{get, post},
};
use axum::extract::State;

use super::{
    fixture::{Ask, Door, Reached, ask, guarded, open, write},
    forge::{self, Edit},
};

#[authenticate(rule = "edit_post")]
async fn edit() {}

#[public(reason = "knows some", identity = jwt)]
async fn known(State(reached): State<Reached>) -> &'static str {
    reached.note("known")
}

async fn door() -> Door {
    let routes: Router<Reached> = Router::new()
        .route("/guarded", get(guarded))
        .route("/open", get(open))
        .route("/known", get(known))
        .route("/write", post(write))
        .route("/posts/{id}", post(edit));
    Door::of(routes).await
}

/// A request, its status, and the event: what was decided and why, or none.
type Row = (Ask, u16, Option<(Decision, Option<&'static str>)>);

fn rows(door: &Door) -> Vec<Row> {
    use Decision::{Allow, Deny};
    let (reader, author) = (door.token(&["reader"]), door.token(&["author"]));
    let expired = forge::own(&forge::own_header(), &forge::own_claims().with("exp", 1));
    let refused = |cause| Some((Deny, Some(cause)));
    vec![
        (ask("GET", "/guarded"), 401, refused("no-credential")),
        (ask("GET", "/guarded").bearer("x"), 401, refused("token-not-compact")),
        (ask("GET", "/guarded").bearer(&expired), 401, refused("expired")),
        (ask("GET", "/guarded").bearer("x").bearer("y"), 400, refused("several-credentials")),
        (ask("GET", "/guarded").bearer(&reader), 200, Some((Allow, None))),
        (ask("HEAD", "/guarded").bearer(&reader), 200, Some((Allow, None))),
        (ask("POST", "/write").bearer(&reader), 403, refused("missing-scope")),
        // Let in, and then the body is none: that is not the guard's refusal.
        (ask("POST", "/write").bearer(&author), 415, Some((Allow, None))),
        (ask("POST", "/posts/7").bearer(&reader), 403, refused("missing-scope")),
        (ask("GET", "/known"), 200, None),
        (ask("GET", "/known").bearer(&reader), 200, Some((Allow, None))),
        (ask("GET", "/known").bearer("x"), 401, refused("token-not-compact")),
        (ask("GET", "/open").bearer("x"), 200, None),
        (ask("GET", "/nowhere").bearer("x"), 404, None),
        (ask("PUT", "/guarded").bearer("x"), 405, None),
    ]
}

#[tokio::test]
async fn a1_each_outcome_is_one_event_and_a_refusal_has_its_id_in_the_answer() {
    let door = door().await;
    let mut ids = BTreeSet::new();
    for (row, (request, status, expected)) in rows(&door).into_iter().enumerate() {
        let answer = door.send(request).await;
        assert_eq!(answer.status, status, "row {row}");
        let events = door.audit.take();
        let found: Vec<_> = events.iter().map(|it| (it.decision, it.cause.as_deref())).collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "row {row}");
        let id = events.first().and_then(|event| event.json["auth.denial.id"].as_str());
        let refused = expected.is_some_and(|(decision, _)| decision != Decision::Allow);
        assert_eq!(id.is_some(), refused, "row {row}");
        assert_eq!(answer.instance, id.map(|id| format!("urn:auth-engine:denial:{id}")));
        assert!(id.is_none_or(|id| ids.insert(id.to_owned())), "the same id twice");
    }
    assert_eq!(ids.len(), 7);
}

#[tokio::test]
async fn a1_an_event_names_the_line_of_the_policy_and_the_kind_of_credential() {
    let door = door().await;
    let policy = door.auth.policy();
    let line = |line: u32| format!("policies/test.yaml:{line}");
    let rule = line(policy.rule("edit_post").unwrap().place.line);
    let scheme = line(policy.scheme(policy.scheme_id("jwt").unwrap()).unwrap().place.line);
    let reader = door.token(&["reader"]);

    door.send(ask("POST", "/posts/7").bearer(&reader)).await;
    let event = door.audit.only().json;
    assert_eq!(
        (&event["auth.rule.name"], &event["auth.rule.place"]),
        (&"edit_post".into(), &rule.into())
    );
    assert_eq!(event["auth.credential.kind"], "access_token");
    door.send(ask("GET", "/guarded").bearer(&reader)).await;
    assert_eq!(door.audit.only().json["auth.rule.place"], scheme);
    door.send(ask("GET", "/guarded")).await;
    let event = door.audit.only().json;
    assert!(event.get("auth.rule.place").is_none() && event.get("auth.credential.kind").is_none());
}

/// The same credential is recognized when it comes again, and another is another.
#[tokio::test]
async fn a2_a_refused_credential_is_recognized_by_a_tag_alone() {
    let door = door().await;
    let mut tags = Vec::new();
    for token in ["canary-1", "canary-1", "canary-2"] {
        door.send(ask("GET", "/guarded").bearer(token)).await;
        let event = door.audit.only().json;
        assert_eq!(event["auth.credential.kind"], "access_token");
        assert!(!event.to_string().contains("canary"), "{event}");
        tags.push(event["auth.presented"].as_str().unwrap().to_owned());
    }
    assert_eq!(tags[0], tags[1]);
    assert_ne!(tags[1], tags[2]);
    door.send(ask("GET", "/guarded").bearer(door.token(&["reader"]))).await;
    assert!(door.audit.only().json.get("auth.presented").is_none(), "what is known has an id");
}

#[public(reason = "a handler of the application's")]
async fn refuses(State(auth): State<auth_runtime::Auth>) -> Denial {
    auth.report_login(None, Err("wrong-password"));
    Denial::wrong_password(&auth.policy())
}

/// An event of a handler says from which request it is, and the handler's refusal has its id.
#[tokio::test]
async fn a1_what_a_handler_reports_is_told_of_its_request() {
    let door = door().await;
    let routes = Router::new().route("/login/{x}", post(refuses));
    let app = routes.with_state(door.auth.clone()).protect(door.auth.clone());
    let request = ask("POST", "/login/7").header("x-request-id", "r-9");
    let answer = super::fixture::send(app, request).await;
    let event = door.audit.only();
    assert_eq!((event.kind, event.method.as_deref()), (Kind::Login, Some("POST")));
    assert_eq!(event.route.as_deref(), Some("/login/{x}"));
    assert_eq!(event.request_id.as_deref(), Some("r-9"));
    let id = event.json["auth.denial.id"].as_str().unwrap();
    assert_eq!(answer.instance, Some(format!("urn:auth-engine:denial:{id}")));

    // Outside of a request there is none to speak of.
    door.auth.report(Kind::AccountDisabled, Some(&door.auth.subject("ada")), Ok(()));
    let event = door.audit.only();
    assert_eq!((event.kind, event.method, event.route), (Kind::AccountDisabled, None, None));
}
