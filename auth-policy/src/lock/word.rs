//! The words of a lock. In: a name, a path or a reason. Out: one word of a line, in quotes where it
//! holds what a line is made of or what a reader would not see; and the words of a line again.

use std::{ops::Range, str::CharIndices};

use crate::treacherous::is_treacherous;

/// Words with a meaning of their own where a name could stand: a name like one is put in quotes.
const RESERVED: &[&str] = &["->", "@", "and", "or", "public", "unguarded", "nobody"];

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'l> {
    pub(super) kind: TokenKind<'l>,
    /// Where it begins and ends in its line, in bytes.
    pub(super) span: Range<usize>,
}

/// What a piece of a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenKind<'l> {
    /// Without quotes: a word of the format, or a name that is like none.
    Bare(&'l str),
    /// In quotes, which are gone: never a word of the format.
    Quoted(String),
    /// `;`, `,` or `|`.
    Mark(char),
}

/// Why a line cannot be cut into words, and at which byte.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Torn {
    pub(super) at: usize,
    pub(super) message: &'static str,
}

/// A name or a path as one word.
pub(super) fn word(text: &str) -> String {
    let bare = !text.is_empty() && text.bytes().all(is_bare) && !RESERVED.contains(&text);
    if bare { text.to_owned() } else { quoted(text) }
}

/// A text in quotes, whatever it holds.
pub(super) fn quoted(text: &str) -> String {
    let mut word = String::with_capacity(text.len() + 2);
    word.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => word.extend(['\\', c]),
            // SECURITY: what ends a line, acts on a terminal or reorders a line is written out, so
            // that a reason cannot make a reviewer read another rule than the one in force.
            c if is_treacherous(c) => word.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => word.push(c),
        }
    }
    word.push('"');
    word
}

/// A line that is cut into words one after the other.
#[derive(Debug)]
pub(super) struct Line<'l> {
    text: &'l str,
    /// The byte where the rest begins.
    pub(super) at: usize,
}

impl<'l> Line<'l> {
    pub(super) fn new(text: &'l str) -> Self {
        Self { text, at: 0 }
    }

    /// The next word, or nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token<'l>>, Torn> {
        self.at += self.rest().len() - self.rest().trim_start_matches(' ').len();
        let start = self.at;
        let rest = self.rest();
        let kind = match rest.chars().next() {
            None => return Ok(None),
            Some(mark @ (';' | ',' | '|')) => {
                self.at += 1;
                TokenKind::Mark(mark)
            }
            Some('"') => TokenKind::Quoted(self.quoted()?),
            Some(_) => {
                let end = rest.bytes().position(|byte| !is_bare(byte)).unwrap_or(rest.len());
                self.at += end;
                match rest.get(..end) {
                    Some(bare) if end > 0 => TokenKind::Bare(bare),
                    _ => {
                        let message = "this character stands in quotes only";
                        return Err(Torn { at: start, message });
                    }
                }
            }
        };
        Ok(Some(Token { kind, span: start..self.at }))
    }

    /// Passes over everything before ` @ `.
    pub(super) fn skip_to_handler(&mut self) {
        let rest = self.rest();
        self.at += rest.find(" @ ").unwrap_or(rest.len());
    }

    /// Where a byte is in its line, in characters counted from 1.
    pub(super) fn column(&self, at: usize) -> usize {
        self.text.get(..at).map_or(1, |before| before.chars().count() + 1)
    }

    fn rest(&self) -> &'l str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn quoted(&mut self) -> Result<String, Torn> {
        let start = self.at;
        let mut characters = self.rest().char_indices();
        characters.next();
        let mut text = String::new();
        while let Some((offset, c)) = characters.next() {
            match c {
                '"' => {
                    self.at = start + offset + 1;
                    return Ok(text);
                }
                '\\' => text.push(escaped(&mut characters).ok_or(Torn {
                    at: start + offset,
                    message: "this is none of `\\\"`, `\\\\` and `\\u{..}`",
                })?),
                c if is_treacherous(c) => {
                    let message = "this character is written as `\\u{..}`";
                    return Err(Torn { at: start + offset, message });
                }
                c => text.push(c),
            }
        }
        Err(Torn { at: start, message: "these quotes are not closed" })
    }
}

/// What stands after a backslash.
fn escaped(characters: &mut CharIndices<'_>) -> Option<char> {
    let mut next = || characters.next().map(|(_, c)| c);
    match next()? {
        c @ ('"' | '\\') => Some(c),
        'u' if next()? == '{' => {
            let mut number = None;
            // Six digits at most, and the brace behind them.
            for _ in 0..7 {
                match next()? {
                    '}' => return char::from_u32(number?),
                    digit => number = Some(number.unwrap_or(0) << 4 | digit.to_digit(16)?),
                }
            }
            None
        }
        _ => None,
    }
}

/// Whether a byte may stand in a word without quotes.
fn is_bare(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'#' | b';' | b',' | b'|')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(line: &str) -> TokenKind<'_> {
        let mut line = Line::new(line);
        let token = line.next().unwrap().unwrap();
        assert_eq!(line.next(), Ok(None));
        token.kind
    }

    #[test]
    fn what_a_line_is_made_of_stands_in_quotes() {
        for text in ["", "a b", "a;b", "a|b", "a,b", "#", "\"", "\\", "ä", "a\nb", "or", "->"] {
            let written = word(text);
            assert!(written.starts_with('"') && !written.contains('\n'), "{written}");
            assert_eq!(only(&written), TokenKind::Quoted(text.to_owned()));
        }
        assert_eq!(word("/posts/{id}"), "/posts/{id}");
        assert_eq!(only("/posts/{id}"), TokenKind::Bare("/posts/{id}"));
    }

    #[test]
    fn what_a_reader_would_not_see_is_written_out() {
        assert_eq!(quoted("a\u{202e}b\u{1b}\u{200b}"), "\"a\\u{202e}b\\u{1b}\\u{200b}\"");
    }

    #[test]
    fn a_line_that_cannot_be_cut_says_where() {
        let torn = |text: &str| {
            let mut line = Line::new(text);
            loop {
                match line.next() {
                    Ok(Some(_)) => {}
                    Ok(None) => return None,
                    Err(torn) => return Some(line.column(torn.at)),
                }
            }
        };
        assert_eq!(torn("GET  \"/a"), Some(6));
        assert_eq!(torn("\"ä\" #"), Some(5));
        assert_eq!(torn("\"\\n\""), Some(2));
        assert_eq!(torn("\"\\u{}\""), Some(2));
        assert_eq!(torn("\"\\u{d800}\""), Some(2));
        assert_eq!(torn("\"\\u{1000000}\""), Some(2));
        assert_eq!(torn("\"\u{202e}\""), Some(2));
        assert_eq!(torn("\"\\u{10ffff}\""), None);
    }
}
