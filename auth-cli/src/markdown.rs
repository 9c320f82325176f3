//! Words in Markdown (of GitHub). In: text of which a stranger may have chosen a part. Out: the same
//! where it is read, and nothing else: no markup, no mention, no new line.
//!
//! SECURITY: names stand in code, which has no markup and mentions nobody, and which they cannot end.

use std::fmt;

use crate::terminal::plain;

/// A name, as code.
pub(crate) fn code(text: impl fmt::Display) -> String {
    format!("`{}`", bare(&text.to_string()))
}

/// A sentence of ours: what stands in backticks stays code. One whose backticks do not match is code
/// as a whole.
pub(crate) fn prose(text: impl fmt::Display) -> String {
    let text = text.to_string();
    let parts: Vec<_> = text.split('`').collect();
    if parts.len() % 2 == 0 {
        return code(&text);
    }
    let part = |(index, part): (usize, &&str)| match (index % 2, part.is_empty()) {
        (1, false) => code(part),
        (1, true) => String::new(),
        _ => escaped(part),
    };
    parts.iter().enumerate().map(part).collect()
}

/// Several names, as code.
pub(crate) fn codes<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    names.into_iter().map(code).collect::<Vec<_>>().join(", ")
}

/// A row of a table, of which nothing but its cells is told: a bar ends one in code as well.
pub(crate) fn row(cells: &[String]) -> String {
    let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// The first two rows of a table.
pub(crate) fn columns(names: &[&str]) -> String {
    format!("| {} |\n|{}\n", names.join(" | "), "---|".repeat(names.len()))
}

/// Lines as they are: a line that is indented ends with itself, whatever is in it.
pub(crate) fn block(text: &str) -> String {
    text.lines().map(|line| format!("    {}\n", plain(line))).collect()
}

/// What code cannot hold: its end.
fn bare(text: &str) -> String {
    plain(text).replace('`', "'")
}

/// Text outside of code, in which nothing is markup.
fn escaped(text: &str) -> String {
    let escape = |letter: char| match letter {
        '\\' | '*' | '_' | '<' | '>' | '[' | ']' | '#' | '~' => format!("\\{letter}"),
        // It calls somebody, and a backslash before it does not help. Our own sentences have none.
        '@' => "(at)".to_owned(),
        letter => letter.to_string(),
    };
    plain(text).chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_code() {
        assert_eq!(code("a`<b>@c\n"), "`a'<b>@c\\u{a}`");
        assert_eq!(block("a\n```\u{1b}"), "    a\n    ```\\u{1b}\n");
        assert_eq!(row(&[code("a|b"), prose("c")]), "| `a\\|b` | c |\n");
        assert_eq!(columns(&["a", "b"]), "| a | b |\n|---|---|\n");
        let names = ["a".to_owned(), "`".to_owned()];
        assert_eq!(codes(&names), "`a`, `'`");
    }

    #[test]
    fn a_sentence_is_no_markup_and_calls_nobody() {
        assert_eq!(prose("no `a*b` <b> #1 @me"), "no `a*b` \\<b\\> \\#1 (at)me");
        assert_eq!(prose("an `` b"), "an  b");
        assert_eq!(prose("a ` @me"), "`a ' @me`");
    }
}
