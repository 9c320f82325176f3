//! M15: the page that helps choose. Whatever the policy language knows to show who one is, the page
//! has a policy for, and each of its policies does what it is shown for.

use std::{collections::BTreeSet, fs};

use auth_policy::{Policy, Source, check, policy::SchemeKind, settings::GrantType};

use crate::files::workspace;

fn page() -> String {
    fs::read_to_string(workspace().join("docs/choose.md")).expect("the page")
}

/// What the policy language has for callers to show who they are, in the page's words.
fn ways(policy: &Policy) -> BTreeSet<&'static str> {
    let schemes = policy.schemes().iter().flat_map(|scheme| match &scheme.kind {
        SchemeKind::Jwt(jwt) if jwt.cookies.is_some() => vec!["jwt", "jwt.cookies"],
        SchemeKind::Jwt(_) => vec!["jwt"],
        SchemeKind::ApiKey(_) => vec!["api_key"],
        SchemeKind::Session(_) => vec!["session"],
        SchemeKind::Issuer(_) => vec!["issuers"],
    });
    let grants = policy.oauth().into_iter().flat_map(|oauth| &oauth.grants);
    let providers = (!policy.providers().is_empty()).then_some("providers");
    schemes.chain(grants.map(|grant| grant.as_str())).chain(providers).collect()
}

/// The policies of the page, each with the words that stand above it and the section it is in.
fn policies(page: &str) -> Vec<(String, BTreeSet<&str>, Policy)> {
    let mut found = Vec::new();
    for section in page.split("\n## ").skip(1) {
        let title = section.lines().next().expect("a title");
        for part in section.split("<!-- choose: ").skip(1) {
            let (words, rest) = part.split_once(" -->").expect("a mark");
            let text = rest.strip_prefix("\n```yaml\n").and_then(|rest| rest.split_once("```"));
            let (text, _) = text.unwrap_or_else(|| panic!("{title}: no policy below its mark"));
            let source = Source::new("docs/choose.md", text.as_bytes().to_vec());
            let checked = check(&source);
            let said: Vec<_> = checked.diagnostics.iter().map(|it| it.render(&source)).collect();
            assert!(said.is_empty(), "{title}: {}", said.join("\n"));
            let words = words.split_whitespace().collect();
            found.push((anchor(title), words, checked.policy.expect("it is sound")));
        }
        let shown = section.matches("```yaml").count();
        assert_eq!(
            shown,
            section.matches("<!-- choose: ").count(),
            "{title}: a policy without a mark"
        );
    }
    found
}

/// The anchor of a title, as mdBook and GitHub make it.
fn anchor(title: &str) -> String {
    let plain = title.to_lowercase().replace(' ', "-");
    plain.chars().filter(|letter| letter.is_alphanumeric() || *letter == '-').collect()
}

#[test]
fn m15_every_scheme_and_grant_has_a_client_and_a_policy_for_it() {
    let page = page();
    let policies = policies(&page);
    for (section, words, policy) in &policies {
        assert_eq!(ways(policy), *words, "{section}");
    }
    let shown: BTreeSet<_> = policies.iter().flat_map(|(_, words, _)| words.clone()).collect();
    let known = ["jwt", "jwt.cookies", "api_key", "session", "issuers", "providers"];
    let known: BTreeSet<_> =
        known.into_iter().chain(GrantType::ALL.iter().map(|grant| grant.as_str())).collect();
    assert_eq!(shown, known, "the language has something that the page has no client for");
}

#[test]
fn m15_every_client_of_the_table_leads_to_its_policy() {
    let page = page();
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.contains("](#"));
    let anchors: Vec<_> = rows
        .map(|row| row.split("](#").nth(1).and_then(|rest| rest.split(')').next()).expect("a link"))
        .collect();
    let sections: Vec<_> = policies(&page).into_iter().map(|(section, _, _)| section).collect();
    assert_eq!(anchors, sections, "a row for each section, and the other way around");
    for client in ["web-application", "mobile-or-desktop-app", "third-party", "service-to-service"]
    {
        assert!(anchors.contains(&client), "M15 names {client}");
    }
}
