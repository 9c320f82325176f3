//! What a policy says for browsers. In: the forms of cookies and of `csrf`. Out: their settings,
//! none weaker than its prefix promises.

use super::origins::origins;
use crate::{
    code::Code,
    document::{At, CookiesForm, CsrfForm, Entry, SchemeForm},
    report::Report,
    settings::{Csrf, Place, TokenCookies},
    source::quoted,
};

const SESSION_COOKIE: &str = "__Host-session";

/// `csrf`.
pub(super) fn csrf(form: &CsrfForm, report: &mut Report) -> Csrf {
    Csrf { trusted_origins: origins(&form.trusted_origins, report) }
}

/// The name of the session cookie.
pub(super) fn session_cookie(word: Option<&At<String>>, report: &mut Report) -> String {
    if let Some(word) = word.filter(|word| !is_cookie(&word.value, "__Host-")) {
        report.add(Code::WeakCookie, word.place, |found| {
            found.message(format!("{} cannot name the session cookie", quoted(&word.value))).help(
                "begin it with `__Host-`, then letters, digits, `-` and `_`: browsers take such a \
                 cookie only when it is Secure, without Domain and for the whole host",
            )
        });
    }
    word.map_or_else(|| SESSION_COOKIE.to_owned(), |word| word.value.clone())
}

/// `schemes.jwt.cookies`.
pub(super) fn token_cookies(form: &CookiesForm, report: &mut Report) -> TokenCookies {
    let default = TokenCookies::default();
    if let Some(word) = form.access.as_ref().filter(|word| !is_cookie(&word.value, "__Host-")) {
        report.add(Code::WeakCookie, word.place, |found| {
            found
                .message(format!("{} cannot name the cookie of access tokens", quoted(&word.value)))
                .help(
                    "begin it with `__Host-`, then letters, digits, `-` and `_`: browsers take such \
                     a cookie only when it is Secure, without Domain and for the whole host",
                )
        });
    }
    if let Some(word) = form.refresh.as_ref().filter(|word| !is_cookie(&word.value, "__Secure-")) {
        report.add(Code::WeakCookie, word.place, |found| {
            found
                .message(format!(
                    "{} cannot name the cookie of refresh tokens",
                    quoted(&word.value)
                ))
                .help(
                    "begin it with `__Secure-`, then letters, digits, `-` and `_`: `__Host-` is for \
                     cookies of the whole host, and this one is sent to `refresh_path` alone",
                )
        });
    }
    // INVARIANT: the two begin with different prefixes, so their names differ.
    TokenCookies {
        access: form.access.as_ref().map_or(default.access, |word| word.value.clone()),
        refresh: form.refresh.as_ref().map_or(default.refresh, |word| word.value.clone()),
        refresh_path: form
            .refresh_path
            .as_ref()
            .map_or(default.refresh_path, |word| path(word, report)),
        same_site: form.same_site.map_or(default.same_site, |word| word.value),
    }
}

/// Reports an access token and a session that would travel in one cookie.
pub(super) fn refuse_shared_cookie(schemes: &[Entry<SchemeForm>], report: &mut Report) {
    let tokens = schemes.iter().find_map(|entry| match &entry.form {
        SchemeForm::Jwt(form) => form.cookies.as_ref(),
        _ => None,
    });
    let session = schemes.iter().find_map(|entry| match &entry.form {
        SchemeForm::Session(form) => Some((form, entry.name.place)),
        _ => None,
    });
    let (Some(tokens), Some((session, declared))) = (tokens, session) else { return };
    let access = name_and_place(&tokens.access, &TokenCookies::default().access, tokens.place);
    let cookie = name_and_place(&session.cookie, SESSION_COOKIE, declared);
    if access.value == cookie.value {
        report.add(Code::NameClash, access.place, |found| {
            found
                .message(format!(
                    "the cookie {} would carry access tokens and sessions",
                    quoted(&access.value)
                ))
                .other(cookie.place, "the session's cookie")
                .help("give one of them another name: a request may bring both")
        });
    }
}

fn name_and_place(word: &Option<At<String>>, default: &str, place: Place) -> At<String> {
    word.clone().unwrap_or_else(|| At { value: default.to_owned(), place })
}

/// Whether it is a cookie's name with that prefix, of characters that no reader takes apart.
fn is_cookie(name: &str, prefix: &str) -> bool {
    let odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let rest = name.strip_prefix(prefix);
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(odd)) && name.len() <= 64
}

fn path(word: &At<String>, report: &mut Report) -> String {
    if let Some(fault) = path_fault(&word.value) {
        report.add(Code::InvalidPath, word.place, |found| {
            found
                .message(format!("a cookie cannot be kept to {}: {fault}", quoted(&word.value)))
                .help("write the path of the endpoint that renews, such as `/auth/refresh`")
        });
    }
    word.value.clone()
}

fn path_fault(path: &str) -> Option<&'static str> {
    let odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~'));
    let Some(rest) = path.strip_prefix('/') else {
        return Some("it does not begin with `/`");
    };
    if rest.is_empty() {
        // SECURITY: the longest-lived secret of a browser would travel with every request.
        return Some("it would be sent with every request");
    }
    if path.contains(odd) || path.len() > 128 {
        return Some(
            "it is longer than 128 characters, or holds others than `a-z A-Z 0-9 / - _ . ~`",
        );
    }
    let segment_fault = |segment: &str| matches!(segment, "" | "." | "..");
    rest.split('/').any(segment_fault).then_some(
        "it has an empty segment, `.` or `..`, which browsers and servers read differently",
    )
}
