//! What of a line may be shown. In: a line, and the text before it. Out: the same line, character
//! for character, with the values of keys that hold secrets blotted out.
//!
//! SECURITY: this works on characters, not on the parsed tree, because the file at hand may be one
//! that does not parse. It hides too much rather than too little.

use super::Source;

/// How many lines above are searched for the key a line belongs to.
const LOOK_BACK: u32 = 400;
/// How much of such a line is looked at.
const LONGEST_KEY: usize = 256;

/// How many characters to the left of what is shown are searched for the key of a value. No value
/// that `check` accepts is longer.
pub(super) const LOOK_LEFT: usize = 16 * 1024;

/// The characters `from..to` of a line with secret values replaced by `*`, one for one.
pub(super) fn redacted(source: &Source, number: u32, from: usize, to: usize) -> Vec<char> {
    let left = from.saturating_sub(LOOK_LEFT);
    let text = source.line(number);
    let start = text.char_indices().nth(left).map_or(text.len(), |(offset, _)| offset);
    let text = text.get(start..).unwrap_or_default();
    let mut line: Vec<char> = text.chars().take(to.saturating_sub(left)).collect();
    blot_secrets(source, number, &mut line);
    line.split_off((from - left).min(line.len()))
}

fn blot_secrets(source: &Source, number: u32, line: &mut [char]) {
    if belongs_to_secret(source, number) {
        blot(line.iter_mut());
    }
    let mut from = 0;
    while let Some((start, end)) = next_secret(line, from) {
        blot(line.iter_mut().take(end).skip(start));
        from = end.max(from + 1);
    }
}

/// Whether a key that holds a secret, such as the key of a block scalar, owns this whole line.
fn belongs_to_secret(source: &Source, number: u32) -> bool {
    let own = indent(source.line(number));
    let above = (number.saturating_sub(LOOK_BACK).max(1)..number).rev();
    let parent = above
        .map(|above| source.line(above))
        .find(|line| !line.trim().is_empty() && indent(line) < own);
    parent.is_some_and(|line| {
        let line: Vec<char> = line.chars().take(LONGEST_KEY).collect();
        next_colon(&line, 0).is_some_and(|colon| {
            let value: String = line.iter().skip(colon + 1).collect();
            let key = key_before(&line, colon);
            let container = matches!(key.as_str(), "api_key" | "passwords");
            is_secret_key(&key) && !container && !value.trim_start().starts_with('{')
        })
    })
}

/// How far a line is indented. The items of a list count as deeper than the list's key, below
/// which YAML lets them stand flush.
fn indent(line: &str) -> usize {
    let text = line.trim_start_matches(' ');
    line.len() - text.len() + usize::from(text == "-" || text.starts_with("- "))
}

/// The next value at or after `from` that belongs to a key that holds secrets.
fn next_secret(line: &[char], from: usize) -> Option<(usize, usize)> {
    let mut from = from;
    while let Some(colon) = next_colon(line, from) {
        let start = colon + 1 + blanks(line, colon + 1);
        if is_secret_key(&key_before(line, colon)) && !is_harmless(line, start) {
            return Some((start, value_end(line, start)));
        }
        from = colon + 1;
    }
    None
}

fn next_colon(line: &[char], from: usize) -> Option<usize> {
    let after = line.iter().enumerate().skip(from);
    after.filter(|(_, c)| **c == ':').map(|(index, _)| index).next()
}

fn blanks(line: &[char], from: usize) -> usize {
    line.iter().skip(from).take_while(|c| c.is_whitespace()).count()
}

fn key_before(line: &[char], colon: usize) -> String {
    let before = line.iter().take(colon).rev().skip_while(|c| matches!(c, ' ' | '"' | '\''));
    let mut key: Vec<char> = before
        .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ':'))
        .take(64)
        .copied()
        .collect();
    key.reverse();
    key.into_iter().collect::<String>().to_ascii_lowercase()
}

fn is_secret_key(key: &str) -> bool {
    let whole = ["key", "keys", "token", "pepper", "credential", "credentials", "jwk", "jwks"];
    let part = ["secret", "private", "password", "passphrase"];
    let long = ["signing_key", "signing-key", "access_token", "refresh_token", "api_key"];
    // The name of a scope, such as `read:keys`, is no key of the language.
    if key.contains(':') {
        return false;
    }
    whole.contains(&key) || long.contains(&key) || part.iter().any(|word| key.contains(word))
}

/// Whether what begins here is a reference, a map or nothing: these are no secrets themselves.
fn is_harmless(line: &[char], start: usize) -> bool {
    let value: String =
        line.iter().skip(start).take(6).filter(|c| !matches!(c, '"' | '\'')).collect();
    let reference = value.starts_with("${") || value.starts_with("file:");
    reference || value.is_empty() || value.starts_with('{') || value.starts_with('#')
}

fn value_end(line: &[char], start: usize) -> usize {
    let quote = line.get(start).copied().filter(|c| matches!(c, '"' | '\''));
    let rest = line.iter().enumerate().skip(start + usize::from(quote.is_some()));
    let stop = |c: char| quote.map_or(matches!(c, ',' | '}'), |quote| c == quote);
    let mut ends = rest.filter(|(_, c)| stop(**c)).map(|(index, _)| index);
    ends.next().map_or(line.len(), |end| end + usize::from(quote.is_some()))
}

fn blot<'a>(characters: impl Iterator<Item = &'a mut char>) {
    characters.filter(|c| !c.is_whitespace()).for_each(|c| *c = '*');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, line: u32) -> String {
        redacted(&Source::new("p.yaml", text.into()), line, 0, 1000).into_iter().collect()
    }

    #[test]
    fn values_of_secret_keys_are_blotted_out() {
        assert_eq!(shown("keys: abc def", 1), "keys: *** ***");
        assert_eq!(
            shown("a: { client_secret: \"x, y\", b: c }", 1),
            "a: { client_secret: *** **, b: c }"
        );
        assert_eq!(shown("password: 'hunter2", 1), "password: ********");
        assert_eq!(shown("keys: |\n  line one\n  line two", 3), "  **** ***");
        assert_eq!(shown("keys:\n- one\n- two", 3), "* ***");
        assert_eq!(shown("client_secret:\n  one", 2), "  ***");
        assert_eq!(shown("client_secret:one", 1), "client_secret:***");
        assert_eq!(shown("- client_secret : one", 1), "- client_secret : ***");
        assert_eq!(shown("\"client_secret\": one", 1), "\"client_secret\": ***");
    }

    #[test]
    fn the_key_of_a_long_value_is_found_far_to_the_left() {
        let source = Source::new("p.yaml", format!("keys: {}", "x".repeat(5000)).into());
        assert_eq!(redacted(&source, 1, 4000, 4004), ['*'; 4]);
    }

    #[test]
    fn references_and_everything_else_are_shown() {
        assert_eq!(shown("read:keys: Read keys", 1), "read:keys: Read keys");
        for line in
            ["keys: ${KEYS}", "keys: \"${KEYS}\"", "keys: file:/etc/k", "api_key: { header: X }"]
        {
            assert_eq!(shown(line, 1), line);
        }
        assert_eq!(shown("passwords:\n  min_length: 8", 2), "  min_length: 8");
    }
}
