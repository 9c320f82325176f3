//! Lines fit to be printed. In: a source and a place inside it. Out: a window of its line that is
//! not too wide, with nothing secret, nothing a terminal would obey and nothing that reorders it.

use super::{Source, secrecy, to_u32};
use crate::{settings::Place, treacherous::is_treacherous};

/// How many characters of a line are shown at most.
const WIDEST: usize = 160;
/// How many of them stand before the place, in a line that is cropped.
const LEAD: usize = 60;

/// A line as it may be printed.
pub(crate) struct ShownLine {
    /// The characters, each one column wide as far as that can be known.
    pub(crate) text: String,
    /// How many characters to the left of the place are shown.
    pub(crate) before: usize,
    /// How many characters of the place are shown, at least one.
    pub(crate) length: usize,
    /// Whether the beginning of the line is not shown.
    pub(crate) cropped: bool,
}

/// The line of a place, cropped around it. INVARIANT: `place` was clipped to the source.
pub(crate) fn shown_line(source: &Source, place: Place) -> ShownLine {
    let width = source.line(place.line).chars().count();
    let column = place.column.saturating_sub(1) as usize;
    let skipped = if width <= WIDEST { 0 } else { column.saturating_sub(LEAD) };
    let line = secrecy::redacted(source, place.line, skipped, skipped + WIDEST);
    let kept: String = line.iter().map(|c| visible(*c)).collect();
    let lead = if skipped > 0 { "..." } else { "" };
    let tail = if width > skipped + WIDEST { "..." } else { "" };
    let before = column - skipped + lead.len();
    let room = (kept.chars().count() + lead.len()).saturating_sub(before);
    let length = (place.length as usize).min(room).max(1);
    ShownLine {
        text: format!("{lead}{kept}{tail}").trim_end().to_owned(),
        before,
        length,
        cropped: skipped > 0,
    }
}

/// The character, or a mark in its place if it would act on the reader's terminal or eye.
fn visible(c: char) -> char {
    match c {
        '\t' => ' ',
        c if is_treacherous(c) => '\u{fffd}',
        c => c,
    }
}

pub(super) fn excerpt(source: &Source, place: Place, label: &str) -> String {
    let Place { line, column, .. } = place;
    let number = line.to_string();
    let margin = " ".repeat(number.len());
    let shown = shown_line(source, place);
    let text = &shown.text;
    let marks = format!("{}{}", " ".repeat(shown.before), "^".repeat(shown.length));
    let head = format!("{margin}--> {}:{line}:{column}", source.path());
    format!("{head}\n{margin} |\n{number} | {text}\n{margin} | {marks} {label}")
        .trim_end()
        .to_owned()
}

/// A text of one line with nothing treacherous in it.
pub(super) fn cleaned(text: &str) -> String {
    text.chars().map(visible).collect()
}

/// A user's word fit for a message: bounded, and with nothing treacherous in it.
pub(crate) fn quoted(word: &str) -> String {
    let longest = 80;
    let kept: String =
        word.chars().take(longest).map(|c| if c == '\n' { ' ' } else { visible(c) }).collect();
    let cut = if word.chars().nth(longest).is_some() { "..." } else { "" };
    format!("`{kept}{cut}`")
}

/// How many characters a word has, as a [`Place`] counts them.
pub(crate) fn width(word: &str) -> u32 {
    to_u32(word.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_place_line_and_label() {
        let source =
            Source::new("policies/blog.yaml", b"version: 1\nscopes:\n  write:posts: W\n".to_vec());
        let place = Place { line: 3, column: 3, length: 11 };
        let expected = " --> policies/blog.yaml:3:3\n  |\n3 |   write:posts: W\n  |   ^^^^^^^^^^^ declared here";
        assert_eq!(source.excerpt(place, "declared here"), expected);
    }

    #[test]
    fn a_long_line_is_cropped_around_the_place() {
        let source = Source::new("p.yaml", "x".repeat(100_000).into_bytes());
        let shown = shown_line(&source, Place { line: 1, column: 50_000, length: 5 });
        assert!(shown.text.len() < 200 && shown.before == LEAD + 3 && shown.length == 5);
    }

    #[test]
    fn nothing_treacherous_is_shown() {
        let source = Source::new("p.yaml", "a\u{202e}b\u{1b}[31mc".into());
        let shown = shown_line(&source, Place { line: 1, column: 1, length: 1 });
        assert_eq!(shown.text, "a\u{fffd}b\u{fffd}[31mc");
    }
}
