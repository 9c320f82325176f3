//! The page that asks for consent. In: who wants to be let in, by whom, for what. Out: the question,
//! with two buttons; and where people sign in before they are asked.

use auth_runtime::oauth::{Consent, ConsentPage};
use axum::{
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use maud::{Markup, html};

use super::{
    account::sign_out,
    layout::{Here, Page, Width},
    next, safety,
};

/// The pages that `/oauth/authorize` needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pages;

impl ConsentPage for Pages {
    fn sign_in(&self, back: &str) -> String {
        next::sign_in(back)
    }

    fn draw(&self, consent: &Consent<'_>) -> Response {
        let mut response = Html(page(consent).into_string()).into_response();
        let content = HeaderValue::from_str(&safety::content(&consent.form_action()));
        if let Ok(content) = content {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, content);
        }
        response
    }
}

fn page(consent: &Consent<'_>) -> Markup {
    let name = &consent.client.name;
    let main = html! {
        div {
            h1 { "Let “" (name) "” in?" }
            p.soft {
                "You are signed in as " strong { (consent.account.username) } ". “"
                (name) "” asks to act for you here."
            }
        }
        form.card method="post" action=(consent.action()) {
            div {
                h2 #wanted { "What it may do" }
                ul.wanted aria-labelledby="wanted" {
                    @for scope in &consent.scopes { li { (scope.is) " " span.chip { (scope.name) } } }
                }
            }
            p.soft.small {
                "It never sees your password, and cannot change it, make API keys or let others in. "
                "Your answer is sent to " strong { (consent.leads_to()) } "."
            }
            @for (field, value) in consent.fields() {
                input type="hidden" name=(field) value=(value);
            }
            div.buttons {
                button.primary name="decision" value="allow" { "Allow" }
                button name="decision" value="deny" { "Deny" }
            }
        }
    };
    let aside = Some(sign_out::button(consent.csrf_token()));
    Page { title: "Let an app in", here: Here::Elsewhere, width: Width::Narrow, aside, main }
        .render()
}
