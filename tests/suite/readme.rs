//! The compile errors that README.md shows: exactly what rustc prints about the blog.

use std::{env, fs};

use crate::fixture::{Fixture, repository};

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
#[allow(clippy::disallowed_methods, reason = "how whoever runs the tests asks for new ones")]
fn shows(name: &str, printed: &str) {
    let file = repository().join("README.md");
    let readme = fs::read_to_string(&file).unwrap();
    let (begin, end) = (format!("<!-- {name} -->\n```text\n"), format!("```\n<!-- /{name} -->\n"));
    let (before, rest) = readme.split_once(&begin).expect("README.md has the block");
    let (shown, after) = rest.split_once(&end).expect("README.md has the end of the block");
    let printed = format!("{}\n", printed.trim_end());
    if env::var("UPDATE_EXPECT").is_ok_and(|value| value == "1") {
        fs::write(file, [before, &begin, &printed, &end, after].concat()).unwrap();
        return;
    }
    assert_eq!(
        shown, printed,
        "README.md is out of date: run `UPDATE_EXPECT=1 cargo test -p auth-tests readme`\n{printed}"
    );
}
