//! The page that asks somebody to let a client in. In: who asks whom for what. Out: what the
//! application has to draw, and what its form has to send.

use std::fmt;

use axum::response::Response;

use super::{
    client::Client,
    redirect_uri,
    request::{Asked, Wanted},
    router::path as endpoint,
};
use crate::{account::Account, secret::Secret};

/// The pages that the authorization endpoint needs of the application.
///
/// # Example
///
/// ```
/// use auth_runtime::oauth::{Consent, ConsentPage};
/// use axum::response::{Html, IntoResponse, Response};
///
/// #[derive(Debug)]
/// struct Pages;
///
/// impl ConsentPage for Pages {
///     fn sign_in(&self, back: &str) -> String {
///         let back: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
///         format!("/login?next={back}")
///     }
///
///     fn draw(&self, consent: &Consent<'_>) -> Response {
///         # fn escaped(text: &str) -> String { text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;") }
///         let mut page = format!("<form method=post action={}>", consent.action());
///         for (name, value) in consent.fields() {
///             page += &format!("<input type=hidden name={name} value=\"{}\">", escaped(&value));
///         }
///         page += "<button name=decision value=allow>Allow</button>";
///         page += "<button name=decision value=deny>Deny</button></form>";
///         Html(page).into_response()
///     }
/// }
///
/// let to_sign_in = Pages.sign_in("/oauth/authorize?client_id=app");
/// assert_eq!(to_sign_in, "/login?next=%2Foauth%2Fauthorize%3Fclient_id%3Dapp");
/// ```
pub trait ConsentPage: fmt::Debug + Send + Sync + 'static {
    /// The path of the page where people sign in, which leads to `back` afterwards: a path of this
    /// service, `/oauth/authorize` with a query, for which [`is_way_back`] is true.
    fn sign_in(&self, back: &str) -> String;

    /// The page that asks. It shows the client's name, the scopes and who is asked, and sends a form
    /// to [`Consent::action`] with every one of [`Consent::fields`] and one button of the name
    /// `decision` whose value is `allow`, another whose value is `deny`.
    ///
    /// # Security
    ///
    /// The name of a client is what its owner calls it: escape it, as everything that is shown. A
    /// `Content-Security-Policy` of the page's own needs [`Consent::form_action`] for its
    /// `form-action`. Nobody can frame the page, whatever it says.
    fn draw(&self, consent: &Consent<'_>) -> Response;
}

/// What somebody is asked.
#[derive(Debug)]
#[non_exhaustive]
pub struct Consent<'a> {
    /// Who wants to be let in.
    pub client: &'a Client,
    /// Who is asked.
    pub account: &'a Account,
    /// What the client would have: what it asked for, within what it may have and what the account's
    /// roles grant now. Never empty, sorted by name.
    pub scopes: Vec<AskedScope<'a>>,
    pub(super) asked: &'a Asked,
    pub(super) wanted: &'a Wanted,
    pub(super) csrf_token: Secret,
}

/// A scope that a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AskedScope<'a> {
    /// Its name in the policy.
    pub name: &'a str,
    /// What it lets one do, as the policy says.
    pub is: &'a str,
}

impl Consent<'_> {
    /// Where the form goes.
    pub fn action(&self) -> &'static str {
        endpoint::AUTHORIZE
    }

    /// The hidden fields of the form: names, and values that have to be escaped.
    ///
    /// # Security
    ///
    /// One of them is the token against forged requests: they belong into this page alone.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let names: Vec<_> = self.scopes.iter().map(|scope| scope.name).collect();
        let mut fields = vec![
            // Read by a page of our own, which sends it back.
            ("csrf_token", self.csrf_token.expose().to_owned()),
            ("response_type", "code".to_owned()),
            ("client_id", self.client.id.clone()),
            ("redirect_uri", self.asked.redirect_uri.clone()),
            // What is shown is what is let in, and never more.
            ("scope", names.join(" ")),
            ("code_challenge", self.wanted.challenge.as_str().to_owned()),
            ("code_challenge_method", super::pkce::METHOD.to_owned()),
        ];
        fields.extend(self.asked.state.clone().map(|state| ("state", state)));
        fields.extend(self.wanted.max_age.map(|max_age| ("max_age", max_age.0.to_string())));
        fields
    }

    /// The token that the session's pages show with their forms: one of [`fields`](Self::fields), and
    /// good for other forms of the page, such as one to sign out.
    pub fn csrf_token(&self) -> &Secret {
        &self.csrf_token
    }

    /// The origin that the browser is sent to afterwards, such as `https://app.example`: people
    /// should see it.
    pub fn leads_to(&self) -> String {
        redirect_uri::origin(&self.asked.redirect_uri)
    }

    /// The value of `form-action` in a `Content-Security-Policy`: ourselves, and where the answer to
    /// the form leads, without which browsers would not follow it.
    pub fn form_action(&self) -> String {
        format!("'self' {}", redirect_uri::source(&self.asked.redirect_uri))
    }
}

/// Whether a path leads back to a request of a client, and nowhere else: for the list of pages that a
/// sign-in may lead to.
///
/// # Security
///
/// Whoever made up the request behind it, it is checked there from the beginning.
///
/// ```
/// use auth_runtime::oauth::is_way_back;
///
/// assert!(is_way_back("/oauth/authorize?client_id=app&scope=read%3Aposts"));
/// assert!(!is_way_back("//evil.example/oauth/authorize?client_id=app"));
/// assert!(!is_way_back("/oauth/authorize/../../account"));
/// ```
pub fn is_way_back(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"*-._+%&=".contains(&byte);
    let query = path.strip_prefix(endpoint::AUTHORIZE).and_then(|rest| rest.strip_prefix('?'));
    query
        .is_some_and(|query| query.len() <= super::authorize::MAX_QUERY && query.bytes().all(plain))
}
