//! `cors`. In: its form. Out: its settings: exact origins, and names that can stand in a header.

use super::origins::origins;
use crate::{
    code::Code,
    document::{At, CorsForm},
    report::Report,
    settings::{Cors, CorsMethod, Seconds},
    source::quoted,
};

const DEFAULT_MAX_AGE: Seconds = Seconds(600);
/// What the most patient browser heeds.
const LONGEST_MAX_AGE: Seconds = Seconds(86_400);
const METHODS: [CorsMethod; 3] = [CorsMethod::Get, CorsMethod::Head, CorsMethod::Post];
const HEADERS: [&str; 3] = ["authorization", "content-type", "x-csrf-token"];
/// Response headers that browsers show to no script.
const NEVER_SHOWN: &[&str] = &["set-cookie", "set-cookie2"];

pub(super) fn cors(form: &CorsForm, report: &mut Report) -> Cors {
    let default = || HEADERS.map(str::to_owned).to_vec();
    Cors {
        origins: origins(&form.origins, report),
        methods: form.methods.as_ref().map_or(METHODS.to_vec(), |list| methods(list, report)),
        headers: form.headers.as_ref().map_or_else(default, |list| names(list, &[], report)),
        expose: names(&form.expose, NEVER_SHOWN, report),
        credentials: form.credentials,
        max_age: max_age(form.max_age, report),
    }
}

fn methods(list: &[At<CorsMethod>], report: &mut Report) -> Vec<CorsMethod> {
    let mut methods = Vec::with_capacity(list.len().min(CorsMethod::ALL.len()));
    for method in list {
        if methods.contains(&method.value) {
            refuse_twice(method.value.as_str(), method, report);
        } else {
            methods.push(method.value);
        }
    }
    methods.sort_unstable();
    methods
}

/// Names of headers in lower case, sorted.
fn names(list: &[At<String>], never: &[&str], report: &mut Report) -> Vec<String> {
    let mut names: Vec<At<String>> = Vec::with_capacity(list.len());
    for word in list {
        if let Some(fault) = name_fault(&word.value, never) {
            refuse(word, fault, report);
        }
        names.push(At { value: word.value.to_ascii_lowercase(), place: word.place });
    }
    names.sort_by(|a, b| a.value.cmp(&b.value));
    for pair in names.windows(2) {
        if let [first, second] = pair
            && first.value == second.value
        {
            refuse_twice(&second.value, second, report);
        }
    }
    names.into_iter().map(|name| name.value).collect()
}

fn name_fault(name: &str, never: &[&str]) -> Option<&'static str> {
    let odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if name == "*" {
        Some("it would stand for headers that nobody has reviewed")
    } else if name.contains(odd) || name.len() > 64 {
        Some("it is no plain header name")
    } else if never.contains(&name.to_ascii_lowercase().as_str()) {
        Some("browsers show it to no script")
    } else {
        None
    }
}

fn refuse(word: &At<String>, fault: &str, report: &mut Report) {
    report.add(Code::InvalidHeader, word.place, |found| {
        found
            .message(format!("{} cannot stand in a list of headers: {fault}", quoted(&word.value)))
            .help("name headers such as `X-Request-Id`, in letters, digits, `-` and `_`")
    });
}

fn refuse_twice<T>(name: &str, at: &At<T>, report: &mut Report) {
    report.add(Code::NamedTwice, at.place, |found| {
        found.message(format!("{} is named twice", quoted(name))).help("remove one of them")
    });
}

fn max_age(max_age: Option<At<Seconds>>, report: &mut Report) -> Seconds {
    if let Some(max_age) = max_age.filter(|max_age| max_age.value > LONGEST_MAX_AGE) {
        report.add(Code::OutOfRange, max_age.place, |found| {
            found
                .message("`max_age` is longer than `24h`, which no browser heeds")
                .help("write `24h` or less, or leave the key out for `10m`")
        });
    }
    max_age.map_or(DEFAULT_MAX_AGE, |max_age| max_age.value)
}

#[cfg(test)]
mod tests {
    use super::{super::tests::read, *};

    fn told(lines: &str) -> (Option<Cors>, Vec<Code>) {
        let (contents, found) = read(&format!("cors: {{ {lines} }}\n"));
        (contents.cors, found)
    }

    fn with(lines: &str) -> Vec<Code> {
        told(&format!("origins: [https://app.example], {lines}")).1
    }

    #[test]
    fn c6_without_the_section_nobody_else_reads_answers() {
        assert_eq!(read("").0.cors, None);
        assert_eq!(told("").1, [Code::MissingKey]);
        assert_eq!(told("origins: []").1, [Code::EmptyValue]);
    }

    #[test]
    fn c6_what_is_not_said_has_its_default() {
        let (cors, found) = told("origins: [https://b.example, https://a.example]");
        let expected = Cors {
            origins: vec!["https://a.example".to_owned(), "https://b.example".to_owned()],
            methods: vec![CorsMethod::Get, CorsMethod::Head, CorsMethod::Post],
            headers: HEADERS.map(str::to_owned).to_vec(),
            expose: Vec::new(),
            credentials: false,
            max_age: Seconds(600),
        };
        assert_eq!((cors, found), (Some(expected), vec![]));
    }

    #[test]
    fn c6_cors_is_what_the_policy_says() {
        let (cors, found) = told(
            "origins: [https://a.example], methods: [PUT, DELETE], headers: [X-B, x-a], \
             expose: [ETag], credentials: true, max_age: 24h",
        );
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let expected = Cors {
            origins: words(&["https://a.example"]),
            methods: vec![CorsMethod::Delete, CorsMethod::Put],
            headers: words(&["x-a", "x-b"]),
            expose: words(&["etag"]),
            credentials: true,
            max_age: Seconds(86_400),
        };
        assert_eq!((cors, found), (Some(expected), vec![]));
    }

    #[test]
    fn c6_origins_are_exact_with_credentials_and_without() {
        for credentials in ["true", "false"] {
            for word in ["'*'", "'null'", "http://app.example", "https://app.example/"] {
                let found = told(&format!("credentials: {credentials}, origins: [{word}]")).1;
                assert_eq!(found, [Code::InvalidOrigin], "{word}");
            }
        }
        assert_eq!(with("max_age: 25h"), [Code::OutOfRange]);
        assert_eq!(with("max_age: 0s"), []);
    }

    #[test]
    fn names_of_headers_are_plain() {
        for bad in ["'*'", "a b", "'a,b'", "'a:b'", "b\u{fc}cher"] {
            assert_eq!(with(&format!("headers: [{bad}]")), [Code::InvalidHeader], "{bad}");
            assert_eq!(with(&format!("expose: [{bad}]")), [Code::InvalidHeader], "{bad}");
        }
        assert_eq!(with("expose: [Set-Cookie]"), [Code::InvalidHeader]);
        assert_eq!(with("headers: [X-A, x-a]"), [Code::NamedTwice]);
        assert_eq!(with("methods: [GET, GET]"), [Code::NamedTwice]);
        for method in ["get", "TRACE", "CONNECT", "'*'"] {
            assert_eq!(with(&format!("methods: [{method}]")), [Code::UnknownValue], "{method}");
        }
    }
}
