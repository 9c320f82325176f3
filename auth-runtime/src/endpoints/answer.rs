//! What a sign-in is answered with. In: tokens. Out: the tokens in a body; or in cookies that no
//! script reads, and in the body what a page needs beside them.

use auth_policy::settings::{SameSite, Seconds, TokenCookies};
use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{Auth, Denial, account::Account, cookie::SetCookie, tokens::SignedIn};

#[derive(Serialize)]
struct Tokens<'a> {
    access_token: &'a str,
    refresh_token: &'a str,
    token_type: &'static str,
    #[serde(flatten)]
    sign_in: SignIn<'a>,
}

#[derive(Serialize)]
struct Beside<'a> {
    csrf_token: &'a str,
    #[serde(flatten)]
    sign_in: SignIn<'a>,
}

/// What both forms tell.
#[derive(Serialize)]
struct SignIn<'a> {
    expires_in: u64,
    scope: &'a str,
    user: User<'a>,
}

#[derive(Serialize)]
struct User<'a> {
    id: &'a str,
    username: &'a str,
    roles: &'a [String],
}

/// The tokens in the body.
pub(super) fn in_body(signed_in: &SignedIn) -> Response {
    axum::Json(Tokens {
        // The answer to a sign-in is the one place where the tokens are seen.
        access_token: signed_in.access_token.expose(),
        refresh_token: signed_in.refresh_token.expose(),
        token_type: "Bearer",
        sign_in: SignIn::of(signed_in),
    })
    .into_response()
}

/// The tokens in cookies: no part of the body is a credential by itself.
///
/// # Errors
///
/// 500 when the access token is longer than what a browser keeps in a cookie.
pub(super) fn in_cookies(
    auth: &Auth,
    signed_in: &SignedIn,
    cookies: &TokenCookies,
) -> Result<Response, Denial> {
    let headers = set_cookies(signed_in, cookies)?;
    let csrf = auth.family_csrf(&signed_in.family_id).ok_or_else(Denial::internal)?;
    let csrf_token = csrf.token();
    let body = axum::Json(Beside {
        // Its own pages show it with each request; without the cookie it is worth nothing.
        csrf_token: csrf_token.expose(),
        sign_in: SignIn::of(signed_in),
    });
    let mut response = body.into_response();
    set(&mut response, headers.map(Some));
    Ok(response)
}

/// The headers that leave the tokens in cookies.
///
/// # Errors
///
/// As for [`in_cookies`].
pub(crate) fn set_cookies(
    signed_in: &SignedIn,
    cookies: &TokenCookies,
) -> Result<[HeaderValue; 2], Denial> {
    let access = access_cookie(cookies, Some(signed_in.expires_in));
    let refresh = refresh_cookie(cookies, Some(signed_in.refresh_expires_in));
    // Cookies are where the tokens are meant to go.
    let access = access.to(signed_in.access_token.expose());
    let refresh = refresh.to(signed_in.refresh_token.expose());
    match (access, refresh) {
        (Some(access), Some(refresh)) => Ok([access, refresh]),
        _ => {
            let rule = "a cookie has 4096 bytes at most: give the account fewer roles and claims";
            tracing::error!(target: "auth", "a token does not fit into its cookie; {rule}");
            Err(Denial::internal())
        }
    }
}

/// The same answer, which also takes both cookies away.
pub(super) fn without_cookies(cookies: &TokenCookies, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    set(&mut response, clear_cookies(cookies));
    response
}

/// The headers that take both cookies away.
pub(crate) fn clear_cookies(cookies: &TokenCookies) -> [Option<HeaderValue>; 2] {
    [access_cookie(cookies, None).clear(), refresh_cookie(cookies, None).clear()]
}

fn set(response: &mut Response, cookies: [Option<HeaderValue>; 2]) {
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

fn access_cookie(cookies: &TokenCookies, max_age: Option<Seconds>) -> SetCookie<'_> {
    SetCookie { name: &cookies.access, path: "/", same_site: cookies.same_site, max_age }
}

/// SECURITY: sent to the endpoint that renews alone, and by pages of the site itself alone.
fn refresh_cookie(cookies: &TokenCookies, max_age: Option<Seconds>) -> SetCookie<'_> {
    let TokenCookies { refresh, refresh_path, .. } = cookies;
    SetCookie { name: refresh, path: refresh_path, same_site: SameSite::Strict, max_age }
}

impl<'a> SignIn<'a> {
    fn of(signed_in: &'a SignedIn) -> Self {
        let Account { id, username, roles, .. } = &signed_in.account;
        let expires_in = signed_in.expires_in.0;
        Self { expires_in, scope: &signed_in.scope, user: User { id, username, roles } }
    }
}
