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
use crate::files::{updating, workspace};

/// The most bytes of a picture: the book is read over slow lines too.
const MAX_BYTES: u64 = 150 * 1024;

const DESK: Looks = Looks { width: 1280, height: 640, dark: false };
const PHONE: Looks = Looks { width: 390, height: 640, dark: false };

fn folder() -> PathBuf {
    workspace().join("docs/images")
}

#[test]
fn the_pictures_of_the_book_are_there_and_small() {
    let book = fs::read_to_string(workspace().join("docs/pages.md")).expect("the page");
    let shown = book.split("](images/").skip(1).filter_map(|rest| rest.split(')').next());
    let mut count = 0;
    for name in shown {
        let picture = fs::metadata(folder().join(name)).unwrap_or_else(|_| panic!("no {name}"));
        assert!(picture.len() <= MAX_BYTES, "{name} has {} bytes", picture.len());
        count += 1;
    }
    assert!(count >= 6, "the book shows {count} pictures");
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
}

fn both(window: &Window, name: &str) {
    picture(window, name, DESK);
    picture(window, &format!("{name}-phone"), PHONE);
}

/// Takes a picture; keeps it when the pictures are to be rewritten.
fn picture(window: &Window, name: &str, looks: Looks) {
    window.look(looks);
    let picture = window.picture();
    assert!(picture.starts_with(b"\x89PNG"));
    if updating() {
        fs::create_dir_all(folder()).expect("the folder");
        fs::write(folder().join(format!("{name}.png")), picture).expect("the picture");
    }
}
