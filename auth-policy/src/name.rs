//! What may be a name. In: a word of the policy. Out: whether scopes, roles and the rest may be
//! called so; and lists of names for messages.

use crate::{code::Code, report::Report, settings::Place, source::quoted};

/// The longest name, in characters.
const LONGEST: usize = 64;
/// How many names a message lists.
const LISTED: usize = 8;

/// Reports a word that cannot be a name; `true` if it can.
pub(crate) fn check(word: &str, place: Place, report: &mut Report) -> bool {
    let Some(fault) = fault(word) else { return true };
    let code = if word.is_empty() { Code::EmptyValue } else { Code::InvalidName };
    report.add(code, place, |found| {
        let message = match word {
            "" => "this name is empty".to_owned(),
            word => format!("{} cannot be a name: {fault}", quoted(word)),
        };
        found.message(message).help(
            "use 1 to 64 of `a-z`, `0-9`, `_`, `-`, `.`, `:` and `/`, beginning with a letter or digit",
        )
    });
    false
}

fn fault(word: &str) -> Option<String> {
    if word.is_empty() {
        return Some("it is empty".to_owned());
    }
    if word.chars().count() > LONGEST {
        return Some(format!("it is longer than {LONGEST} characters"));
    }
    if let Some(c) = word.chars().find(|c| !c.is_ascii()) {
        return Some(format!(
            "it holds U+{:04X}, which is not ASCII and can be mistaken",
            u32::from(c)
        ));
    }
    if let Some(c) = word.chars().find(|c| !may_hold(*c)) {
        return Some(match c {
            '*' => "it holds `*`, which is for wildcards".to_owned(),
            ' ' => "it holds a blank".to_owned(),
            c if c.is_ascii_uppercase() => format!("it holds the capital `{c}`"),
            c => format!("it holds {}", quoted(&c.to_string())),
        });
    }
    let first = word.chars().next().is_some_and(|c| !c.is_ascii_alphanumeric());
    first.then(|| "it does not begin with a letter or digit".to_owned())
}

fn may_hold(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.' | ':' | '/')
}

/// Names in backticks, at most [`LISTED`] of them.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names = names.into_iter();
    let shown: Vec<String> = names.by_ref().take(LISTED).map(quoted).collect();
    let more = names.count();
    match (shown.is_empty(), more) {
        (true, _) => "none".to_owned(),
        (false, 0) => shown.join(", "),
        (false, more) => format!("{} and {more} more", shown.join(", ")),
    }
}
