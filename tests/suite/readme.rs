//! The compile errors that README.md shows: exactly what rustc prints about the blog.

use std::fs;

use crate::{
    files::{between, replace_between, updating, workspace},
    fixture::Fixture,
};

/// Z2: a scope with a slip of the pen.
#[test]
fn z2_readme_shows_an_unknown_scope() {
    let blog = blog("unknown-scope");
    blog.edit(
        "examples/blog/src/posts.rs",
        "#[authenticate(jwt | session, scopes = \"write:posts\")]",
        "#[authenticate(jwt | session, scopes = \"write:post\")]",
    );
    shows("unknown-scope", &blog.check().fails_once());
}

/// Z1: a handler whose rule was forgotten.
#[test]
fn z1_readme_shows_an_unguarded_handler() {
    let blog = blog("unguarded");
    let rule = "#[authenticate(jwt | session, role = \"admin\")]\n";
    blog.edit(
        "examples/blog/src/admin.rs",
        &format!("{rule}pub(crate) async fn list"),
        "pub(crate) async fn list",
    );
    shows("unguarded", &blog.check().fails_once());
}

/// The blog and its policy, laid out as they are here.
fn blog(name: &str) -> Fixture {
    let fixture = Fixture::new(name, &["examples/blog"]);
    fixture.copy("examples/blog");
    fixture.copy("policies");
    fixture
}

/// Compares the block of that name in README.md; with UPDATE_EXPECT=1, writes it.
fn shows(name: &str, printed: &str) {
    let file = workspace().join("README.md");
    let readme = fs::read_to_string(&file).unwrap();
    let block = format!("\n```text\n{}\n```\n", the_same_everywhere(printed).trim_end());
    if updating() {
        fs::write(file, replace_between(&readme, name, &block)).unwrap();
    } else {
        let stands = between(&readme, name);
        assert_eq!(stands, block, "run this test with UPDATE_EXPECT=1 and review:\n{block}");
    }
}

/// Without the note about a type too long to print: it names a file of this very build.
fn the_same_everywhere(printed: &str) -> String {
    const NOTES: [&str; 2] = ["the full name for the type has been written", "using `--verbose`"];
    let lines = printed.lines().filter(|line| !NOTES.iter().any(|note| line.contains(note)));
    lines.collect::<Vec<_>>().join("\n")
}
