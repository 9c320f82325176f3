//! Refusals as people read them. In: a problem document, on its way to a browser. Out: the way to
//! the sign-in, or a page that says the same in the same status. Programs get the document.

use auth_runtime::Denial;
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header, response::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::layout::{Here, Note, Page, Width};

/// The longest problem document that is read, in bytes; ours are shorter.
const MAX_DOCUMENT: usize = 16 * 1024;

/// What a page says of a problem.
#[derive(Default, Deserialize)]
struct Told {
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    code: String,
}

/// Turns problems into pages for clients that ask for HTML by name. Nothing is let in by this: what
/// was refused stays refused.
pub(super) async fn as_page(request: Request, next: Next) -> Response {
    let reads_html = accepts_html(request.headers());
    let response = next.run(request).await;
    if !reads_html || !is_problem(&response) {
        return response;
    }
    match response.status() {
        StatusCode::UNAUTHORIZED => Redirect::to("/login?next=/account").into_response(),
        _ => shown(response).await,
    }
}

/// A page of our own that says what was refused, with the status and the headers of the refusal.
pub(super) fn in_words(denial: Denial, page: Markup) -> Response {
    instead(denial.into_response().into_parts().0, page)
}

async fn shown(response: Response) -> Response {
    let (head, document) = response.into_parts();
    let document = to_bytes(document, MAX_DOCUMENT).await.unwrap_or_default();
    let told: Told = serde_json::from_slice(&document).unwrap_or_default();
    instead(head, page(&told))
}

/// The page under that head, which was the head of a document.
fn instead(mut head: Parts, page: Markup) -> Response {
    head.headers.remove(header::CONTENT_LENGTH);
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    head.headers.insert(header::CONTENT_TYPE, html);
    Response::from_parts(head, Body::from(page.into_string()))
}

fn page(told: &Told) -> Markup {
    let main = html! {
        h1 { (told.title) }
        (Note::Bad(words(told)))
        p { a.button href="/account" { "Back to your account" } }
    };
    Page { title: &told.title, here: Here::Account, width: Width::Narrow, aside: None, main }
        .render()
}

/// What somebody can do about it, who sent no request by hand.
fn words(told: &Told) -> &str {
    match told.code.as_str() {
        code if code.starts_with("csrf") => {
            "Nothing was changed: this did not come from a page of ours that is still open. Go back, reload the page and try again."
        }
        "unavailable" => {
            "Nothing was changed: something we depend on does not answer. Try again in a moment."
        }
        "not_found" => "There is no such thing here, or no longer.",
        _ if told.detail.is_empty() => "This was refused, and nothing was changed.",
        _ => &told.detail,
    }
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut ranges = values.flat_map(|value| value.split(','));
    ranges.any(|range| {
        let name = range.split(';').next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case("text/html")
    })
}

fn is_problem(response: &Response) -> bool {
    let problem = HeaderValue::from_static("application/problem+json");
    response.headers().get(header::CONTENT_TYPE) == Some(&problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_names_html_gets_it() {
        let accepts = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(value));
            accepts_html(&headers)
        };
        assert!(accepts("text/html,application/xhtml+xml,*/*;q=0.8"));
        assert!(accepts("application/json, Text/HTML;q=0.5"));
        assert!(!accepts("*/*") && !accepts("application/json") && !accepts("text/html5"));
        assert!(!accepts_html(&HeaderMap::new()));
    }
}
