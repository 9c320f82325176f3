//! C5: signing in is protected, although there is no credential yet.

use super::site::{Ask, FORM, JSON, LISTED, OWN, Site, ask};

const BODY: &str = r#"{"title":"a"}"#;

fn json() -> Ask {
    ask("POST", "/sign-in").body(JSON, BODY)
}

fn form() -> Ask {
    ask("POST", "/sign-in-form").body(FORM, "title=a")
}

#[tokio::test]
async fn c5_a_sign_in_from_our_own_pages_passes() {
    let site = Site::new().await;
    for request in [json, form] {
        for (name, value) in [
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
            ("origin", OWN),
            ("origin", "https://BLOG.example:443"),
            ("origin", LISTED),
        ] {
            assert_eq!(site.status(request().header(name, value)).await, 200, "{name}: {value}");
        }
        let sibling = request().site("same-site").header("origin", LISTED);
        assert_eq!(site.status(sibling).await, 200);
    }
}

#[tokio::test]
async fn c5_a_sign_in_from_elsewhere_is_refused_before_the_body_is_read() {
    let site = Site::new().await;
    for (path, media_type) in [("/sign-in", JSON), ("/sign-in-form", FORM), ("/sign-in", FORM)] {
        let request = || ask("POST", path).body(media_type, "{");
        for (name, value, cause) in [
            ("sec-fetch-site", "cross-site", "csrf-cross-site nobody"),
            ("sec-fetch-site", "same-site", "csrf-same-site nobody"),
            ("origin", "null", "csrf-origin nobody"),
            ("origin", "https://evil.example", "csrf-origin nobody"),
            ("origin", "https://blog.example.evil.example", "csrf-origin nobody"),
        ] {
            assert_eq!(site.forged(request().header(name, value)).await, cause, "{path}");
        }
    }
}

/// Every browser says where a form comes from: one that comes from nowhere is no page's.
#[tokio::test]
async fn c5_where_nothing_says_whose_page_it_was_only_json_signs_in() {
    let site = Site::new().await;
    assert_eq!(site.status(json()).await, 200);
    assert_eq!(site.forged(form()).await, "csrf-untold nobody");
    let plain = ask("POST", "/sign-in").body("text/plain", BODY);
    assert_eq!(site.forged(plain).await, "csrf-untold nobody");
    assert_eq!(site.forged(ask("POST", "/sign-in")).await, "csrf-untold nobody");
}
