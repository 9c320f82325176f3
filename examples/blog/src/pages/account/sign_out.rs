//! Signing out. In: somebody with a session. Out: nobody.

use auth_runtime::{Denial, Identity, authenticate, csrf::CsrfForm, secret::Secret};
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::token_field;
use crate::{app::App, pages::done::Done};

/// A form without fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::pages) struct Nothing {}

#[authenticate(session)]
pub(in crate::pages) async fn sign_out(
    caller: Identity,
    State(app): State<App>,
    CsrfForm(Nothing {}): CsrfForm<Nothing>,
) -> Result<Response, Denial> {
    if let Some(session) = caller.credential_id() {
        app.sessions.end(&caller.subject().id, session).await?;
    }
    Ok(signed_out(&app))
}

/// The page of somebody whose session has ended, without its cookie.
pub(super) fn signed_out(app: &App) -> Response {
    let mut response = Redirect::to(&Done::SignedOut.at("/login")).into_response();
    if let Some(cookie) = app.sessions.clear_cookie() {
        response.headers_mut().append(axum::http::header::SET_COOKIE, cookie);
    }
    response
}

pub(in crate::pages) fn button(token: &Secret) -> Markup {
    html! {
        form method="post" action="/account/sign-out" {
            (token_field(token))
            button.quiet { "Sign out" }
        }
    }
}
