//! E1: every refusal is a problem document whose type never changes: those of the book's table,
//! and no others.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    fixture::{Answer, Ask, Door, Reached, ask, guarded, open, send, write},
    forge::{self, Edit},
};
use crate::password::{hasher, password_hash};
use auth_runtime::{
    Denial, Router,
    account::{AccountError, StoredAccounts},
    api_key::ApiKeyError,
    csrf::SameOrigin,
    extract::Path,
    policy,
    problem::Problem,
    public,
    reset::ResetError,
    routing::{get, post},
    session::{self, SessionError},
    sign_in::PasswordSignIn,
};
use axum::http::HeaderMap;

const BOOK: &str = include_str!("../../../docs/refusals.md");

/// Code and status of every row in the book's table.
fn promised() -> BTreeMap<String, u16> {
    let rows = BOOK.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.split('|').map(|cell| cell.trim().trim_matches('`')));
    cells
        .map(|mut cells| {
            let code = cells.nth(1).unwrap().to_owned();
            (code, cells.next().unwrap().parse().unwrap())
        })
        .collect()
}

#[public(reason = "a store that is away")]
async fn away() -> Problem {
    Problem::unavailable()
}

#[public(reason = "takes a number")]
async fn number(Path(_): Path<u8>) {}

#[public(reason = "signs in")]
async fn from_our_pages(_: SameOrigin) {}

async fn door() -> Door {
    let routes: Router<Reached> = Router::new()
        .route("/guarded", get(guarded))
        .route("/open", get(open))
        .route("/write", post(write))
        .route("/away", get(away))
        .route("/sign-in", post(from_our_pages))
        .route("/number/{n}", get(number));
    Door::of(routes).await
}

/// One request for each kind of refusal.
async fn refusals(door: &Door) -> Vec<Answer> {
    let (reader, author) = (door.token(&["reader"]), door.token(&["author"]));
    let expired = forge::own(&forge::own_header(), &forge::own_claims().with("exp", 1));
    let body = |media_type: &str, body: String| -> Ask {
        ask("POST", "/write").bearer(&author).body(media_type, body)
    };
    let mut answers = Vec::new();
    for request in [
        ask("GET", "/guarded"),
        ask("GET", "/guarded").bearer("a.b.c"),
        ask("GET", "/guarded").bearer(&expired),
        ask("GET", "/guarded").bearer(&reader).bearer(&reader),
        ask("POST", "/write").bearer(&reader),
        ask("GET", "/nothing"),
        ask("GET", "/number/seven"),
        ask("GET", "/number/%ff"),
        ask("PUT", "/guarded"),
        body("application/json", "{".repeat(3)),
        body("application/json", "no".to_owned()),
        body("application/json", "[]".to_owned()),
        body("text/plain", "7".to_owned()),
        body("application/json", " ".repeat(3 << 20)),
        ask("GET", "/away"),
        ask("POST", "/sign-in").header("sec-fetch-site", "cross-site"),
    ] {
        answers.push(door.send(request).await);
    }
    answers.push(super::limits::refusal().await);
    answers.push(super::transport::refusal().await);
    let bare = axum::Router::new().route("/x", axum::routing::get(guarded));
    answers.push(send(bare.with_state(Reached::default()), ask("GET", "/x")).await);
    for refusal in [ApiKeyError::NotAnAccount, ApiKeyError::TooMany, ApiKeyError::Replaced] {
        let keys = axum::routing::post(async move || Denial::from(refusal.clone()));
        answers.push(send(axum::Router::new().route("/keys", keys), ask("POST", "/keys")).await);
    }
    for refusal in [Denial::from(ResetError::Invalid), Denial::from(AccountError::NameTaken)] {
        let accounts = axum::routing::post(async move || refusal.clone());
        answers.push(send(axum::Router::new().route("/a", accounts), ask("POST", "/a")).await);
    }
    for denial in [Denial::wrong_password, Denial::invalid_grant] {
        let auth = door.auth.clone();
        let login = axum::routing::post(async move || denial(&auth.policy()));
        answers.push(send(axum::Router::new().route("/login", login), ask("POST", "/login")).await);
    }
    let of_providers = [auth_runtime::oidc::refused, auth_runtime::oidc::last_identity];
    for refused in of_providers.into_iter().chain([auth_runtime::oauth::refused as fn() -> _]) {
        let foreign = axum::routing::get(async move || refused());
        let foreign = axum::Router::new().route("/back", foreign);
        answers.push(send(foreign, ask("GET", "/back")).await);
    }
    let full = door.auth.sessions().unwrap().denial(SessionError::Full);
    let full = axum::routing::post(async move || full);
    answers.push(send(axum::Router::new().route("/full", full), ask("POST", "/full")).await);
    answers.push(stale(door).await);
    answers
}

/// What somebody is told whose sign-in is not fresh.
async fn stale(door: &Door) -> Answer {
    let accounts = StoredAccounts::new(Arc::clone(door.auth.store().unwrap()));
    let (password, now) = (password_hash().await, door.auth.now());
    let account = accounts.register("ada", Vec::new(), password, now).await.unwrap();
    let sessions = door.auth.sessions().unwrap();
    let begun = sessions.begin(&account, &HeaderMap::new()).await.unwrap();
    door.clock.advance(600);
    let sign_in = PasswordSignIn::new(door.auth.clone(), hasher()).unwrap();
    let app = session::router(sign_in).protect(door.auth.clone());
    let cookie = begun.set_cookie.to_str().unwrap().split(';').next().unwrap();
    let request = ask("DELETE", "/sessions").header("cookie", cookie);
    send(app, request.header("x-csrf-token", begun.csrf_token.expose())).await
}

#[tokio::test]
async fn e1_every_refusal_is_in_the_book_and_the_book_promises_no_other() {
    let door = door().await;
    // The shape of each is held where it was sent: see `Answer::keeps_the_form`.
    let answers = refusals(&door).await;
    let seen: BTreeMap<_, _> =
        answers.iter().map(|answer| (answer.code(), answer.status)).collect();
    assert_eq!(seen, promised());
    assert_eq!(door.reached.take(), [""; 0]);
}

#[tokio::test]
async fn e1_a_problem_has_these_members_and_no_others() {
    let door = door().await;
    let known = [
        "type",
        "title",
        "status",
        "detail",
        "code",
        "missing_scopes",
        "missing_role",
        "violated-policies",
        "retry_after",
    ];
    for answer in refusals(&door).await {
        let problem = answer.json();
        let members: Vec<_> = problem.as_object().unwrap().keys().collect();
        assert!(members.iter().all(|member| known.contains(&member.as_str())), "{members:?}");
        assert!(["type", "title", "status", "code"].iter().all(|name| problem.get(name).is_some()));
    }
}

/// The title belongs to the code: a client may show it without reading the rest (RFC 9457).
#[tokio::test]
async fn e1_one_code_has_one_title_and_one_type() {
    let door = door().await;
    let mut titles = BTreeMap::new();
    for answer in refusals(&door).await {
        let problem = answer.json();
        let (title, uri) = (problem["title"].clone(), problem["type"].clone());
        let said = titles.entry(answer.code()).or_insert((title.clone(), uri.clone()));
        assert_eq!(*said, (title, uri));
    }
    assert_eq!(titles.len(), promised().len());
}

#[tokio::test]
async fn e1_what_was_sent_is_not_repeated() {
    let door = door().await;
    let canary = "canary-9f27";
    let path = format!("/number/{canary}?q={canary}");
    let author = door.token(&["author"]);
    let json = format!("{{\"{canary}\": \"{canary}\"}}");
    for request in [
        ask("GET", &path),
        ask("GET", &format!("/{canary}")),
        ask("GET", "/guarded").bearer(canary).header("x-request-id", canary),
        ask("POST", "/write").bearer(&author).body("application/json", json),
        ask("POST", "/write").bearer(&author).body(canary, "7"),
    ] {
        let answer = door.send(request).await;
        assert!(answer.status >= 400);
        let outside = format!("{:?} {}", answer.headers, answer.text());
        assert!(!outside.contains(canary), "{outside}");
    }
}

#[tokio::test]
async fn e1_the_default_404_and_405_hold_in_nested_and_merged_routers() {
    let routes = Router::new()
        .nest("/n", Router::new().route("/x", get(open)))
        .merge(Router::new().route("/m", get(open)));
    let door = Door::of(routes).await;
    for (method, path, status) in
        [("GET", "/n/none", 404), ("POST", "/n/x", 405), ("POST", "/m", 405), ("GET", "/none", 404)]
    {
        assert_eq!(door.send(ask(method, path)).await.status, status, "{path}");
    }
    let empty =
        Door::under(policy!("policies/hs256.yaml"), [("jwt", forge::hmac_keys())], Router::new())
            .await;
    assert_eq!(empty.send(ask("GET", "/")).await.code(), "not_found");
}
