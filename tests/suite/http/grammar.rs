//! The grammar of `WWW-Authenticate` (RFC 9110, section 11.6.1), written from the RFC. In: a field
//! value. Out: its challenges, or nothing if it is none.

use std::collections::BTreeMap;

/// `auth-scheme [ 1*SP #auth-param ]`; nothing here sends a token68.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    pub(super) scheme: String,
    pub(super) params: BTreeMap<String, String>,
}

/// Reads `#challenge`, of which there must be one at least.
pub(super) fn challenges(value: &str) -> Option<Vec<Challenge>> {
    let mut rest = value;
    let mut all: Vec<Challenge> = Vec::new();
    loop {
        let (word, after) = token(rest)?;
        if let Some((text, after)) = parameter_value(after) {
            // A parameter of the challenge before; a name may stand there once.
            let params = &mut all.last_mut()?.params;
            if params.insert(word.to_ascii_lowercase(), text).is_some() {
                return None;
            }
            rest = after;
        } else {
            all.push(Challenge { scheme: word.to_owned(), params: BTreeMap::new() });
            match after.strip_prefix(' ') {
                // The parameters of this challenge follow.
                Some(after) => {
                    rest = after.trim_start_matches(' ');
                    let (_, after) = token(rest)?;
                    parameter_value(after)?;
                    continue;
                }
                None => rest = after,
            }
        }
        if rest.is_empty() {
            return Some(all);
        }
        rest = rest.trim_start_matches([' ', '\t']).strip_prefix(',')?;
        rest = rest.trim_start_matches([' ', '\t']);
    }
}

/// `token`, and what follows it.
fn token(text: &str) -> Option<(&str, &str)> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let end = text.find(|c| !is_token(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// `BWS "=" BWS ( token / quoted-string )`, and what follows it.
fn parameter_value(text: &str) -> Option<(String, &str)> {
    let value = text.trim_start_matches([' ', '\t']).strip_prefix('=')?;
    let value = value.trim_start_matches([' ', '\t']);
    let Some(quoted) = value.strip_prefix('"') else {
        return token(value).map(|(word, rest)| (word.to_owned(), rest));
    };
    let mut text = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((text, &quoted[at + 1..])),
            '\\' => text.push(chars.next()?.1),
            '\t' | ' '..='~' => text.push(c),
            _ => return None,
        }
    }
    None
}

#[test]
fn h3_the_grammar_reads_what_the_rfc_shows() {
    let shown = r#"Basic realm="simple", Newauth realm="a\"pps", type=1, title="Login, please""#;
    let read = challenges(shown).unwrap();
    assert_eq!(read.len(), 2);
    assert_eq!(read[1].scheme, "Newauth");
    assert_eq!(read[1].params["realm"], "a\"pps");
    assert_eq!(read[1].params["title"], "Login, please");
    assert_eq!(challenges("Negotiate").unwrap()[0].scheme, "Negotiate");
}

#[test]
fn h3_the_grammar_refuses_what_is_no_challenge() {
    for wrong in [
        "",
        " ",
        "Bearer realm",
        "Bearer realm=\"open",
        "Bearer realm=",
        "Bearer realm=\"a\" error=\"b\"",
        "Bearer realm=\"a\",",
        "realm=\"a\"",
        "Bearer realm=\"a\", realm=\"b\"",
        "Bearer realm=\"\u{7f}\"",
        "Bearer, realm=a, \"x\"",
    ] {
        assert_eq!(challenges(wrong), None, "{wrong}");
    }
}
