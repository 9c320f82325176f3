//! The endpoints of sign-in with providers. In: browsers. Out: the same, sent on to a provider, to
//! one of our own pages with a session, or to one that says what went wrong.

use auth_policy::settings::{EndpointKind, SameSite};
use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::map_response,
    response::{Html, IntoResponse, Response},
};

use super::{
    ProviderSignIn,
    addresses::Pages,
    failure::{Failure, refused},
    sign_in::{Arrived, Outward, Returned},
    transaction::clear_cookie,
};
use crate::{
    Denial,
    extract::Path,
    guard::Public,
    limit::{Client, count},
    problem::Problem,
    routing::{Router, get},
    rule::everybody,
};

/// Everybody may, for this reason.
type Anybody = everybody!("this is where people sign in with a provider");

/// The endpoints of sign-in with providers, for an application to merge into its router. They are
/// where they are: providers are told so.
///
/// | endpoint | answer |
/// |---|---|
/// | `GET /login/{provider}` | 302 to the provider; `?next=` asks for a listed path afterwards |
/// | `GET /login/{provider}/callback` | 302 to a listed path, with the cookie of a session or those of tokens |
///
/// A provider nobody declared is 404. The callback is 400 `invalid_sign_in` for an answer that
/// belongs to no sign-in of this browser; else what fails ends on the page for failures. Under
/// `same_site: strict` of those cookies the end is a page of our own that leads on at once: after a redirect from
/// another site the browser would not show such a cookie.
#[track_caller]
pub fn router<S>(sign_in: ProviderSignIn) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    Router::new()
        .route("/login/{provider}", get(begin))
        .route("/login/{provider}/callback", get(finish))
        .layer(map_response(never_stored))
        .with_state(sign_in)
}

async fn begin(
    _: Public<Anybody>,
    State(sign_in): State<ProviderSignIn>,
    Path(provider): Path<String>,
    client: Client,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Denial> {
    let pages = pages(&sign_in, &provider)?;
    // SECURITY: each beginning is a record, and perhaps a question to the provider.
    count(sign_in.auth(), EndpointKind::Login, None, &client).await?;
    let pairs = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
    let next = pairs.into_iter().find(|(name, _)| name == "next").map(|(_, next)| next);
    match sign_in.set_out(&provider, next.as_deref(), &headers).await {
        Ok(Outward { location, set_cookie }) => found(&location, Some(set_cookie)),
        Err(failure) => failed(&sign_in, pages, failure, None),
    }
}

async fn finish(
    _: Public<Anybody>,
    State(sign_in): State<ProviderSignIn>,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Denial> {
    let pages = pages(&sign_in, &provider)?;
    let returned = match read(query.as_deref().unwrap_or_default()) {
        Some(returned) => returned,
        None => return failed(&sign_in, pages, Failure::Foreign("parameter-twice"), None),
    };
    match sign_in.arrive(&provider, returned, &headers).await {
        Ok(arrived) => welcome(arrived),
        Err(failure) => failed(&sign_in, pages, failure, clear_cookie()),
    }
}

/// Where a sign-in with that provider may lead; a provider nobody declared is not there.
fn pages<'s>(sign_in: &'s ProviderSignIn, provider: &str) -> Result<&'s Pages, Denial> {
    sign_in.pages(provider).ok_or_else(|| Problem::not_found().into())
}

/// What the provider says. Nothing, if it says something twice: another reader might see the other.
fn read(query: &str) -> Option<Returned> {
    let mut returned = Returned::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let slot = match &*name {
            "state" => &mut returned.state,
            "code" => &mut returned.code,
            "iss" => &mut returned.issuer,
            "error" => &mut returned.error,
            _ => continue,
        };
        if slot.replace(value.into_owned()).is_some() {
            return None;
        }
    }
    Some(returned)
}

/// A browser that has signed in: on to our own page, with what it holds from now on.
fn welcome(arrived: Arrived) -> Result<Response, Denial> {
    let mut response = match arrived.same_site {
        SameSite::Strict => leading_on(&arrived.next),
        SameSite::Lax => found(&arrived.next, None)?,
    };
    for cookie in arrived.set_cookies.into_iter().chain(clear_cookie()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// A page that leads on by itself. The path is a listed one, which needs no other escape.
///
/// SECURITY: nothing on it runs, and nothing is loaded, whatever the policy lets other pages do. It
/// has what a redirect would have: the address, and no part of a credential.
fn leading_on(next: &str) -> Response {
    let next = next.replace('&', "&amp;");
    let page = Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta http-equiv=\"refresh\" content=\"0;url={next}\"><title>Signed in</title>\
         <p>You are signed in. <a href=\"{next}\">Continue</a></p></html>"
    ));
    let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    ([(header::CONTENT_SECURITY_POLICY, nothing)], page).into_response()
}

/// A sign-in that came to nothing. The browser's cookie ends with it, unless the answer was not
/// this browser's: its own sign-in may go on.
fn failed(
    sign_in: &ProviderSignIn,
    pages: &Pages,
    failure: Failure,
    cookie: Option<HeaderValue>,
) -> Result<Response, Denial> {
    sign_in.report(&failure);
    match failure {
        Failure::Foreign(_) => Err(refused()),
        Failure::Ended(code, _) => found(&pages.failed(code.as_str()), cookie),
        Failure::Denied(denial, _) => Err(denial),
    }
}

/// 302, as browsers and providers know it.
fn found(location: &str, cookie: Option<HeaderValue>) -> Result<Response, Denial> {
    let location = HeaderValue::from_str(location).map_err(|_| Denial::internal())?;
    let mut response = (StatusCode::FOUND, [(header::LOCATION, location)]).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// SECURITY: the address of these answers holds a code: no cache keeps it, and no page is told.
async fn never_stored(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
