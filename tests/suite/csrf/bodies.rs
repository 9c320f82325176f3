//! C5, Z6: what a page of another site can send without asking first reaches no handler that takes
//! JSON, and a method is what the request line says.

use super::site::{Ask, FORM, JSON, Site, ask};

fn on_cookie(site: &Site, method: &str, path: &str) -> Ask {
    ask(method, path).cookie(&site.alice.access).site("same-origin")
}

#[tokio::test]
async fn c5_bodies_that_a_form_can_send_are_415_where_json_is_taken() {
    let site = Site::new().await;
    let token = site.alice.csrf.clone();
    let post = || on_cookie(&site, "POST", "/json").token(&token);
    assert_eq!(site.status(post().body(JSON, r#"{"title":"a"}"#)).await, 200);
    for media_type in [
        FORM,
        "text/plain",
        "text/plain; charset=application/json",
        "multipart/form-data; boundary=x",
        "",
    ] {
        let answer = site.send(post().body(media_type, r#"{"title":"a"}"#)).await;
        let code = (answer.status, answer.code.as_str());
        assert_eq!(code, (415, "unsupported_media_type"), "{media_type}");
    }
    for sign_in in [FORM, "text/plain", "multipart/form-data; boundary=x"] {
        let request = ask("POST", "/sign-in").site("same-origin").body(sign_in, r#"{"title":"a"}"#);
        assert_eq!(site.status(request).await, 415);
    }
}

#[tokio::test]
async fn c5_z6_a_forged_request_is_refused_before_its_body_is_read() {
    let site = Site::new().await;
    for body in ["{", "[]", ""] {
        let request = on_cookie(&site, "POST", "/json").body(JSON, body);
        assert_eq!(site.forged(request).await, "csrf-no-token somebody");
    }
    let large = on_cookie(&site, "POST", "/json").body("text/plain", " ".repeat(3 << 20));
    assert_eq!(site.forged(large).await, "csrf-no-token somebody");
}

#[tokio::test]
async fn c5_nothing_overrides_the_method() {
    let site = Site::new().await;
    for header in ["x-http-method-override", "x-http-method", "x-method-override"] {
        // Nobody gets past the check by calling a POST a GET..
        let disguised = on_cookie(&site, "POST", "/write?_method=GET").header(header, "GET");
        assert_eq!(site.forged(disguised).await, "csrf-no-token somebody");
        let disguised = on_cookie(&site, "POST", "/form?_method=GET").header(header, "GET");
        let disguised = disguised.body(FORM, "_method=GET&title=a");
        assert_eq!(site.forged(disguised).await, "csrf-no-token somebody");
        // ..and a GET is routed as one.
        let disguised = on_cookie(&site, "GET", "/json?_method=POST").header(header, "POST");
        assert_eq!(site.status(disguised.body(JSON, r#"{"title":"a"}"#)).await, 405);
    }
}
