//! Where somebody is signed in. In: the sessions of an account. Out: a list with the way to end
//! each, for who has said the password lately.

use auth_runtime::{
    Denial, Identity, authenticate, clock::Timestamp, csrf::CsrfForm, extract::Path, limit::Client,
    problem::Problem, secret::Secret, session::Session,
};
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};

use super::{
    confirm::{Confirmation, Proof, confirm},
    sign_out::signed_out,
    token_field,
};
use crate::{
    app::App,
    pages::{device, done::Done, when},
};

#[authenticate(session)]
pub(in crate::pages) async fn end(
    caller: Identity,
    client: Client,
    State(app): State<App>,
    Path(id): Path<String>,
    CsrfForm(confirmation): CsrfForm<Confirmation>,
) -> Result<Response, Denial> {
    if caller.credential_id() == Some(id.as_str()) {
        app.sessions.end(&caller.subject().id, &id).await?;
        return Ok(signed_out(&app));
    }
    let action = format!("/account/sessions/{id}/end");
    let proof = confirm(&app, &caller, &client, confirmation, &action, "End the session").await?;
    let cookie = match proof {
        Proof::Given(renewed) => renewed.map(|begun| begun.set_cookie),
        Proof::Asked(page) => return Ok(page),
    };
    if !app.sessions.end(&caller.subject().id, &id).await? {
        return Err(Problem::not_found().into());
    }
    Ok(back(Done::SessionEnded, cookie))
}

#[authenticate(session)]
pub(in crate::pages) async fn end_others(
    caller: Identity,
    client: Client,
    State(app): State<App>,
    CsrfForm(confirmation): CsrfForm<Confirmation>,
) -> Result<Response, Denial> {
    let action = "/account/sessions/end-others";
    let proof =
        confirm(&app, &caller, &client, confirmation, action, "End the other sessions").await?;
    let renewed = match proof {
        Proof::Given(renewed) => renewed,
        Proof::Asked(page) => return Ok(page),
    };
    // Saying the password has given this session another id.
    let kept = renewed.as_ref().map(|begun| begun.session.id.as_str()).or(caller.credential_id());
    let id = &caller.subject().id;
    for other in app.sessions.list(id).await? {
        if Some(other.id.as_str()) != kept {
            app.sessions.end(id, &other.id).await?;
        }
    }
    Ok(back(Done::OthersEnded, renewed.map(|begun| begun.set_cookie)))
}

fn back(done: Done, cookie: Option<axum::http::HeaderValue>) -> Response {
    let mut response = Redirect::to(&done.at("/account")).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(axum::http::header::SET_COOKIE, cookie);
    }
    response
}

pub(super) fn section(
    sessions: &[Session],
    caller: &Identity,
    token: &Secret,
    now: Timestamp,
) -> Markup {
    html! {
        section.card aria-labelledby="sessions" {
            div.head {
                div {
                    h2 #sessions { "Sessions" }
                    p.soft.small { "Where you are signed in. End those that you do not know." }
                }
                @if sessions.len() > 1 {
                    form method="post" action="/account/sessions/end-others" {
                        (token_field(token))
                        button.danger { "End all others" }
                    }
                }
            }
            ul.rows {
                @for session in sessions {
                    (row(session, caller.credential_id() == Some(session.id.as_str()), token, now))
                }
            }
        }
    }
}

fn row(session: &Session, current: bool, token: &Secret, now: Timestamp) -> Markup {
    let device = device::name(session.user_agent.as_deref());
    html! {
        li data-session=(session.id) aria-current=[current.then_some("true")] {
            div.what {
                div.title {
                    h3 { (device) }
                    @if current { span.chip.good { "This session" } }
                }
                p.meta {
                    span { "Signed in " (when::ago(session.created_at, now)) }
                    span { "Last seen " (when::ago(session.last_seen_at, now)) }
                }
            }
            @if !current {
                form.actions method="post" action={ "/account/sessions/" (session.id) "/end" } {
                    (token_field(token))
                    button.danger aria-label={ "End the session of " (device) } { "End" }
                }
            }
        }
    }
}
