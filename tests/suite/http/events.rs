//! A1, A2: one event for each decision of a guard, with these fields; and as `tracing` records.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    mem,
    sync::{Arc, Mutex, OnceLock},
};

use auth_runtime::{
    Auth, AuthBuilder, Router,
    audit::{AuditSink, Decision, Kind},
    authenticate,
    clock::{ManualClock, Timestamp},
    extract::Path,
    policy, public,
    routing::{any, get, post},
    store::MemoryStore,
};
use axum::extract::State;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use super::{
    fixture::{Ask, Door, Reached, Recorder, START, ask, guarded, open, send},
    forge,
};

#[authenticate(rule = "edit_post")]
async fn edit(State(reached): State<Reached>, Path(_): Path<u32>) -> &'static str {
    reached.note("edit")
}

fn routes() -> Router<Reached> {
    let posts = Router::new().route("/{id}", post(edit));
    Router::new().route("/guarded", get(guarded)).route("/open", get(open)).nest("/posts", posts)
}

/// Hears of these decisions alone.
struct Of(&'static [Decision], Arc<Recorder>);

impl AuditSink for Of {
    fn record(&self, event: &auth_runtime::audit::Event<'_>) {
        self.1.record(event);
    }

    fn wants(&self, kind: Kind, decision: Decision) -> bool {
        kind == Kind::Access && self.0.contains(&decision)
    }
}

#[tokio::test]
async fn a1_a_sink_hears_of_what_it_wants_and_answers_are_the_same() {
    for wanted in
        [&[][..], &[Decision::Deny], &[Decision::Allow], &[Decision::Allow, Decision::Deny]]
    {
        let heard = Arc::new(Recorder::default());
        // Of two sinks, one that wants it is enough.
        let sinks = (Of(&[], Arc::clone(&heard)), Of(wanted, Arc::clone(&heard)));
        let keys = [("jwt", forge::own_keys()), ("partner", forge::p256_keys())];
        let change = |auth: AuthBuilder| auth.audit(sinks);
        let door = Door::built(change, policy!("../policies/test.yaml"), keys, routes()).await;
        let token = door.token(&["reader"]);
        let answer = door.send(ask("GET", "/guarded").bearer(&token)).await;
        let refusal = door.send(ask("GET", "/guarded").bearer("a.b.c")).await;
        assert_eq!((answer.status, refusal.status, refusal.instance.is_some()), (200, 401, true));
        let heard: Vec<_> = heard.take().into_iter().map(|event| event.decision).collect();
        let expected: Vec<_> = wanted.iter().flat_map(|wanted| [*wanted; 2]).collect();
        assert_eq!(heard, expected, "each by both");
    }
}

#[tokio::test]
async fn a1_an_event_says_who_did_what_when_and_by_which_rule() {
    let door = Door::of(routes()).await;
    let alice = ("https://issuer.example".to_owned(), "alice".to_owned());
    let token = forge::own(&forge::own_header(), &forge::own_claims());
    let request = ask("POST", "/posts/7?q=1").bearer(&token).header("x-request-id", "r-1");
    assert_eq!(door.send(request).await.status, 403);
    let event = door.audit.only();
    assert_eq!(
        (event.at, event.kind, event.decision),
        (Timestamp(START), Kind::Access, Decision::Deny)
    );
    assert_eq!(event.subject, Some(alice.clone()));
    assert_eq!(event.scheme.as_deref(), Some("jwt"));
    assert_eq!(event.credential.as_deref(), Some("t-1"));
    assert_eq!(event.method.as_deref(), Some("POST"));
    assert_eq!(event.route.as_deref(), Some("/posts/{id}"));
    assert_eq!(event.rule.as_deref(), Some("edit_post"));
    assert_eq!(event.cause.as_deref(), Some("missing-scope"));
    assert_eq!(event.policy, door.auth.policy().revision().as_str());
    assert_eq!(event.request_id.as_deref(), Some("r-1"));

    door.clock.advance(5);
    assert_eq!(door.send(ask("GET", "/guarded").bearer(&token)).await.status, 200);
    let event = door.audit.only();
    assert_eq!(
        (event.at, event.decision, event.cause),
        (Timestamp(START + 5), Decision::Allow, None)
    );
    assert_eq!((event.subject, event.rule), (Some(alice), None));
}

#[tokio::test]
async fn a1_every_guarded_request_is_one_event_and_every_other_none() {
    let door = Door::of(routes()).await;
    let (reader, author) = (door.token(&["reader"]), door.token(&["author"]));
    for (request, events) in [
        (ask("GET", "/guarded"), 1),
        (ask("HEAD", "/guarded"), 1),
        (ask("GET", "/guarded").bearer("x"), 1),
        (ask("GET", "/guarded").bearer("x").bearer("y"), 1),
        (ask("GET", "/guarded").bearer(&reader), 1),
        (ask("POST", "/posts/1").bearer(&reader), 1),
        (ask("POST", "/posts/1").bearer(&author), 1),
        // Let in, and then there is no such post: the guard decided all the same.
        (ask("POST", "/posts/x").bearer(&author), 1),
        (ask("PUT", "/guarded").bearer(&reader), 0),
        (ask("GET", "/none").bearer(&reader), 0),
        (ask("GET", "/open"), 0),
        (ask("GET", "/open").bearer("x"), 0),
    ] {
        door.send(request).await;
        assert_eq!(door.audit.take().len(), events);
    }
}

#[tokio::test]
async fn a3_a_request_id_is_repeated_only_if_it_is_short_and_plain() {
    let door = Door::of(routes()).await;
    let long = "x".repeat(129);
    for id in ["", "a b", "a\tb", "r-1\u{202e}", "\u{85}", &long] {
        door.send(ask("GET", "/guarded").header("x-request-id", id)).await;
        assert_eq!(door.audit.only().request_id.unwrap_or_default(), "", "{id:?}");
    }
    let longest = "x".repeat(128);
    door.send(ask("GET", "/guarded").header("x-request-id", &longest)).await;
    assert_eq!(door.audit.only().request_id, Some(longest));
}

static ENGINE: OnceLock<Auth> = OnceLock::new();

/// Reports something, waits, and reports something else.
#[public(reason = "for everybody")]
async fn slow() {
    let auth = ENGINE.get().unwrap();
    auth.report_login(None, Ok(()));
    tokio::task::yield_now().await;
    auth.report_login(None, Err("wrong-password"));
}

#[tokio::test]
async fn a1_what_a_handler_reports_is_told_of_its_own_request_and_of_no_other() {
    let routes: Router<Reached> = Router::new().route("/slow", get(slow));
    let door = Door::of(routes).await;
    assert!(ENGINE.set(door.auth.clone()).is_ok());
    let ask = |id| door.send(ask("GET", "/slow").header("x-request-id", id));
    // On one thread: each of them is worked on while the other waits.
    tokio::join!(biased; ask("r-1"), ask("r-2"));
    door.auth.report_login(None, Ok(()));
    let heard = door.audit.take().into_iter();
    let heard: Vec<_> = heard.map(|event| (event.request_id, event.method)).collect();
    let of = |id: &str| (Some(id.to_owned()), Some("GET".to_owned()));
    assert_eq!(heard, [of("r-1"), of("r-2"), of("r-1"), of("r-2"), (None, None)]);
}

#[test]
fn a1_a_sign_in_is_an_event_of_its_own() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let door = runtime.block_on(Door::of(routes()));
    door.auth.report_login(None, Err("wrong-password"));
    let event = door.audit.only();
    assert_eq!((event.kind, event.decision), (Kind::Login, Decision::Deny));
    assert_eq!((event.at, event.cause.as_deref()), (Timestamp(START), Some("wrong-password")));
}

/// Everything that is recorded under any target, by a subscriber that wants it all.
#[derive(Clone, Default)]
pub(super) struct Everything(Arc<Mutex<Vec<Line>>>);

/// A record: its target and level, and its fields.
pub(super) type Line = (String, String, BTreeMap<String, String>);

impl Everything {
    fn take(&self) -> Vec<Line> {
        mem::take(&mut self.0.lock().unwrap())
    }

    /// The records of this project.
    pub(super) fn ours(&self) -> Vec<Line> {
        self.take().into_iter().filter(|(target, ..)| target == "auth").collect()
    }
}

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields));
        let about = event.metadata();
        let line = (about.target().to_owned(), about.level().to_string(), fields);
        self.0.lock().unwrap().push(line);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[test]
fn a2_the_tracing_sink_writes_these_fields_and_no_token() {
    let lines = Everything::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _guard = tracing::subscriber::set_default(lines.clone());
    let auth = Auth::from_policy(policy!("../policies/test.yaml"))
        .keys("jwt", forge::own_keys())
        .keys("partner", forge::p256_keys())
        .store(Arc::new(MemoryStore::new()))
        .clock(ManualClock::at(Timestamp(START)));
    let auth = runtime.block_on(auth.build()).unwrap();
    let revision = auth.policy().revision().as_str().to_owned();
    let place = |line: u32| format!("policies/test.yaml:{line}");
    let rule_place = place(auth.policy().rule("edit_post").unwrap().place.line);
    let jwt = auth.policy().scheme_id("jwt").unwrap();
    let place = place(auth.policy().scheme(jwt).unwrap().place.line);
    let app = routes().with_state(Reached::default()).protect(auth);
    let sends = |request: Ask| runtime.block_on(send(app.clone(), request));
    let expected = |fields: &[(&str, &str)]| -> BTreeMap<String, String> {
        let time = "2027-01-15T08:00:00Z";
        let all = [("timestamp", time), ("event.name", "auth.access"), ("auth.policy", &revision)];
        let all = all.iter().chain(fields);
        all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };

    let token = forge::own(&forge::own_header(), &forge::own_claims());
    let request = ask("GET", "/guarded").bearer(&token).header("x-request-id", "r-2");
    assert_eq!(sends(request).status, 200);
    let allowed = expected(&[
        ("auth.decision", "allow"),
        ("auth.issuer", "https://issuer.example"),
        ("user.id", "alice"),
        ("auth.scheme", "jwt"),
        ("auth.credential.kind", "access_token"),
        ("auth.credential.id", "t-1"),
        ("http.request.method", "GET"),
        ("http.route", "/guarded"),
        ("http.request.id", "r-2"),
        ("auth.rule.place", place.as_str()),
    ]);
    assert_eq!(lines.ours(), [("auth".to_owned(), "DEBUG".to_owned(), allowed)]);

    let canary = "eyJjYW5hcnkiOjF9.eyJjYW5hcnkiOjJ9.Y2FuYXJ5";
    assert_eq!(sends(ask("POST", "/posts/7").bearer(canary)).status, 401);
    let denied = expected(&[
        ("auth.decision", "deny"),
        ("auth.credential.kind", "access_token"),
        ("http.request.method", "POST"),
        ("http.route", "/posts/{id}"),
        ("auth.rule.name", "edit_post"),
        ("auth.rule.place", rule_place.as_str()),
        ("auth.cause", "algorithm-unknown"),
    ]);
    let [(target, level, mut fields)] = <[Line; 1]>::try_from(lines.ours()).unwrap();
    assert_eq!((target.as_str(), level.as_str()), ("auth", "INFO"));
    // These are never the same in two runs.
    assert_eq!(fields.remove("auth.presented").map(|tag| tag.len()), Some(16));
    assert_eq!(fields.remove("auth.denial.id").map(|id| id.len()), Some(22));
    assert_eq!(fields, denied);

    // Under every target, axum's too: no part of any token that was sent.
    for token in [token.as_str(), canary] {
        sends(ask("GET", "/guarded").bearer(token));
        sends(ask("GET", &format!("/guarded?access_token={token}")).header("cookie", token));
        sends(ask("GET", "/guarded").bearer(token).bearer(token));
    }
    let lines = lines.take();
    assert!(lines.len() >= 6);
    let text = format!("{lines:?}");
    for secret in token.split('.').chain(canary.split('.')) {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

/// A method is a token of any length: a stranger can write a novel into it.
#[tokio::test]
async fn a3_a_method_of_a_strangers_own_making_is_not_repeated() {
    let door = Door::of(Router::new().route("/x", any(guarded))).await;
    for method in ["PURGE", "get", "X|forged", &"A".repeat(10_000)] {
        door.send(ask(method, "/x")).await;
        assert_eq!(door.audit.only().method.as_deref(), Some("other"), "{method:.20}");
    }
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"] {
        door.send(ask(method, "/x")).await;
        assert_eq!(door.audit.only().method.as_deref(), Some(method));
    }
}
