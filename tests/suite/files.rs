//! Files of the repository that tests keep true. In: a text with markers. Out: what is between
//! them, and the text with something else there.

use std::path::Path;

/// The root of the repository.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is in the workspace")
}

/// Whether expectations are to be rewritten instead of compared.
pub(crate) fn updating() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some_and(|value| value == "1")
}

/// What stands between `<!-- name -->` and `<!-- /name -->`.
pub(crate) fn between<'t>(text: &'t str, name: &str) -> &'t str {
    let (begin, end) = bounds(text, name);
    &text[begin..end]
}

/// The text with `new` between those markers.
pub(crate) fn replace_between(text: &str, name: &str, new: &str) -> String {
    let (begin, end) = bounds(text, name);
    format!("{}{new}{}", &text[..begin], &text[end..])
}

fn bounds(text: &str, name: &str) -> (usize, usize) {
    let opening = format!("<!-- {name} -->");
    let begin = text.find(&opening).unwrap_or_else(|| panic!("no {opening}")) + opening.len();
    let closing = format!("<!-- /{name} -->");
    let end = text.find(&closing).unwrap_or_else(|| panic!("no {closing}"));
    (begin, end)
}
