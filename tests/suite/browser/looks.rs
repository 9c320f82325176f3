//! How the pages behave in a browser: what they may load, on which screens they fit, and what
//! scripts see of a session.

use super::{
    contrast::too_faint,
    site::Site,
    window::{Looks, Window},
};
use crate::oauth::browser::asking;

const PHONE: Looks = Looks { width: 360, height: 740, dark: false };
const DESK: Looks = Looks { width: 1280, height: 800, dark: false };

/// Shows every page there is, one after the other, to `look`.
fn each_page(site: &Site, mut look: impl FnMut(&Window, &str)) {
    let window = site.visit("/");
    look(window, "landing");
    look(site.visit("/login"), "login");
    window.named("User name").write("author");
    window.named("Password").write("wrong");
    window.find("main button").click();
    window.find("#problem");
    look(window, "login refused");
    site.sign_in("author");
    look(window, "account");
    let asked = asking("svc-app").with("redirect_uri", "http://127.0.0.1/callback");
    look(site.visit(&asked.path()), "consent");
    site.create_key("A program with a name of some length, as somebody might choose");
    look(window, "new key");
    site.elsewhere("author");
    look(site.visit("/account"), "account with a key and two sessions");
    window.script("document.querySelector('[name=csrf_token]').value = 'x'; document.querySelector('form').submit()");
    window.until("the refusal", || window.text().contains("Nothing was changed"));
    look(window, "refused");
}

#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn m13_no_page_does_what_its_content_security_policy_forbids() {
    let violations = |window: &Window| {
        let console = window.console().into_iter();
        console.filter(|line| line.contains("Content Security Policy")).collect::<Vec<_>>()
    };
    let site = Site::open();
    each_page(&site, |window, page| {
        let found = violations(window);
        assert!(found.is_empty(), "{page}: {found:?}");
    });
    // What it forbids is refused and heard of here, or the above would say nothing.
    let window = site.visit("/");
    window.script("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')");
    window.until("a violation", || !violations(window).is_empty());
}

#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn every_page_fits_a_phone() {
    let site = Site::open();
    site.window.look(PHONE);
    each_page(&site, |window, page| {
        let widths = window.script("return [document.documentElement.scrollWidth, innerWidth]");
        assert!(widths[0].as_u64() <= widths[1].as_u64(), "{page} scrolls sideways: {widths}");
        assert_eq!(widths[1], PHONE.width, "{page}");
        let small = window.script(
            "return [...document.querySelectorAll('button, .button, input:not([type=hidden]):not([type=checkbox]), select')] \
             .filter((control) => control.checkVisibility() && control.getBoundingClientRect().height < 44) \
             .map((control) => control.outerHTML)",
        );
        assert_eq!(small.as_array().map(Vec::len), Some(0), "{page}: too small to touch: {small}");
    });
}

#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn every_text_can_be_read_by_day_and_by_night() {
    for dark in [false, true] {
        let site = Site::open();
        site.window.look(Looks { dark, ..DESK });
        each_page(&site, |window, page| {
            let faint = too_faint(window);
            assert!(faint.is_empty(), "{page}, dark: {dark}: {faint:?}");
        });
        let faded = "document.adoptedStyleSheets = [new CSSStyleSheet()]; \
                     document.adoptedStyleSheets[0].replaceSync('h1 { color: var(--line) }')";
        site.window.script(faded);
        assert!(!too_faint(&site.window).is_empty(), "faint text goes unnoticed");
    }
}

#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn every_control_has_a_name_and_every_page_its_landmarks() {
    let site = Site::open();
    each_page(&site, |window, page| {
        for control in window.all("a, button, input:not([type=hidden]), select, fieldset") {
            if control.shown() {
                assert!(!control.name().is_empty(), "{page}: {}", control.text());
            }
        }
        let counted = window.script(
            "return ['main', 'header', 'nav', 'footer', 'h1'].map((name) => document.querySelectorAll(name).length)",
        );
        assert_eq!(counted, serde_json::json!([1, 1, 1, 1, 1]), "{page}");
        assert_eq!(window.script("return document.documentElement.lang"), "en");
    });
}

#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn s3_no_script_sees_the_session() {
    let site = Site::signed_in("reader");
    assert_eq!(site.window.script("return document.cookie"), "");
    let cookies = site.window.cookies();
    assert_eq!(cookies.len(), 1, "{cookies:?}");
    let cookie = &cookies[0];
    assert_eq!(cookie["name"], "__Host-session");
    assert_eq!([&cookie["httpOnly"], &cookie["secure"]], [true, true]);
    assert_eq!([&cookie["sameSite"], &cookie["path"]], ["Lax", "/"]);
}
