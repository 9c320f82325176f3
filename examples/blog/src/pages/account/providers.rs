//! Who else signs somebody in. In: the identities at providers that lead to an account. Out: a list
//! with the way to remove each, and a form for each provider that one may be added of.

use auth_runtime::{
    Denial, Identity, authenticate,
    clock::Timestamp,
    csrf::CsrfForm,
    extract::Path,
    limit::Client,
    oidc::{LinkedIdentity, ProviderSignIn, Unlinked},
    problem::Problem,
    secret::Secret,
};
use axum::{
    extract::State,
    http::{HeaderMap, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};

use super::{
    confirm::{Confirmation, Proof, confirm},
    token_field,
};
use crate::{
    app::App,
    pages::{done::Done, when},
};

/// Where linking leads to.
const ACCOUNT: &str = "/account";

/// On to the provider, for whoever has said the password lately.
#[authenticate(session)]
pub(in crate::pages) async fn link(
    caller: Identity,
    client: Client,
    State(app): State<App>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    CsrfForm(confirmation): CsrfForm<Confirmation>,
) -> Result<Response, Denial> {
    let providers = providers(&app)?;
    let action = format!("/account/providers/{name}/link");
    let renewed =
        match confirm(&app, &caller, &client, confirmation, &action, "Link the provider").await? {
            Proof::Given(renewed) => renewed,
            Proof::Asked(page) => return Ok(page),
        };
    // Saying the password has given this session another id.
    let session = renewed.as_ref().map(|begun| begun.session.id.as_str());
    let session = session.or(caller.credential_id()).unwrap_or_default();
    let account = &caller.subject().id;
    let link = providers.link(&name, account, session, Some(ACCOUNT), &headers, &uri);
    let mut response = link.await?;
    if let Some(begun) = renewed {
        response.headers_mut().append(header::SET_COOKIE, begun.set_cookie);
    }
    Ok(response)
}

#[authenticate(session)]
pub(in crate::pages) async fn unlink(
    caller: Identity,
    client: Client,
    State(app): State<App>,
    Path(id): Path<String>,
    CsrfForm(confirmation): CsrfForm<Confirmation>,
) -> Result<Response, Denial> {
    let providers = providers(&app)?;
    let action = format!("/account/identities/{id}/unlink");
    let proof = confirm(&app, &caller, &client, confirmation, &action, "Remove it").await?;
    let renewed = match proof {
        Proof::Given(renewed) => renewed,
        Proof::Asked(page) => return Ok(page),
    };
    let mut response = match providers.unlink(&caller.subject().id, &id).await? {
        Unlinked::Done => Redirect::to(&Done::Unlinked.at(ACCOUNT)).into_response(),
        Unlinked::OnlyWay => Redirect::to(&Done::OnlyWay.at(ACCOUNT)).into_response(),
        _ => return Err(Problem::not_found().into()),
    };
    if let Some(begun) = renewed {
        response.headers_mut().append(header::SET_COOKIE, begun.set_cookie);
    }
    Ok(response)
}

/// What is said of a linking that came to nothing: one of the codes it ends with.
pub(super) fn failed(query: &str) -> Option<&'static str> {
    let code = query.split('&').find_map(|pair| pair.strip_prefix("error="))?;
    Some(match code {
        "access_denied" => "The provider was told not to link your account there.",
        "temporarily_unavailable" => {
            "The provider cannot be reached right now. Try again in a moment."
        }
        "linked_elsewhere" => "Your account at the provider is linked to another account here.",
        "signed_out" => "You were signed out meanwhile, so nothing was linked.",
        "sign_in_failed" => "Nothing could be linked with the provider.",
        _ => return None,
    })
}

/// Nothing, where the blog has no provider.
pub(super) async fn section(app: &App, account_id: &str, token: &Secret) -> Result<Markup, Denial> {
    let Some(providers) = &app.provider else { return Ok(html! {}) };
    let (linked, now) = (providers.linked(account_id).await?, app.auth.now());
    Ok(html! {
        section.card aria-labelledby="providers" {
            div.head {
                div {
                    h2 #providers { "Sign-in providers" }
                    p.soft.small { "Who else may say that it is you." }
                }
                @for name in providers.names() {
                    form method="post" action={ "/account/providers/" (name) "/link" } {
                        (token_field(token))
                        button { "Link " (name) }
                    }
                }
            }
            @if linked.is_empty() {
                p.soft { "None is linked." }
            } @else {
                ul.rows {
                    @for identity in &linked { (row(identity, token, now)) }
                }
            }
        }
    })
}

fn row(identity: &LinkedIdentity, token: &Secret, now: Timestamp) -> Markup {
    let called = identity.called.as_deref().unwrap_or("an account without a name");
    html! {
        li data-identity=(identity.id) {
            div.what {
                div.title { h3 { (identity.provider) } }
                p.meta {
                    span { (called) }
                    span { "Linked " (when::ago(identity.linked_at, now)) }
                }
            }
            form.actions method="post" action={ "/account/identities/" (identity.id) "/unlink" } {
                (token_field(token))
                button.danger aria-label={ "Remove " (identity.provider) ", " (called) } { "Remove" }
            }
        }
    }
}

/// Without any, there is nothing to link.
fn providers(app: &App) -> Result<&ProviderSignIn, Denial> {
    app.provider.as_ref().ok_or_else(|| Problem::not_found().into())
}
