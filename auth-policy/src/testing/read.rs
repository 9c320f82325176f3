//! The reader of test files. In: the YAML tree. Out: the file as written; mistakes of form are
//! reported on the way.

use super::form::{CaseForm, EndpointForm, Form, Holders, ListForm, WhoForm};
use crate::{
    access::Holder,
    code::Code,
    document::{
        At,
        fields::{Fields, keyed},
        values,
    },
    duration,
    report::Report,
    settings::{Place, Seconds},
    source::quoted,
    yaml::{Node, Value},
};

const KEYS: [&str; 5] = ["version", "policy", "lock", "endpoints", "cases"];
const CASE_KEYS: [&str; 8] =
    ["through", "roles", "client", "scopes", "signed_in", "acr", "may", "may_not"];
/// For whom a client acts.
const CLIENTS: &[(&str, Holder)] =
    &[("for itself", Holder::Client), ("for an account", Holder::Delegate)];
const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "ANY"];

/// Takes the tree apart.
pub(super) fn form(tree: &Node, report: &mut Report) -> Form {
    let Some(fields) = Fields::open_with(tree, "tests", &KEYS, report) else {
        return Form::default();
    };
    version(&fields, report);
    let endpoints = fields.need("endpoints", "who reaches which endpoint", report);
    let mut file = |key| fields.get(key).and_then(|node| values::text(node, "a file", report));
    Form {
        policy: file("policy"),
        lock: file("lock"),
        section: fields.entry("endpoints").map(|(place, _)| place).unwrap_or_default(),
        endpoints: endpoints.map(|node| self::endpoints(node, report)).unwrap_or_default(),
        cases: fields.get("cases").map(|node| cases(node, report)).unwrap_or_default(),
    }
}

fn version(fields: &Fields<'_>, report: &mut Report) {
    let node = fields.need("version", "which form of tests this is: `version: 1`", report);
    let Some(version) = node.and_then(|node| values::integer(node, "a number", report)) else {
        return;
    };
    if version.value != 1 {
        report.add(Code::UnsupportedVersion, version.place, |found| {
            found
                .message(format!("version {} of policy tests is unknown here", version.value))
                .help("write `version: 1`, or use the release that knows it")
        });
    }
}

fn endpoints(node: &Node, report: &mut Report) -> Vec<EndpointForm> {
    let expected = || "a map from endpoints to who reaches them".to_owned();
    let pairs = keyed(node, expected, report).unwrap_or_default();
    let mut endpoints = Vec::with_capacity(pairs.len());
    for (name, place, value) in pairs {
        let name = At { value: name.to_owned(), place };
        if let (true, Some(who)) = (is_endpoint(&name, report), who(value, report)) {
            endpoints.push(EndpointForm { name, who });
        }
    }
    endpoints
}

/// Whether a word has the form of an endpoint; reported if not.
fn is_endpoint(name: &At<String>, report: &mut Report) -> bool {
    let parts = name.value.split_once(' ');
    let fits = parts.is_some_and(|(method, path)| {
        METHODS.contains(&method) && (path.starts_with('/') || path == "*")
    });
    if !fits {
        report.add(Code::InvalidName, name.place, |found| {
            found
                .message(format!("{} is no endpoint", quoted(&name.value)))
                .help("write the method, a blank and the path, such as `GET /posts/{id}`")
        });
    }
    fits
}

fn who(node: &Node, report: &mut Report) -> Option<WhoForm> {
    let expected = "`anyone`, `nobody`, or a map from schemes to roles";
    match &node.value {
        Value::Text(word) if word == "anyone" => Some(WhoForm::Anyone),
        Value::Text(word) if word == "nobody" => Some(WhoForm::Nobody),
        Value::Text(word) => {
            report.add(Code::UnknownValue, node.place, |found| {
                found
                    .message(format!("{} is unknown, where {expected} is expected", quoted(word)))
                    .help("say through which scheme: `{ jwt: admin }`")
            });
            None
        }
        _ => {
            let pairs = keyed(node, || expected.to_owned(), report)?;
            if pairs.is_empty() {
                report.add(Code::EmptyValue, node.place, |found| {
                    found.message("this map is empty").help("write `nobody` if nobody gets in")
                });
            }
            let list = |(key, place, value)| list(key, place, value, report);
            Some(WhoForm::Listed(pairs.into_iter().map(list).collect()))
        }
    }
}

fn list(key: &str, place: Place, value: &Node, report: &mut Report) -> ListForm {
    let expected = "a role or a list of roles";
    let mut words = values::one_or_more(value, expected, report);
    if matches!(&value.value, Value::List(items) if items.is_empty()) {
        report.add(Code::EmptyValue, value.place, |found| {
            found.message("this list is empty").help("leave the scheme out: then nobody gets in")
        });
    }
    twice(&words, report);
    let schemes = schemes(key, place);
    twice(&schemes, report);
    let holders = words.drain(..).map(|word| At { value: holders(word.value), place: word.place });
    ListForm { holders: holders.collect(), schemes }
}

/// The schemes in a key such as `jwt | session`, each at its place.
fn schemes(key: &str, place: Place) -> Vec<At<String>> {
    let mut column = place.column;
    let mut schemes = Vec::new();
    for part in key.split('|') {
        let name = part.trim();
        let indent = part.chars().take_while(|c| *c == ' ').count();
        let length = u32::try_from(name.chars().count()).unwrap_or(1).max(1);
        let indent = u32::try_from(indent).unwrap_or(0);
        let at = Place { column: column.saturating_add(indent), length, ..place };
        schemes.push(At { value: name.to_owned(), place: at });
        let width = u32::try_from(part.chars().count()).unwrap_or(0);
        column = column.saturating_add(width).saturating_add(1);
    }
    schemes
}

/// Words with a blank are no names, so no role can be called like one of these.
fn holders(word: String) -> Holders {
    match word.as_str() {
        "any role" => Holders::AnyRole,
        "no role" => Holders::NoRole,
        "any account" => Holders::AnyAccount,
        "any client" => Holders::AnyClient,
        _ => Holders::Role(word),
    }
}

fn twice(words: &[At<String>], report: &mut Report) {
    for (index, word) in words.iter().enumerate() {
        if words.iter().take(index).any(|earlier| earlier.value == word.value) {
            report.add(Code::NamedTwice, word.place, |found| {
                found
                    .message(format!("{} is named twice", quoted(&word.value)))
                    .help("remove one of them")
            });
        }
    }
}

fn cases(node: &Node, report: &mut Report) -> Vec<CaseForm> {
    let items = values::list(node, "a list of credentials and where they get", report);
    items.iter().filter_map(|item| case(item, report)).collect()
}

fn case(node: &Node, report: &mut Report) -> Option<CaseForm> {
    let fields = Fields::open_with(node, "tests.cases.*", &CASE_KEYS, report)?;
    let through = fields.need("through", "which scheme the credential is of", report);
    let through = through.and_then(|node| values::text(node, "a scheme", report));
    let mut words = |key, expected| {
        let words = fields.get(key).map(|node| values::one_or_more(node, expected, report));
        words.inspect(|words| twice(words, report))
    };
    let roles = words("roles", "a role or a list of roles").unwrap_or_default();
    let scopes = words("scopes", "a scope or a list of scopes");
    let may = words("may", "an endpoint or a list of endpoints").unwrap_or_default();
    let may_not = words("may_not", "an endpoint or a list of endpoints").unwrap_or_default();
    if may.is_empty() && may_not.is_empty() {
        report.add(Code::MissingKey, node.place, |found| {
            found
                .message("this case expects nothing")
                .help("add `may` or `may_not`: they say which endpoints it gets into")
        });
    }
    let sound = may.iter().chain(&may_not).all(|name| is_endpoint(name, report));
    let client = fields.get("client").and_then(|node| values::choice(node, CLIENTS, report));
    let signed_in = fields.get("signed_in").and_then(|node| span(node, report));
    let acr = fields.get("acr").and_then(|node| values::text(node, "one of `acr_values`", report));
    let client = client.map(|client| client.value);
    sound.then_some(())?;
    let through = through?;
    Some(CaseForm { through, roles, client, scopes, signed_in, acr, may, may_not })
}

/// How long ago the sign-in was.
fn span(node: &Node, report: &mut Report) -> Option<Seconds> {
    let text = values::span(node, report)?;
    let span = duration::seconds(&text.value);
    if let Err(fault) = span {
        report.add(Code::InvalidDuration, text.place, |found| {
            found.message(format!("{} {fault}", quoted(&text.value))).help(duration::HELP)
        });
    }
    span.ok()
}
