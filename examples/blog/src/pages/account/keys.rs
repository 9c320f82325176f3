//! Somebody's API keys. In: the keys of an account. Out: a list with the way to replace and to
//! revoke each, and the one page that ever shows a key.

use auth_runtime::{
    Denial, Identity, Policy,
    api_key::{ApiKey, IssuedKey},
    authenticate,
    clock::Timestamp,
    csrf::CsrfForm,
    extract::Path,
    secret::Secret,
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use maud::{Markup, html};

use super::{framed, profile::chips, sign_out::Nothing, token_field};
use crate::{
    app::App,
    pages::{done::Done, layout::Width, when},
};

#[authenticate(session)]
pub(in crate::pages) async fn rotate(
    caller: Identity,
    State(app): State<App>,
    Path(id): Path<String>,
    CsrfForm(Nothing {}): CsrfForm<Nothing>,
) -> Result<Response, Denial> {
    let issued = app.keys.rotate(&caller, &id).await?;
    let note =
        "The old key goes on working for a while, so that you can put this one in its place.";
    Ok(shown_once(&app, &caller, &issued, Some(note)))
}

#[authenticate(session)]
pub(in crate::pages) async fn revoke(
    caller: Identity,
    State(app): State<App>,
    Path(id): Path<String>,
    CsrfForm(Nothing {}): CsrfForm<Nothing>,
) -> Result<Redirect, Denial> {
    app.keys.revoke(&caller.subject().id, &id).await?;
    Ok(Redirect::to(&Done::KeyRevoked.at("/account")))
}

/// The page with a key on it.
///
/// SECURITY: it answers the form itself, because an address must not lead to a key: nothing keeps
/// it, and coming back to the page shows the account instead.
pub(super) fn shown_once(
    app: &App,
    caller: &Identity,
    issued: &IssuedKey,
    note: Option<&str>,
) -> Response {
    let policy = app.auth.policy();
    let header = policy.api_key().map_or("", |(_, settings)| settings.header.as_str());
    let main = html! {
        div {
            h1 { "Your new key" }
            p.soft { "For " strong { (issued.info.name) } ", until " (when::date(issued.info.expires_at)) "." }
        }
        p.note.good role="status" { "Copy it now: it is never shown again." }
        section.card aria-label="The key" {
            div.secret {
                code.code #key tabindex="0" aria-label="API key" { (issued.key.expose()) }
                button hidden data-copy="key" data-said="said" { "Copy" }
            }
            p.soft.small #said role="status" {}
            p.soft { "Programs send it in the header " code { (header) } ". It may:" }
            (chips(issued.info.scopes.iter().map(String::as_str)))
            @if let Some(note) = note { p.soft { (note) } }
        }
        p { a.button.primary href="/account" { "I have copied it" } }
    };
    let page = framed("Your new key", Width::Full, caller, main);
    (StatusCode::CREATED, Html(page.into_string())).into_response()
}

pub(super) fn section(keys: &[ApiKey], policy: &Policy, token: &Secret, now: Timestamp) -> Markup {
    // The newest first, and those that have ended below the others.
    let (ended, working): (Vec<_>, Vec<_>) =
        keys.iter().rev().partition(|key| Standing::of(key, now).has_ended());
    let prefix = policy.api_key().map_or("", |(_, settings)| settings.prefix.as_str());
    html! {
        section.card aria-labelledby="keys" {
            div.head { div {
                h2 #keys { "API keys" }
                p.soft.small { "For programs that act for you. Give each its own, with no more than it needs." }
            } }
            @if keys.is_empty() {
                p.empty { "You have no keys yet." }
            } @else {
                ul.rows {
                    @for key in working.into_iter().chain(ended) { (row(key, prefix, token, now)) }
                }
            }
        }
    }
}

fn row(key: &ApiKey, prefix: &str, token: &Secret, now: Timestamp) -> Markup {
    let state = Standing::of(key, now);
    let ended = state.has_ended();
    html! {
        li data-key=(key.id) .ended[ended] {
            div.what {
                div.title {
                    h3 { (key.name) }
                    (chip(&state))
                }
                p.small.soft { code { (prefix) "_" (key.environment.as_str()) "_…" (key.id) "…" } }
                (chips(key.scopes.iter().map(String::as_str)))
                p.meta {
                    span { "Created " (when::date(key.created_at)) }
                    @match key.last_used_at {
                        Some(used) => span { "Last used " (when::ago(used, now)) },
                        None => span { "Never used" },
                    }
                    @match state {
                        Standing::Revoked(at) => span { "Revoked " (when::date(at)) },
                        Standing::Expired => span { "Expired " (when::date(key.expires_at)) },
                        _ => span { "Expires " (when::date(key.expires_at)) },
                    }
                }
            }
            @if !ended {
                div.actions {
                    @if state == Standing::Current { (act("rotate", "Rotate", "", key, token)) }
                    (act("revoke", "Revoke", "danger", key, token))
                }
            }
        }
    }
}

fn act(verb: &str, word: &str, class: &str, key: &ApiKey, token: &Secret) -> Markup {
    html! {
        form method="post" action={ "/account/keys/" (key.id) "/" (verb) } {
            (token_field(token))
            button class=(class) aria-label={ (word) " " (key.name) } { (word) }
        }
    }
}

/// What a key is worth now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Current,
    /// Another has replaced it, and it goes on for a while.
    Replaced,
    Expired,
    Revoked(Timestamp),
}

impl Standing {
    fn of(key: &ApiKey, now: Timestamp) -> Self {
        match (key.revoked_at, &key.replaced_by) {
            (Some(at), _) => Self::Revoked(at),
            (None, _) if key.expires_at <= now => Self::Expired,
            (None, Some(_)) => Self::Replaced,
            (None, None) => Self::Current,
        }
    }

    fn has_ended(self) -> bool {
        matches!(self, Self::Revoked(_) | Self::Expired)
    }
}

fn chip(state: &Standing) -> Markup {
    match state {
        Standing::Current => html! { span.chip.good { "Active" } },
        Standing::Replaced => html! { span.chip { "Replaced" } },
        Standing::Expired => html! { span.chip.gone { "Expired" } },
        Standing::Revoked(_) => html! { span.chip.gone { "Revoked" } },
    }
}
