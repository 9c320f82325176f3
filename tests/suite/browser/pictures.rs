//! The pictures in the book. In: the pages. Out: `docs/images`, written with `UPDATE_EXPECT=1`:
//!
//! ```sh
//! UPDATE_EXPECT=1 cargo test -p auth-tests --test suite -- browser::pictures --include-ignored
//! ```

use std::{fs, path::PathBuf};

use super::{
    site::Site,
    window::{Looks, Window},
};
use crate::{
    files::{updating, workspace},
    oauth::browser::asking,
};

/// The most bytes of a picture: the book is read over slow lines too.
const MAX_BYTES: u64 = 150 * 1024;

const DESK: Looks = Looks { width: 1280, height: 640, dark: false };
const PHONE: Looks = Looks { width: 390, height: 640, dark: false };

fn folder() -> PathBuf {
    workspace().join("docs/images")
}

#[test]
fn the_pictures_of_the_book_are_there_and_small() {
    if updating() {
        return; // they are being written
    }
    let mut count = 0;
    for page in ["docs/pages.md", "README.md"] {
        let text = fs::read_to_string(workspace().join(page)).expect("the page");
        let shown = text.split("images/").skip(1).filter_map(|rest| rest.split(')').next());
        for name in shown.filter(|name| name.ends_with(".png")) {
            let picture = fs::metadata(folder().join(name)).unwrap_or_else(|_| panic!("no {name}"));
            assert!(picture.len() <= MAX_BYTES, "{name} has {} bytes", picture.len());
            count += 1;
        }
    }
    assert!(count >= 8, "{count} pictures are shown");
}

#[test]
#[ignore = "needs chromium and chromedriver: ./test browser"]
fn every_page_can_be_pictured() {
    let site = Site::open();
    let window = site.visit("/");
    both(window, "landing");
    site.visit("/login");
    both(window, "login");
    window.look(PHONE);
    window.named("User name").write("author");
    window.named("Password").write("not my password");
    window.find("main button").click();
    window.find("#problem");
    picture(window, "login-refused-phone", PHONE);

    site.sign_in("author");
    let asked = asking("svc-app").with("redirect_uri", "http://127.0.0.1/callback");
    site.visit(&asked.path());
    window.until("the question", || window.text().contains("in?"));
    both(window, "consent");
    site.create_key("Import");
    let key = site.create_key("Nightly backup");
    picture(window, "new-key", DESK);
    assert_eq!(site.ask_with_key(&key).status, 200);
    site.visit("/account");
    window.click("Revoke Import");
    site.create_key("Read the news aloud");
    site.elsewhere("author");
    site.visit("/account");
    both(window, "account");
    picture(window, "account-dark", Looks { dark: true, ..DESK });
    window.look(Looks { height: 1056, ..DESK });
    keep("account-top", &window.picture(false));
}

fn both(window: &Window, name: &str) {
    picture(window, name, DESK);
    picture(window, &format!("{name}-phone"), PHONE);
}

fn picture(window: &Window, name: &str, looks: Looks) {
    window.look(looks);
    keep(name, &window.picture(true));
}

/// Keeps a picture when the pictures are to be rewritten.
fn keep(name: &str, picture: &[u8]) {
    assert!(picture.starts_with(b"\x89PNG"));
    if updating() {
        fs::create_dir_all(folder()).expect("the folder");
        fs::write(folder().join(format!("{name}.png")), picture).expect("the picture");
    }
}
