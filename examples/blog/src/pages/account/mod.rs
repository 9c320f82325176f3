//! The account page. In: somebody with a session. Out: who they are here, where they are signed in,
//! their API keys, and the forms that change these.

pub(super) mod confirm;
pub(super) mod keys;
pub(super) mod new_key;
mod profile;
pub(super) mod providers;
pub(super) mod sessions;
pub(super) mod sign_out;

use auth_runtime::{
    Denial, Identity, account::Accounts, authenticate, problem::Problem, secret::Secret,
};
use axum::{
    extract::{RawQuery, State},
    response::Html,
};
use maud::{Markup, html};

use self::new_key::Draft;
use super::{
    done::Done,
    layout::{Here, Note, Page, Width},
};
use crate::app::App;

#[authenticate(session)]
pub(super) async fn show(
    caller: Identity,
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Html<String>, Denial> {
    let done = Done::read(query.as_deref()).map(Done::sentence);
    let failed = providers::failed(query.as_deref().unwrap_or_default()).map(Note::Bad);
    let note = failed.or(done.map(Note::Good));
    let page = page(&app, &caller, note, &Draft::default()).await?;
    Ok(Html(page.into_string()))
}

/// The whole page, with a form for a key filled in so far.
async fn page(
    app: &App,
    caller: &Identity,
    note: Option<Note<'_>>,
    draft: &Draft,
) -> Result<Markup, Denial> {
    let id = &caller.subject().id;
    let now = app.auth.now();
    let account = app.people.accounts.by_id(id, now).await?.ok_or_else(Problem::not_found)?;
    let profile = app.people.profile(id, now).await?;
    let sessions = app.sessions.list(id).await?;
    let keys = app.keys.list(id).await?;
    let token = token(caller);
    let providers = providers::section(app, id, &token).await?;
    let main = html! {
        div {
            h1 { "Your account" }
            p.soft { "Signed in as " strong { (account.username) } "." }
        }
        @if let Some(note) = note { (note) }
        (profile::section(&account, &profile, caller))
        (sessions::section(&sessions, caller, &token, now))
        (providers)
        (keys::section(&keys, &app.auth.policy(), &token, now))
        (new_key::section(draft, &app.auth.policy(), caller, &token))
    };
    Ok(framed("Your account", Width::Full, caller, main))
}

/// A page of somebody who is signed in.
fn framed(title: &str, width: Width, caller: &Identity, main: Markup) -> Markup {
    let aside = Some(sign_out::button(&token(caller)));
    Page { title, here: Here::Account, width, aside, main }.render()
}

/// What shows that a form comes from a page of this session. It belongs into pages, which no cache
/// keeps and no other site can read.
fn token(caller: &Identity) -> Secret {
    caller.csrf_token().unwrap_or_else(|| Secret::from(String::new()))
}

/// The field for it.
fn token_field(token: &Secret) -> Markup {
    html! { input type="hidden" name="csrf_token" value=(token.expose()); }
}
