//! The endpoints of sign-in with providers. In: browsers. Out: the same, sent on to a provider, to
//! one of our own pages with a session, or to one that says what went wrong.

use std::sync::Arc;

use auth_policy::settings::{EndpointKind, SameSite};
use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    middleware::map_response,
    response::{Html, IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::{
    LinkedIdentity, ProviderSignIn, Unlinked,
    failure::{Failure, last_identity, refused},
    remote::Remote,
    sign_in::{Arrived, Outward, Returned},
    transaction::{LinkTo, clear_cookie},
};
use crate::{
    Denial, Identity,
    csrf::CsrfForm,
    extract::Path,
    guard::{Guard, Public},
    host::host,
    limit::{Client, count},
    problem::Problem,
    routing::{Router, delete, get},
    rule::{Own, SESSION, everybody},
};

/// Everybody may, for this reason.
type Anybody = everybody!("this is where people sign in with a provider");

/// The endpoints of sign-in with providers, for an application to merge into its router. They are
/// where they are: providers are told so.
///
/// | endpoint | answer |
/// |---|---|
/// | `GET /login/{provider}` | 302 to the provider; `?next=` asks for a listed path afterwards |
/// | `POST /login/{provider}` | with a session, and its token against forged requests in the form: what somebody has at the provider leads to the account too; `next` is as above |
/// | `GET /identities` | with a session: 200, a list `{id, provider, called, linked_at}` |
/// | `DELETE /identities/{id}` | with a session: 204; nobody comes to the account by it any more |
/// | `GET /login/{provider}/callback` | 302 to a listed path, with the cookie of a session or those of tokens |
///
/// A provider nobody declared is 404. The callback is 400 `invalid_sign_in` for an answer that
/// belongs to no sign-in of this browser; else what fails ends on the page for failures. Under
/// `same_site: strict` of those cookies the end is a page of our own that leads on at once: after a redirect from
/// another site the browser would not show such a cookie.
///
/// The policy has to say under `endpoints.provider` how often they answer who sets out and who comes
/// back: without that, `protect` refuses the router. Linking and its end need a sign-in within `fresh_for`: otherwise they are 401
/// `insufficient_user_authentication`. Somebody else's identity is the 404 of one that is not there;
/// the only way into an account that has no password is 409 `last_identity`.
#[track_caller]
pub fn router<S>(sign_in: ProviderSignIn) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    Router::new()
        .route(
            "/login/{provider}",
            get(begin).called_by_strangers(EndpointKind::Provider).post(begin_link),
        )
        .route(
            "/login/{provider}/callback",
            get(finish).called_by_strangers(EndpointKind::Provider),
        )
        .route("/identities", get(list))
        .route("/identities/{id}", delete(unlink))
        .layer(map_response(never_stored))
        .with_state(sign_in)
}

/// Whoever has a session.
type Holder = Guard<Own<{ SESSION }>>;

/// The same by a form.
type FormHolder = Guard<Own<{ SESSION }, true>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    next: Option<String>,
}

#[derive(Serialize)]
struct Row {
    id: String,
    provider: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    called: Option<String>,
    linked_at: i64,
}

async fn begin(
    _: Public<Anybody>,
    State(sign_in): State<ProviderSignIn>,
    Path(provider): Path<String>,
    client: Client,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Denial> {
    let remote = remote(&sign_in, &provider)?;
    // SECURITY: each beginning is a record, and perhaps a question to the provider.
    count(sign_in.auth(), EndpointKind::Provider, None, &client).await?;
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let next = pairs.into_iter().find(|(name, _)| name == "next").map(|(_, next)| next);
    let host = host(&headers, &uri);
    match sign_in.set_out(&remote, next.as_deref(), None, host).await {
        Ok(Outward { location, set_cookie }) => found(&location, Some(set_cookie)),
        Err(failure) => failed(&sign_in, &remote, failure, None),
    }
}

async fn begin_link(
    caller: FormHolder,
    State(sign_in): State<ProviderSignIn>,
    Path(provider): Path<String>,
    client: Client,
    uri: Uri,
    headers: HeaderMap,
    CsrfForm(wanted): CsrfForm<Wanted>,
) -> Result<Response, Denial> {
    let caller = caller.identity();
    fresh(&sign_in, &caller)?;
    count(sign_in.auth(), EndpointKind::Provider, None, &client).await?;
    let session_id = caller.credential_id().unwrap_or_default();
    let account_id = &caller.subject().id;
    let next = wanted.next.as_deref();
    sign_in.link(&provider, account_id, session_id, next, &headers, &uri).await
}

/// Sends the browser of a form to a provider.
pub(super) async fn lead_out(
    sign_in: &ProviderSignIn,
    provider: &str,
    next: Option<&str>,
    link: Option<LinkTo>,
    host: Option<&str>,
) -> Result<Response, Denial> {
    let remote = remote(sign_in, provider)?;
    match sign_in.set_out(&remote, next, link, host).await {
        Ok(Outward { location, set_cookie }) => {
            let mut response = leading_on(&location, "You are led to the provider.");
            response.headers_mut().append(header::SET_COOKIE, set_cookie);
            Ok(never_stored(response).await)
        }
        Err(failure) => {
            let failure = failure.back(remote.pages.after(next));
            failed(sign_in, &remote, failure, None)
        }
    }
}

async fn list(caller: Holder, State(sign_in): State<ProviderSignIn>) -> Result<Response, Denial> {
    let caller = caller.identity();
    let linked = sign_in.linked(&caller.subject().id).await?;
    let rows: Vec<_> = linked.into_iter().map(Row::from).collect();
    Ok(axum::Json(rows).into_response())
}

async fn unlink(
    caller: Holder,
    State(sign_in): State<ProviderSignIn>,
    Path(id): Path<String>,
) -> Result<Response, Denial> {
    let caller = caller.identity();
    fresh(&sign_in, &caller)?;
    match sign_in.unlink(&caller.subject().id, &id).await? {
        Unlinked::Done => Ok(StatusCode::NO_CONTENT.into_response()),
        Unlinked::NotThere => Err(Problem::not_found().into()),
        Unlinked::OnlyWay => Err(last_identity()),
    }
}

fn fresh(sign_in: &ProviderSignIn, caller: &Identity) -> Result<(), Denial> {
    let sessions = sign_in.auth().sessions().ok_or_else(Denial::internal)?;
    sessions.require_fresh(caller)
}

impl From<LinkedIdentity> for Row {
    fn from(identity: LinkedIdentity) -> Self {
        let LinkedIdentity { id, provider, called, linked_at } = identity;
        Self { id, provider, called, linked_at: linked_at.0 }
    }
}

async fn finish(
    _: Public<Anybody>,
    State(sign_in): State<ProviderSignIn>,
    Path(provider): Path<String>,
    client: Client,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Denial> {
    let remote = remote(&sign_in, &provider)?;
    // SECURITY: each answer is looked up, and a good one has the provider asked. Nothing of it is
    // used up where it may not be looked at yet: the browser can come again.
    count(sign_in.auth(), EndpointKind::Provider, None, &client).await?;
    let returned = match read(query.as_deref().unwrap_or_default()) {
        Some(returned) => returned,
        None => return failed(&sign_in, &remote, Failure::Foreign("parameter-twice"), None),
    };
    match sign_in.arrive(&remote, returned, &headers).await {
        Ok(arrived) => welcome(arrived),
        Err(failure) => failed(&sign_in, &remote, failure, clear_cookie()),
    }
}

/// That provider, as it is now; one that nobody declares is not there.
fn remote(sign_in: &ProviderSignIn, provider: &str) -> Result<Arc<Remote>, Denial> {
    sign_in.remote(provider).ok_or_else(|| Problem::not_found().into())
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
        SameSite::Strict => leading_on(&arrived.next, "You are signed in."),
        SameSite::Lax => found(&arrived.next, None)?,
    };
    for cookie in arrived.set_cookies.into_iter().chain(clear_cookie()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// A page that leads on by itself.
///
/// SECURITY: nothing on it runs, and nothing is loaded, whatever the policy lets other pages do. It
/// has what a redirect would have: the address, and no part of a credential.
fn leading_on(address: &str, why: &str) -> Response {
    let next = escaped(address);
    let page = Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta http-equiv=\"refresh\" content=\"0;url={next}\"><title>{why}</title>\
         <p>{why} <a href=\"{next}\">Continue</a></p></html>"
    ));
    let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    ([(header::CONTENT_SECURITY_POLICY, nothing)], page).into_response()
}

/// A text as the value of an attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// A sign-in that came to nothing. The browser's cookie ends with it, unless the answer was not
/// this browser's: its own sign-in may go on.
fn failed(
    sign_in: &ProviderSignIn,
    remote: &Remote,
    failure: Failure,
    cookie: Option<HeaderValue>,
) -> Result<Response, Denial> {
    sign_in.report(&failure);
    match failure {
        Failure::Foreign(_) => Err(refused()),
        Failure::Ended(code, _) => found(&remote.pages.failed(code.as_str()), cookie),
        Failure::Back(code, _, page) => {
            let between = if page.contains('?') { '&' } else { '?' };
            found(&format!("{page}{between}error={}", code.as_str()), cookie)
        }
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
