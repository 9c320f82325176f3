//! C1, C4, Z6: a handler that takes a form has the token in it, and every other check before it.

use super::site::{Ask, FORM, JSON, Site, ask};

fn posted(site: &Site, path: &str, body: impl Into<String>) -> Ask {
    ask("POST", path).cookie(&site.alice.access).site("same-origin").body(FORM, body.into())
}

#[tokio::test]
async fn c4_a_form_carries_the_token_in_a_field() {
    let site = Site::new().await;
    let token = &site.alice.csrf;
    for path in ["/form", "/known-form"] {
        for body in [
            format!("title=a%20b&csrf_token={token}"),
            format!("csrf_token={token}&title=a+b"),
            format!("csrf%5Ftoken={token}&title=a+b"),
        ] {
            let answer = site.send(posted(&site, path, body)).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, "a b"), "{path}");
        }
    }
}

#[tokio::test]
async fn c4_a_form_without_its_token_is_refused_before_it_is_understood() {
    let site = Site::new().await;
    let (alice, mallory) = (&site.alice.csrf, &site.mallory.csrf);
    for path in ["/form", "/known-form"] {
        for (body, cause) in [
            ("title=a".to_owned(), "csrf-no-token somebody"),
            (String::new(), "csrf-no-token somebody"),
            ("nonsense".to_owned(), "csrf-no-token somebody"),
            (format!("title=csrf_token={alice}"), "csrf-no-token somebody"),
            (format!("title=a&csrf_token={mallory}"), "csrf-token somebody"),
            ("title=a&csrf_token=".to_owned(), "csrf-token somebody"),
            (format!("title=a&csrf_token={alice}&csrf_token={alice}"), "csrf-token somebody"),
            (format!("csrf_token={alice}&title=a&csrf_token=x"), "csrf-token somebody"),
        ] {
            assert_eq!(site.forged(posted(&site, path, body)).await, cause);
        }
        // The header is for the other handlers.
        let header = posted(&site, path, "title=a").token(alice);
        assert_eq!(site.forged(header).await, "csrf-no-token somebody");
    }
}

#[tokio::test]
async fn c1_c2_z6_a_form_from_elsewhere_is_refused_before_it_is_read() {
    let site = Site::new().await;
    for path in ["/form", "/known-form"] {
        for (name, value, cause) in [
            ("sec-fetch-site", "cross-site", "csrf-cross-site somebody"),
            ("sec-fetch-site", "same-site", "csrf-same-site somebody"),
            ("origin", "null", "csrf-origin somebody"),
            ("origin", "https://evil.example", "csrf-origin somebody"),
        ] {
            let good = format!("title=a&csrf_token={}", site.alice.csrf);
            let from = || ask("POST", path).cookie(&site.alice.access).header(name, value);
            assert_eq!(site.forged(from().body(FORM, good)).await, cause);
            assert_eq!(site.forged(from().body("text/plain", "x")).await, cause);
            assert_eq!(site.forged(from().body(FORM, " ".repeat(3 << 20))).await, cause);
        }
    }
    assert_eq!(site.status(ask("POST", "/form").body("text/plain", "x")).await, 401);
}

#[tokio::test]
async fn c4_a_form_is_checked_whatever_the_method() {
    let site = Site::new().await;
    let get = |body: String| ask("GET", "/form").cookie(&site.alice.access).body(FORM, body);
    assert_eq!(site.forged(get("title=a".to_owned())).await, "csrf-no-token somebody");
    let good = get(format!("title=a&csrf_token={}", site.alice.csrf));
    assert_eq!(site.status(good).await, 200);
    assert_eq!(site.status(ask("GET", "/form?title=a").cookie(&site.alice.access)).await, 415);
}

#[tokio::test]
async fn c3_a_form_on_a_bearer_token_needs_none() {
    let site = Site::new().await;
    let form = |body: &str| {
        let request = ask("POST", "/form").bearer(&site.alice.access).site("cross-site");
        request.body(FORM, body.to_owned())
    };
    assert_eq!(site.status(form("title=a")).await, 200);
    // The field is taken out all the same: it is no part of the form.
    assert_eq!(site.status(form("title=a&csrf_token=x")).await, 200);
    let nobody = ask("POST", "/known-form").body(FORM, "title=a");
    assert_eq!(site.status(nobody).await, 200);
}

#[tokio::test]
async fn e1_a_form_that_cannot_be_taken_is_a_problem() {
    let site = Site::new().await;
    let token = &site.alice.csrf;
    let code = async |request: Ask| {
        let answer = site.send(request).await;
        (answer.status, answer.code)
    };
    let is = |status: u16, code: &str| (status, code.to_owned());
    for body in ["", "title=a&more=b&", "title=a&title=b&"] {
        let request = posted(&site, "/form", format!("{body}csrf_token={token}"));
        assert_eq!(code(request).await, is(422, "unprocessable"), "{body}");
    }
    let long = format!("csrf_token={token}&title={}", "a".repeat(3 << 20));
    assert_eq!(code(posted(&site, "/form", long)).await, is(413, "payload_too_large"));
    let on_cookie = || ask("POST", "/form").cookie(&site.alice.access).site("same-origin");
    for media_type in [JSON, "text/plain", "multipart/form-data; boundary=x", ""] {
        let request = on_cookie().body(media_type, format!("title=a&csrf_token={token}"));
        assert_eq!(code(request).await, is(415, "unsupported_media_type"), "{media_type}");
    }
    let body = format!("title=a&csrf_token={token}");
    let charset = on_cookie().body("Application/X-WWW-Form-Urlencoded; charset=utf-8", body);
    assert_eq!(site.status(charset).await, 200);
}

/// What the rule does not see it does not leave the token to.
#[tokio::test]
async fn c4_a_form_under_another_name_needs_the_header_as_well() {
    let site = Site::new().await;
    let token = &site.alice.csrf;
    let body = format!("title=a&csrf_token={token}");
    assert_eq!(site.forged(posted(&site, "/alias", &body)).await, "csrf-no-token somebody");
    assert_eq!(site.status(posted(&site, "/alias", &body).token(token)).await, 200);
    let header = posted(&site, "/alias", "title=a").token(token);
    assert_eq!(site.forged(header).await, "csrf-no-token somebody");
}

/// An argument that `cfg` takes away checks nothing, so the header is asked for.
#[tokio::test]
async fn c4_a_form_that_is_compiled_away_leaves_the_header() {
    let site = Site::new().await;
    let token = &site.alice.csrf;
    let bare = posted(&site, "/attributed", format!("csrf_token={token}"));
    assert_eq!(site.forged(bare).await, "csrf-no-token somebody");
    assert_eq!(site.status(posted(&site, "/attributed", "").token(token)).await, 200);
}
