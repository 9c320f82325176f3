//! Text that cannot pretend to be something else. In: what an issuer or a client may have written.
//! Out: the same with everything escaped that breaks lines, moves the cursor, turns the direction
//! of reading, or cannot be seen.

use std::{borrow::Cow, fmt::Write};

/// The text with `\u{..}` for each character that is not plain.
///
/// ```
/// assert_eq!(auth_policy::plain::text("one\nline"), r"one\u{a}line");
/// assert_eq!(auth_policy::plain::text("Zoë"), "Zoë");
/// ```
pub fn text(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().fold(String::new(), |mut escaped, letter| {
        if is_plain(letter) {
            escaped.push(letter);
        } else {
            escaped.extend(letter.escape_unicode());
        }
        escaped
    });
    Cow::Owned(escaped)
}

/// A JSON text with `\uXXXX` for each character that is not plain. JSON has such characters in
/// strings alone, and there the escape means the same; but for the line breaks of a text that has
/// several lines, which are escaped as well.
///
/// ```
/// assert_eq!(auth_policy::plain::json("\"\u{202e}\"".to_owned()), r#""\u202e""#);
/// ```
pub fn json(json: String) -> String {
    if json.chars().all(is_plain) {
        return json;
    }
    json.chars().fold(String::new(), |mut escaped, letter| {
        if is_plain(letter) {
            escaped.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                // Writing to a `String` does not fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
        escaped
    })
}

/// Whether a character is seen as itself and does nothing else. What the standard library would
/// not print (controls, bidirectional and other format characters, separators, unassigned ones,
/// marks that change the letter before them) is not, nor are the letters that look like nothing.
fn is_plain(letter: char) -> bool {
    const BLANK: [char; 5] = ['\u{115f}', '\u{1160}', '\u{2800}', '\u{3164}', '\u{ffa0}'];
    match letter {
        ' '..='~' => true,
        letter if letter.is_ascii() || BLANK.contains(&letter) => false,
        letter => letter.escape_debug().len() == 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a3_what_is_not_seen_as_itself_is_escaped() {
        for letter in [
            '\0',
            '\n',
            '\r',
            '\t',
            '\u{1b}',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{a0}',
            '\u{ad}',
            '\u{61c}',
            '\u{200b}',
            '\u{200e}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{2066}',
            '\u{2069}',
            '\u{feff}',
            '\u{fe0f}',
            '\u{301}',
            '\u{3164}',
            '\u{e0041}',
        ] {
            assert_eq!(text(&letter.to_string()), letter.escape_unicode().to_string());
            let json = super::json(serde_json::to_string(&letter.to_string()).unwrap());
            assert!(json.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{json}");
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), letter.to_string());
        }
    }

    #[test]
    fn a3_letters_of_every_script_stay_as_they_are() {
        for text in ["Ada \"L\" \\", "Zoë", "Ерофеев", "山田", "علی", "🦀"] {
            assert!(matches!(super::text(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }
}
