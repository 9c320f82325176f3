//! Counts a policy may not exceed, each at its edge.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use auth_policy::{Code, Source, check, policy::MAX_SCHEMES};

fn with_issuers(count: usize) -> Source {
    let issuer = |n| {
        format!(
            "  i{n}: {{ issuer: \"https://{n}.example\", audience: a, may_grant: [], roles: {{}} }}\n"
        )
    };
    let issuers: String = (0..count).map(issuer).collect();
    let head = "version: 1\nschemes: { session: { idle: 1m, lifetime: 2m } }\nissuers:\n";
    Source::new("p.yaml", format!("{head}{issuers}").into())
}

#[test]
fn as_many_schemes_as_fit_in_a_word_are_accepted() {
    let policy = check(&with_issuers(MAX_SCHEMES - 1)).policy.unwrap();
    assert_eq!(policy.schemes().len(), MAX_SCHEMES);
}

#[test]
fn one_scheme_more_is_refused_at_its_entry() {
    let checked = check(&with_issuers(MAX_SCHEMES));
    let [found] = &checked.diagnostics[..] else { unreachable!("{:?}", checked.diagnostics) };
    assert_eq!(found.code, Code::TooManySchemes);
    assert_eq!(found.place.line as usize, 3 + MAX_SCHEMES);
}
