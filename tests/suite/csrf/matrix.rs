//! C1, C2, C3, C4: every method with everything a browser or an attacker can say of where a request
//! comes from, for every kind of credential.

use super::site::{Ask, LISTED, OWN, Site, Visitor, ask};

const METHODS: [&str; 9] =
    ["GET", "HEAD", "OPTIONS", "TRACE", "POST", "PUT", "PATCH", "DELETE", "PURGE"];
const SITES: [Option<&str>; 6] = [
    None,
    Some("same-origin"),
    Some("none"),
    Some("same-site"),
    Some("cross-site"),
    Some("same-origin-ish"),
];
const ORIGINS: [Option<&str>; 6] = [
    None,
    Some(OWN),
    Some(LISTED),
    Some("null"),
    Some("https://evil.example"),
    Some("https://cdn.blog.example"),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Credential {
    Nothing,
    Bearer,
    AccessCookie,
    Session,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token {
    None,
    Right,
    AnotherSession,
    /// Of the same person, for the other cookie.
    AnotherCredential,
    Empty,
}

const CREDENTIALS: [Credential; 4] =
    [Credential::Nothing, Credential::Bearer, Credential::AccessCookie, Credential::Session];
const TOKENS: [Token; 5] =
    [Token::None, Token::Right, Token::AnotherSession, Token::AnotherCredential, Token::Empty];

impl Token {
    fn text<'v>(self, used: Credential, who: &'v Visitor, other: &'v Visitor) -> Option<&'v str> {
        let (own, others, of_other_cookie) = match used {
            Credential::Session => (&who.session_csrf, &other.session_csrf, &who.csrf),
            _ => (&who.csrf, &other.csrf, &who.session_csrf),
        };
        match self {
            Self::None => None,
            Self::Right => Some(own),
            Self::AnotherSession => Some(others),
            Self::AnotherCredential => Some(of_other_cookie),
            Self::Empty => Some(""),
        }
    }
}

/// The page is ours by Fetch Metadata or, without it, by Origin; nobody says otherwise.
fn page_is_ours(site: Option<&str>, origin: Option<&str>) -> bool {
    match site {
        Some("same-origin" | "none") => true,
        Some("same-site") => origin == Some(LISTED),
        Some(_) => false,
        None => [None, Some(OWN), Some(LISTED)].contains(&origin),
    }
}

fn expected(credential: Credential, method: &str, ours: bool, token: Token) -> u16 {
    let safe = ["GET", "HEAD", "OPTIONS", "TRACE"].contains(&method);
    match credential {
        Credential::Nothing => 401,
        Credential::Bearer => 200,
        _ if safe || (ours && token == Token::Right) => 200,
        _ => 403,
    }
}

fn present(request: Ask, credential: Credential, who: &Visitor) -> Ask {
    match credential {
        Credential::Nothing => request,
        Credential::Bearer => request.bearer(&who.access),
        Credential::AccessCookie => request.cookie(&who.access),
        Credential::Session => request.session(&who.session),
    }
}

#[tokio::test]
async fn c1_c2_c3_c4_method_by_site_by_origin_by_token_by_credential() {
    let site_under_test = Site::new().await;
    let (alice, mallory) = (&site_under_test.alice, &site_under_test.mallory);
    let mut admitted = 0;
    for credential in CREDENTIALS {
        for method in METHODS {
            for site in SITES {
                for origin in ORIGINS {
                    for token in TOKENS {
                        let text = token.text(credential, alice, mallory);
                        let request = ask(method, "/either")
                            .maybe("sec-fetch-site", site)
                            .maybe("origin", origin)
                            .maybe("x-csrf-token", text);
                        let request = present(request, credential, alice);
                        let status = site_under_test.status(request).await;
                        let ours = page_is_ours(site, origin);
                        let what = (credential, method, site, origin, token);
                        assert_eq!(status, expected(credential, method, ours, token), "{what:?}");
                        admitted += usize::from(status == 200);
                    }
                }
            }
        }
    }
    // Of a cookie four safe methods in all their forms, and of the other five those of our pages
    // with the token; of a bearer token everything.
    assert_eq!(admitted, 2 * (4 * 6 * 6 * 5 + 5 * (6 + 6 + 1 + 3)) + 9 * 6 * 6 * 5);
}

/// The same decision where the caller is asked for and not required.
#[tokio::test]
async fn c1_c4_a_public_handler_that_knows_the_caller_is_as_strict() {
    let site = Site::new().await;
    let alice = &site.alice;
    let from = |request: Ask| request.cookie(&alice.access);
    for method in ["POST", "DELETE", "PURGE"] {
        let cross = from(ask(method, "/known")).site("cross-site").token(&alice.csrf);
        assert_eq!(site.forged(cross).await, "csrf-cross-site somebody");
        let bare = from(ask(method, "/known")).site("same-origin");
        assert_eq!(site.forged(bare).await, "csrf-no-token somebody");
        let good = from(ask(method, "/known")).site("same-origin").token(&alice.csrf);
        assert_eq!(site.send(good).await.text, "somebody");
        // Nobody is signed in: there is nothing to abuse.
        assert_eq!(site.send(ask(method, "/known").site("cross-site")).await.text, "nobody");
    }
}

#[tokio::test]
async fn c1_every_refusal_says_its_exact_cause_in_the_audit_alone() {
    let site = Site::new().await;
    let (alice, mallory) = (&site.alice, &site.mallory);
    let on_cookie = || ask("POST", "/write").cookie(&alice.access);
    let cases = [
        (on_cookie().site("cross-site"), "csrf-cross-site somebody"),
        (on_cookie().site("same-site"), "csrf-same-site somebody"),
        (on_cookie().site("same-origin").site("same-origin"), "csrf-cross-site somebody"),
        (on_cookie().header("origin", "https://blog.example:8443"), "csrf-origin somebody"),
        (on_cookie().header("origin", "null"), "csrf-origin somebody"),
        (on_cookie().header("origin", OWN).header("origin", OWN), "csrf-origin somebody"),
        (on_cookie(), "csrf-no-token somebody"),
        (on_cookie().token(&mallory.csrf), "csrf-token somebody"),
        (on_cookie().token(&alice.csrf).token(&alice.csrf), "csrf-token somebody"),
    ];
    for (request, cause) in cases {
        assert_eq!(site.forged(request.header("x-canary", cause)).await, cause);
    }
    let answer = site.send(on_cookie().token("canary-9f27")).await;
    assert!(!answer.text.contains("canary") && !answer.text.contains("csrf-token"), "{answer:?}");
}

#[tokio::test]
async fn c2_http2_has_its_host_in_the_uri() {
    let site = Site::new().await;
    let alice = &site.alice;
    // The host header says `blog.example`, and counts for nothing beside it.
    for (origin, status) in [("https://other.example", 200), (OWN, 403)] {
        let request = ask("POST", "https://other.example/write")
            .cookie(&alice.access)
            .header("origin", origin)
            .token(&alice.csrf);
        assert_eq!(site.status(request).await, status);
    }
}
