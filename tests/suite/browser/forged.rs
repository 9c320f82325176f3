//! Other people's pages, in the browser of somebody who is signed in. In: forms, fetches and images
//! on another port of the same host, and on another site. Out: an account in which nothing changed.

use std::collections::HashMap;

use serde_json::json;

use super::{
    origin::Origin,
    site::{Site, State},
    window::Window,
};

/// The blog is at 127.0.0.1. Another port there is another origin of the same site, so that cookies
/// with `SameSite=Lax` are sent along; `localhost` is another site.
const HOSTS: [&str; 2] = ["127.0.0.1", "localhost"];

/// The ways in which a form can be written without asking anybody (Fetch: a simple request).
const ENCODINGS: [&str; 3] =
    ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"];

/// A form, with everything that an attacker could know.
struct Form {
    path: String,
    fields: Vec<(&'static str, String)>,
}

#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn c1_c4_forms_of_other_origins_change_nothing() {
    let (site, state) = somebody_with_something_to_lose();
    let forms = forms(&state, &site);
    let mut pages = HashMap::new();
    for (number, form) in forms.iter().enumerate() {
        for (encoding, kind) in ENCODINGS.iter().zip(0..) {
            pages.insert(format!("/{number}/{kind}"), form.page(&site, encoding));
        }
    }
    let paths: Vec<_> = pages.keys().cloned().collect();
    let origin = Origin::serving(pages);
    for host in HOSTS {
        for path in &paths {
            site.window.visit(&origin.url(host, path));
            site.window.until("the form's way to the blog", || arrived(&site));
        }
        assert_eq!(site.state(), state, "{host}");
    }
}

/// The same forms do change things when they come from a page of ours, and only with its token:
/// otherwise the test above would show nothing.
#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn c4_the_same_forms_work_from_our_own_pages_with_their_token() {
    let (site, state) = somebody_with_something_to_lose();
    for form in forms(&state, &site).iter().filter(|form| form.path != "/login") {
        let before = site.state();
        form.send_from_here(&site, false);
        assert!(site.window.text().contains("Nothing was changed"), "{}", site.window.text());
        assert_eq!(site.state(), before, "{} without a token", form.path);
        form.send_from_here(&site, true);
        if form.path == "/account/sign-out" {
            assert_eq!(site.window.path(), "/login?done=signed-out");
        } else {
            assert_ne!(site.state(), before, "{} with its token", form.path);
        }
    }
}

#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn c1_c5_c6_fetches_and_images_of_other_origins_change_nothing() {
    let (site, state) = somebody_with_something_to_lose();
    let origin =
        Origin::serving(HashMap::from([("/".to_owned(), "<h1>Win a prize</h1>".to_owned())]));
    for host in HOSTS {
        site.window.visit(&origin.url(host, "/"));
        let tried = fetches(&state, &site);
        let answers = site.window.promise(&tried);
        let answers = answers.as_array().expect("an answer to each");
        assert!(answers.len() >= 30, "{answers:?}");
        // No page of theirs reads what ours say.
        assert!(
            answers.iter().all(|answer| answer == "opaque" || answer == "refused"),
            "{answers:?}"
        );
        assert_eq!(site.state(), state, "{host}");
    }
}

/// Fetches of our own do change things, with the token: the test above asks for what is there.
#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn c4_the_same_fetches_work_from_our_own_origin_with_the_token() {
    let (site, state) = somebody_with_something_to_lose();
    let body = json!({ "name": "Ours", "scopes": ["read:posts"] }).to_string();
    // Our pages may fetch nothing. What is shown here is what happens where an application's may.
    site.window.ignore_content_security_policy();
    let window = site.visit("/posts");
    let create = |token: &str| {
        window.promise(&format!(
            "const done = arguments[0]; const json = {{ 'Content-Type': 'application/json' }}; \
             fetch('/session').then((answer) => answer.json()) \
             .then(({{ csrf_token }}) => fetch('/api-keys', {{ method: 'POST', body: {}, \
               headers: {{ ...json, 'X-CSRF-Token': {token} }} }})) \
             .then((answer) => done(answer.status), (error) => done(String(error)))",
            json!(body)
        ))
    };
    assert_eq!(create("'x'"), 403);
    assert_eq!(create("csrf_token"), 201);
    assert_eq!(site.state().keys.len(), state.keys.len() + 1);
}

/// The cookie does travel with what another port of the same host sends, which is why `SameSite`
/// alone protects nobody.
#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn c1_a_form_from_another_port_is_refused_although_the_cookie_comes_with_it() {
    let (site, state) = somebody_with_something_to_lose();
    let form = Form { path: "/account/sign-out".to_owned(), fields: Vec::new() };
    let origin = Origin::serving(HashMap::from([("/".to_owned(), form.page(&site, ENCODINGS[0]))]));
    site.window.visit(&origin.url("127.0.0.1", "/"));
    site.window.until("the refusal", || site.window.text().contains("Nothing was changed"));
    // From another site the cookie stays behind, and nobody is there to be signed out.
    site.window.visit(&origin.url("localhost", "/"));
    site.window.until("the sign-in", || site.window.path().starts_with("/login"));
    assert_eq!(site.state(), state);
}

/// Signing somebody in to an account of the attacker's would make them leave their secrets there.
#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn c5_another_origin_signs_nobody_in() {
    let site = Site::open();
    let form = sign_in(&site, "reader");
    let origin = Origin::serving(HashMap::from([("/".to_owned(), form.page(&site, ENCODINGS[0]))]));
    for host in HOSTS {
        site.window.visit(&origin.url(host, "/"));
        site.window.until("the refusal", || arrived(&site));
        assert_eq!(site.window.path(), "/login");
        assert!(site.window.cookies().is_empty(), "{host}");
    }
    site.visit("/");
    form.send_from_here(&site, true);
    assert_eq!(site.window.path(), "/account", "the same form works from here");
}

/// Somebody with two sessions and a key.
fn somebody_with_something_to_lose() -> (Site, State) {
    let site = Site::signed_in("author");
    site.create_key("Precious");
    site.elsewhere("author");
    let state = site.state();
    assert_eq!((state.keys.len(), state.sessions.len()), (1, 2));
    (site, state)
}

/// What could be sent, the mildest first and the sign-out last.
fn forms(state: &State, site: &Site) -> Vec<Form> {
    let key = &state.keys[0].0;
    let mut sessions = state.sessions.iter();
    let other = sessions.find(|id| state.here.as_ref() != Some(id)).expect("another session");
    let form = |path: String| Form { path, fields: Vec::new() };
    let new_key = Form {
        path: "/account/keys".to_owned(),
        fields: vec![
            ("name", "Theirs".to_owned()),
            ("scope", "read:posts".to_owned()),
            ("days", "365".to_owned()),
        ],
    };
    vec![
        sign_in(site, "reader"),
        new_key,
        form(format!("/account/keys/{key}/rotate")),
        form(format!("/account/keys/{key}/revoke")),
        form(format!("/account/sessions/{other}/end")),
        form("/account/sign-out".to_owned()),
    ]
}

fn sign_in(site: &Site, user: &str) -> Form {
    let fields = vec![("username", user.to_owned()), ("password", site.blog.password(user))];
    Form { path: "/login".to_owned(), fields }
}

impl Form {
    /// A page that sends the form as soon as it is seen.
    fn page(&self, site: &Site, encoding: &str) -> String {
        let mut inputs = String::new();
        for (name, value) in &self.fields {
            inputs.push_str(&format!("<input name=\"{name}\" value=\"{value}\">"));
        }
        format!(
            "<form method=post action=\"{}\" enctype=\"{encoding}\">{inputs}</form>\
             <script>document.forms[0].submit()</script>",
            site.url(&self.path)
        )
    }

    /// Sends the form from the blog's own page, with the token of that page or without.
    fn send_from_here(&self, site: &Site, token: bool) {
        let fields: HashMap<_, _> = self.fields.iter().cloned().collect();
        let script = format!(
            "const token = document.querySelector('[name=csrf_token]')?.value; \
             const fields = {}; if ({token} && token) fields.csrf_token = token; \
             const form = document.createElement('form'); form.method = 'post'; form.action = '{}'; \
             for (const [name, value] of Object.entries(fields)) {{ \
               const input = document.createElement('input'); \
               input.name = name; input.value = value; form.append(input); }} \
             document.body.append(form); window.leaving = true; form.submit()",
            json!(fields),
            self.path
        );
        site.window.script(&script);
        site.window.until("the next page", || left(&site.window));
    }
}

/// Whether the page that a form was sent from is gone, and the next one there.
fn left(window: &Window) -> bool {
    window.script("return !window.leaving && document.readyState === 'complete'") == true
}

/// Whether the browser is at the blog and has something to show.
fn arrived(site: &Site) -> bool {
    site.window.url().starts_with(&site.url("/")) && left(&site.window)
}

/// A script that asks for everything that changes something, in every way a page can.
fn fetches(state: &State, site: &Site) -> String {
    let key = &state.keys[0].0;
    let other = &state.sessions[0];
    let mut targets: Vec<_> =
        forms(state, site).into_iter().map(|form| ("POST", form.path)).collect();
    targets.extend([
        ("POST", "/session".to_owned()),
        ("DELETE", "/session".to_owned()),
        ("DELETE", "/sessions".to_owned()),
        ("DELETE", format!("/sessions/{other}")),
        ("POST", "/api-keys".to_owned()),
        ("POST", format!("/api-keys/{key}/rotate")),
        ("DELETE", format!("/api-keys/{key}")),
    ]);
    let body = json!({ "name": "Theirs", "scopes": ["read:posts"], "username": "reader",
        "password": site.blog.password("reader") });
    format!(
        "const done = arguments[0]; const tries = []; \
         const said = (answer) => answer.type === 'opaque' || answer.type === 'opaqueredirect' ? 'opaque' : `read ${{answer.status}}`; \
         for (const [method, path] of {targets}) for (const mode of ['cors', 'no-cors']) \
         for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json']) {{ \
           const options = {{ method, mode, credentials: 'include', redirect: 'follow', headers: {{ 'Content-Type': type }}, \
             body: type.includes('form') ? 'name=Theirs&scope=read%3Aposts&days=7' : {body} }}; \
           tries.push(fetch('{origin}' + path, options).then(said, () => 'refused')); }} \
         for (const [, path] of {targets}) tries.push(new Promise((seen) => {{ \
           const image = new Image(); image.onload = () => seen('read'); image.onerror = () => seen('refused'); \
           image.src = '{origin}' + path; }})); \
         Promise.all(tries).then(done)",
        targets = json!(targets),
        body = json!(body.to_string()),
        origin = site.url(""),
    )
}
