//! Single values. In: a node and what its key takes. Out: the value with its place, or a report
//! of what stands there instead.

use super::At;
use crate::{
    code::Code,
    duration,
    name::listed,
    report::Report,
    settings::{Reference, Seconds},
    source::quoted,
    suggest::nearest,
    yaml::{Node, Value},
};

/// Reports that something else than `expected` stands here.
pub(crate) fn mismatch(node: &Node, expected: &str, report: &mut Report) {
    if node.value == Value::Null {
        report.add(Code::EmptyValue, node.owner, |found| {
            found
                .message(format!("nothing stands here, where {expected} is expected"))
                .help("write the value, or remove the key")
        });
    } else {
        let kind = node.value.kind();
        report.add(Code::WrongType, node.place, |found| {
            found.message(format!("this is {kind}, where {expected} is expected"))
        });
    }
}

/// A string that is not empty. What it says is not checked here.
pub(crate) fn text(node: &Node, expected: &str, report: &mut Report) -> Option<At<String>> {
    match &node.value {
        Value::Text(text) if text.trim().is_empty() => {
            report.add(Code::EmptyValue, node.place, |found| {
                found.message(format!("this string is empty, where {expected} is expected"))
            });
            None
        }
        Value::Text(text) => Some(At { value: text.clone(), place: node.place }),
        _ => {
            mismatch(node, expected, report);
            None
        }
    }
}

/// `true` or `false`, as YAML 1.2 writes them.
pub(crate) fn boolean(node: &Node, report: &mut Report) -> Option<bool> {
    if let Value::Bool(value) = node.value {
        return Some(value);
    }
    match &node.value {
        Value::Text(word) if is_old_boolean(word) => {
            report.add(Code::WrongType, node.place, |found| {
                found
                    .message(format!(
                        "{} is a string here, where `true` or `false` is expected",
                        quoted(word)
                    ))
                    .help("write `true` or `false`: YAML 1.2 has no other booleans")
            });
        }
        _ => mismatch(node, "`true` or `false`", report),
    }
    None
}

/// Whether YAML 1.1 took the word for a boolean.
fn is_old_boolean(word: &str) -> bool {
    let words = ["y", "n", "yes", "no", "on", "off", "true", "false"];
    words.contains(&word.to_ascii_lowercase().as_str())
}

/// A whole number that fits.
pub(crate) fn integer(node: &Node, expected: &str, report: &mut Report) -> Option<At<u32>> {
    let Value::Integer(value) = node.value else {
        mismatch(node, expected, report);
        return None;
    };
    let number = u32::try_from(value).ok();
    if number.is_none() {
        report.add(Code::OutOfRange, node.place, |found| {
            found.message(format!("{value} is out of range, where {expected} is expected"))
        });
    }
    number.map(|value| At { value, place: node.place })
}

/// A list, item by item. A single value is no list.
pub(crate) fn list<'n>(node: &'n Node, expected: &str, report: &mut Report) -> &'n [Node] {
    if let Value::List(items) = &node.value {
        return items;
    }
    mismatch(node, expected, report);
    &[]
}

/// A list of strings.
pub(crate) fn words(node: Option<&Node>, expected: &str, report: &mut Report) -> Vec<At<String>> {
    let Some(node) = node else { return Vec::new() };
    let items = list(node, expected, report);
    items.iter().filter_map(|item| text(item, "a string", report)).collect()
}

/// A list of strings with something in it.
pub(crate) fn some_words(
    node: Option<&Node>,
    expected: &str,
    report: &mut Report,
) -> Vec<At<String>> {
    if let Some(node) = node
        && matches!(&node.value, Value::List(items) if items.is_empty())
    {
        report.add(Code::EmptyValue, node.place, |found| {
            found
                .message(format!("this list is empty, where {expected} is expected"))
                .help("write what belongs in it, or remove the key")
        });
    }
    words(node, expected, report)
}

/// A string, or a list of strings that is not empty.
pub(crate) fn one_or_more(node: &Node, expected: &str, report: &mut Report) -> Vec<At<String>> {
    match &node.value {
        Value::Text(_) => text(node, expected, report).into_iter().collect(),
        _ => words(Some(node), expected, report),
    }
}

/// One of a few words.
pub(crate) fn choice<T: Copy>(
    node: &Node,
    words: &[(&str, T)],
    report: &mut Report,
) -> Option<At<T>> {
    let expected = format!("one of {}", listed(words.iter().map(|(word, _)| *word)));
    let word = text(node, &expected, report)?;
    let chosen = words.iter().find(|(name, _)| *name == word.value);
    if chosen.is_none() {
        report.add(Code::UnknownValue, word.place, |found| {
            let near = nearest(&word.value, words.iter().map(|(word, _)| *word));
            let near = near.map(|near| format!("did you mean `{near}`?"));
            found
                .message(format!(
                    "{} is unknown, where {expected} is expected",
                    quoted(&word.value)
                ))
                .maybe_help(near)
        });
    }
    chosen.map(|(_, value)| At { value: *value, place: word.place })
}

/// A span of time with its unit, above zero.
pub(crate) fn duration(node: Option<&Node>, report: &mut Report) -> Option<At<Seconds>> {
    let found = duration_or_zero(node, report)?;
    if found.value == Seconds(0) {
        report.add(Code::InvalidDuration, found.place, |found| {
            found
                .message("a lifetime of zero would refuse everything")
                .help("write how long it is, such as `15m`")
        });
        return None;
    }
    Some(found)
}

/// A span of time with its unit.
pub(crate) fn duration_or_zero(node: Option<&Node>, report: &mut Report) -> Option<At<Seconds>> {
    let node = node?;
    let found = match &node.value {
        Value::Text(text) => {
            duration::seconds(text).map_err(|fault| format!("{} {fault}", quoted(text)))
        }
        Value::Integer(number) => Err(format!("`{number}` has no unit")),
        _ => {
            mismatch(node, "a span of time such as `15m`", report);
            return None;
        }
    };
    match found {
        Ok(seconds) => Some(At { value: seconds, place: node.place }),
        Err(message) => {
            report.add(Code::InvalidDuration, node.place, |found| {
                found.message(message).help(duration::HELP)
            });
            None
        }
    }
}

/// A span of time as it was written, to be read where a rule is.
pub(crate) fn span(node: &Node, report: &mut Report) -> Option<At<String>> {
    let text = match &node.value {
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        _ => {
            mismatch(node, "a span of time such as `10m`", report);
            return None;
        }
    };
    Some(At { value: text, place: node.place })
}

/// Where a secret comes from. SECURITY: what stands here instead is never repeated.
pub(crate) fn reference(node: Option<&Node>, key: &str, report: &mut Report) -> Option<Reference> {
    let node = node?;
    let text = text(node, "a reference such as `${NAME}`", report)?;
    let reference = parse_reference(&text.value);
    if reference.is_none() {
        report.add(Code::InlineSecret, text.place, |found| {
            found
                .message(format!("`{key}` takes a reference to a secret, never the secret itself"))
                .help(
                    "write `${NAME}` for an environment variable or `file:PATH` for a file; \
                     if a real secret stood here, replace it where it is used",
                )
        });
    }
    reference
}

pub(crate) fn parse_reference(text: &str) -> Option<Reference> {
    if let Some(path) = text.strip_prefix("file:") {
        let fits = !path.trim().is_empty() && !path.contains('\n');
        return fits.then(|| Reference::File(path.to_owned()));
    }
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    let word = |c: char| c == '_' || c.is_ascii_alphanumeric();
    let begins = name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic());
    (begins && name.chars().all(word)).then(|| Reference::Environment(name.to_owned()))
}

/// An issuer: an https URL without query or fragment, compared byte for byte later.
pub(crate) fn issuer(node: Option<&Node>, report: &mut Report) -> Option<At<String>> {
    let text = text(node?, "an issuer's https URL", report)?;
    if let Some(fault) = url_fault(&text.value) {
        report.add(Code::InvalidUrl, text.place, |found| {
            found
                .message(format!("{} cannot be an issuer: {fault}", quoted(&text.value)))
                .help("write the issuer exactly as its tokens and its discovery document do, such as `https://id.example`")
        });
        return None;
    }
    Some(text)
}

/// An endpoint: an https URL without a fragment. A query is part of it (RFC 6749, section 3.1).
pub(super) fn endpoint(node: Option<&Node>, report: &mut Report) -> Option<At<String>> {
    let text = text(node?, "an endpoint's https URL", report)?;
    let path = text.value.split_once('?').map_or(text.value.as_str(), |(path, _)| path);
    let query = text.value.get(path.len() + 1..).unwrap_or_default();
    let fault = match query.contains(|c: char| !c.is_ascii_graphic() || "#\"\\<>".contains(c)) {
        true => Some("its query has a space, a fragment or quotes"),
        false => url_fault(path),
    };
    if let Some(fault) = fault {
        report.add(Code::InvalidUrl, text.place, |found| {
            found.message(format!("{} cannot be an endpoint: {fault}", quoted(&text.value))).help(
                "write it as the provider's documentation does, such as `https://id.example/token`",
            )
        });
        return None;
    }
    Some(text)
}

fn url_fault(url: &str) -> Option<&'static str> {
    if !url.chars().all(|c| c.is_ascii_graphic()) {
        return Some("it holds a space or a character that is not ASCII");
    }
    let (rest, secure) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (rest, true),
        (_, Some(rest)) => (rest, false),
        _ => return Some("it does not begin with `https://`"),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host(authority);
    let loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']'));
    if host.is_empty() || authority.contains(odd) {
        Some("it has no host, or one with a user name or odd characters")
    } else if rest.contains(['?', '#', '"', '\\', '<', '>']) {
        Some("it has a query, a fragment or quotes")
    } else if !secure && !loopback {
        Some("plain http can be changed on its way, so it is for loopback hosts only")
    } else {
        None
    }
}

/// The host of `host:port` or `[address]:port`.
fn host(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}
