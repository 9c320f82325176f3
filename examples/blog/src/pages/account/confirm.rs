//! The password again, before what somebody at an unlocked screen should not do. In: a form, with a
//! password or without. Out: proof, or the page that asks for it.

use auth_runtime::{
    Denial, Identity, limit::Client, secret::Secret, session::Begun, sign_in::SignInError,
};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::{framed, token, token_field};
use crate::{
    app::App,
    pages::{
        layout::{Note, Width},
        refused::in_words,
    },
};

/// The form of what has to be confirmed: sent without a password first, and with one when asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::pages) struct Confirmation {
    password: Option<Secret>,
}

pub(super) enum Proof {
    /// It was given lately, or just now: then the session was renewed.
    Given(Option<Begun>),
    /// Here is the page that asks for it.
    Asked(Response),
}

/// Whether the caller has proved lately who they are. `action` is where the form goes again, and
/// `words` what its button says.
pub(super) async fn confirm(
    app: &App,
    caller: &Identity,
    client: &Client,
    confirmation: Confirmation,
    action: &str,
    words: &str,
) -> Result<Proof, Denial> {
    let ask = |note| page(caller, action, words, note);
    let Some(password) = confirmation.password else {
        return Ok(match app.sessions.require_fresh(caller) {
            Ok(()) => Proof::Given(None),
            Err(denial) => Proof::Asked(in_words(denial, ask(None))),
        });
    };
    match app.sign_in.confirm_from(client, &caller.subject().id, password).await {
        Ok(account) => {
            let renewed = app.sessions.renew(caller, &account).await;
            Ok(Proof::Given(Some(renewed.map_err(|error| app.sessions.denial(error))?)))
        }
        Err(SignInError::Refused) => {
            let denial = app.sign_in.denial(SignInError::Refused);
            Ok(Proof::Asked(in_words(denial, ask(Some(Note::Bad("The password is wrong."))))))
        }
        Err(error) => Err(app.sign_in.denial(error)),
    }
}

fn page(caller: &Identity, action: &str, words: &str, note: Option<Note<'_>>) -> Markup {
    let wrong = note.is_some();
    let main = html! {
        div {
            h1 { "Confirm that it is you" }
            p.soft { "You signed in a while ago. Say your password again to go on." }
        }
        @if let Some(note) = note { (note) }
        form.card method="post" action=(action) {
            (token_field(&token(caller)))
            div {
                label for="password" { "Password" }
                input #password name="password" type="password" required autofocus[!wrong]
                    autocomplete="current-password"
                    aria-invalid=[wrong.then_some("true")] aria-describedby=[wrong.then_some("problem")];
            }
            div.buttons {
                button.danger { (words) }
                a.button href="/account" { "Cancel" }
            }
        }
    };
    framed("Confirm that it is you", Width::Narrow, caller, main)
}
