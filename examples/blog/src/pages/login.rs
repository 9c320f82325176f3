//! The sign-in page. In: a user name and a password. Out: a session, and one of our own pages; or
//! the form again, and what is wrong.

use auth_runtime::{
    Denial,
    csrf::{CsrfForm, SameOrigin},
    limit::Client,
    oidc::ProviderSignIn,
    public,
    secret::Secret,
    session::Begun,
};
use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    done::Done,
    layout::{Here, Note, Page, Width},
    next,
    refused::in_words,
};
use crate::app::App;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    username: String,
    password: Secret,
    #[serde(default)]
    next: String,
}

#[public(reason = "this is where people sign in")]
pub(super) async fn show(State(app): State<App>, RawQuery(query): RawQuery) -> impl IntoResponse {
    let asked = next::asked(query.as_deref());
    let done = Done::read(query.as_deref()).map(|done| Note::Good(done.sentence()));
    let failed = failed(query.as_deref().unwrap_or_default()).map(Note::Bad);
    Html(page(&app, "", next::page(&asked), failed.or(done)).into_string())
}

/// SECURITY: `SameOrigin` keeps other sites from signing a visitor in to an account of theirs.
#[public(reason = "this is where a session is obtained")]
pub(super) async fn sign_in(
    _: SameOrigin,
    client: Client,
    State(app): State<App>,
    headers: HeaderMap,
    CsrfForm(form): CsrfForm<SignIn>,
) -> Result<Response, Denial> {
    let next = next::page(&form.next);
    match begin(&app, &client, &form.username, form.password, &headers).await {
        Ok(begun) => {
            Ok(([(header::SET_COOKIE, begun.set_cookie)], Redirect::to(next)).into_response())
        }
        Err(denial) => {
            let page = page(&app, &form.username, next, Some(Note::Bad(words(&denial))));
            Ok(in_words(denial, page))
        }
    }
}

async fn begin(
    app: &App,
    client: &Client,
    username: &str,
    password: Secret,
    headers: &HeaderMap,
) -> Result<Begun, Denial> {
    let account = app.sign_in.check_from(client, username, password).await;
    let account = account.map_err(|error| app.sign_in.denial(error))?;
    let begun = app.sessions.begin(&account, headers).await;
    let begun = begun.map_err(|error| app.sessions.denial(error))?;
    app.auth.report_login(Some(&app.auth.subject(&account.id)), Ok(()));
    Ok(begun)
}

/// What somebody at the form can do about it.
fn words(denial: &Denial) -> &'static str {
    match denial.status() {
        StatusCode::UNAUTHORIZED => "The user name or the password is wrong.",
        StatusCode::CONFLICT => {
            "You are signed in at as many places as you may be. Sign out somewhere first."
        }
        StatusCode::TOO_MANY_REQUESTS => "Too many attempts. Wait a minute, then try again.",
        StatusCode::SERVICE_UNAVAILABLE => {
            "Signing in is not possible right now. Try again in a moment."
        }
        _ => "You could not be signed in.",
    }
}

/// What is said of a sign-in with a provider that failed: one of the codes it ends with.
fn failed(query: &str) -> Option<&'static str> {
    let code = query.split('&').find_map(|pair| pair.strip_prefix("error="))?;
    Some(match code {
        "access_denied" => "The provider was told not to sign you in.",
        "temporarily_unavailable" => {
            "The provider cannot be reached right now. Try again in a moment."
        }
        "no_account" => "The provider knows you, but you have no open account here.",
        "sign_in_failed" => "You could not be signed in with the provider.",
        _ => return None,
    })
}

fn page(app: &App, username: &str, next: &str, note: Option<Note<'_>>) -> Markup {
    let wrong = matches!(note, Some(Note::Bad(_)));
    let described = wrong.then_some("problem");
    let main = html! {
        h1 { "Sign in" }
        @if let Some(note) = note { (note) }
        form.card method="post" action="/login" {
            div {
                label for="username" { "User name" }
                input #username name="username" type="text" value=(username) required maxlength="254"
                    autocomplete="username" autocapitalize="none" spellcheck="false" autofocus[!wrong]
                    aria-invalid=[wrong.then_some("true")] aria-describedby=[described];
            }
            div {
                label for="password" { "Password" }
                input #password name="password" type="password" required
                    autocomplete="current-password"
                    aria-invalid=[wrong.then_some("true")] aria-describedby=[described];
            }
            input type="hidden" name="next" value=(next);
            button.primary.wide { "Sign in" }
        }
        @for name in app.provider.iter().flat_map(ProviderSignIn::names) {
            p { a.button.wide href={ "/login/" (name) "?next=" (next::encoded(next)) } { "Sign in with " (name) } }
        }
    };
    Page { title: "Sign in", here: Here::Login, width: Width::Narrow, aside: None, main }.render()
}
