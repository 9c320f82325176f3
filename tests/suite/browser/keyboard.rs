//! The pages without a mouse.

use super::{
    keys::{ENTER, SPACE, TAB},
    site::Site,
    window::Window,
};

#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn somebody_signs_in_makes_a_key_and_signs_out_by_keyboard() {
    let site = Site::open();
    let window = site.visit("/login");
    assert_eq!(window.focused(), "User name");
    window.press(&format!("reader{TAB}{}{ENTER}", site.blog.password("reader")));
    window.until("the account page", || window.path() == "/account");

    tab_to(window, "Name");
    window.press(&format!("By keyboard{TAB}{TAB}{SPACE}{TAB}"));
    assert_eq!(window.focused(), "Create key");
    window.press(ENTER);
    window.until("the key", || window.text().contains("Your new key"));

    site.visit("/account");
    tab_to(window, "Sign out");
    window.press(ENTER);
    window.until("the sign-out", || window.path() == "/login?done=signed-out");
}

#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn the_first_stop_leads_past_the_navigation_and_every_stop_is_seen() {
    let site = Site::signed_in("reader");
    let window = site.visit("/account");
    window.press(TAB);
    assert_eq!(window.focused(), "Skip to the content");
    window.press(ENTER);
    assert_eq!(window.script("return document.activeElement.id"), "main");
    for _ in 0..4 {
        window.press(TAB);
        let seen = window.script(
            "const style = getComputedStyle(document.activeElement); \
             return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2",
        );
        assert_eq!(seen, true, "`{}` does not show its focus", window.focused());
    }
}

/// Presses Tab until the control of that name has the focus.
pub(super) fn tab_to(window: &Window, name: &str) {
    for _ in 0..40 {
        if window.focused() == name {
            return;
        }
        window.press(TAB);
    }
    panic!("Tab never comes to `{name}`");
}
