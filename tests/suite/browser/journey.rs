//! What somebody does with their account, from the sign-in to the sign-out.

use super::site::Site;

#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn s5_s7_k5_m08_an_account_is_used_from_sign_in_to_sign_out() {
    let site = Site::open();
    // Who is not signed in is sent to the sign-in, and from there to where they wanted to go.
    let window = site.visit("/account");
    assert_eq!(window.path(), "/login?next=/account");
    site.sign_in("author");
    assert!(window.text().contains("Signed in as author."));

    let key = site.create_key("Nightly backup");
    assert!(window.text().contains("Copy it now: it is never shown again."));
    assert_eq!(site.ask_with_key(&key).status, 200);

    window.click("I have copied it");
    assert!(!window.script("return document.documentElement.outerHTML").to_string().contains(&key));
    window.click("Revoke Nightly backup");
    window.until("the revoked key", || window.text().contains("The key is revoked."));
    assert!(window.all_named("Revoke Nightly backup").is_empty());
    assert_eq!(site.ask_with_key(&key).status, 401);

    let elsewhere = [site.elsewhere("author")];
    assert_eq!(site.blog.send("GET", "/session", &elsewhere, None).status, 200);
    site.visit("/account");
    window.click("End the session of Firefox on Android");
    window.until("the ended session", || window.text().contains("The session has ended."));
    assert_eq!(site.blog.send("GET", "/session", &elsewhere, None).status, 401);

    let copied = window.cookies();
    window.click("Sign out");
    window.until("the sign-out", || window.path() == "/login?done=signed-out");
    assert!(window.cookies().is_empty());
    // What somebody copied before opens nothing now.
    copied.iter().for_each(|cookie| window.restore(cookie));
    assert_eq!(site.visit("/account").path(), "/login?next=/account");
}

#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn s7_all_other_sessions_end_at_once() {
    let site = Site::signed_in("reader");
    let others = [site.elsewhere("reader"), site.elsewhere("reader")];
    let stranger = [site.elsewhere("author")];
    let window = site.visit("/account");
    window.click("End all others");
    window.until("the ended sessions", || window.text().contains("All other sessions have ended."));
    for other in others {
        assert_eq!(site.blog.send("GET", "/session", &[other], None).status, 401);
    }
    assert_eq!(site.blog.send("GET", "/session", &stranger, None).status, 200);
    assert_eq!(site.state().sessions.len(), 1);
}

#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn m08_a_key_is_rotated_and_both_work_for_a_while() {
    let site = Site::signed_in("reader");
    let old = site.create_key("Deploy");
    let window = site.visit("/account");
    window.click("Rotate Deploy");
    let new = window.find("#key").text();
    assert_ne!(old, new);
    assert_eq!([&old, &new].map(|key| site.ask_with_key(key).status), [200, 200]);
    let states: Vec<_> = site.state().keys.into_iter().map(|(_, state)| state).collect();
    assert!(states.contains(&"Replaced".to_owned()) && states.contains(&"Active".to_owned()));
}

#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn what_is_wrong_stands_beside_its_field() {
    let site = Site::open();
    let window = site.visit("/login");
    window.named("User name").write("author");
    window.named("Password").write("not the password");
    window.find("main button").click();
    let problem = window.find("#problem");
    assert_eq!(problem.text(), "The user name or the password is wrong.");
    assert_eq!(problem.attribute("role").as_deref(), Some("alert"));
    let focused = window.script("return document.activeElement.id");
    assert_eq!(focused, "problem", "the focus is where the answer is");
    assert_eq!(window.named("User name").attribute("value").as_deref(), Some("author"));
    assert_eq!(window.named("Password").attribute("value"), None, "a password is never sent back");

    site.sign_in("author");
    window.named("Name").write("Without a scope");
    window.click("Create key");
    assert_eq!(window.find("#scopes-wrong").text(), "Choose at least one.");
    assert_eq!(window.named("Name").attribute("value").as_deref(), Some("Without a scope"));
    assert!(site.state().keys.is_empty());
}

#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn a_key_is_copied_by_its_button() {
    let site = Site::signed_in("reader");
    let key = site.create_key("Copied");
    let window = &site.window;
    window.click("Copy");
    window.until("the word that it is copied", || !window.find("#said").text().is_empty());
    // Where a browser lets no page write to the clipboard, the key is selected instead.
    let copied = window.find("#said").text() == "Copied.";
    let selected = window.script("return String(getSelection())");
    assert!(copied || selected.as_str() == Some(key.as_str()), "{selected}");
}
