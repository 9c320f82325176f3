//! `endpoints`. In: which limit each kind of endpoint names. Out: the same with ids; a limit that
//! guards nothing where it stands is an error, and so is one that opens when its store is down.

use super::limits::limit_id;
use crate::{
    code::Code,
    document::{At, Document, EndpointForm, LimitForm, SchemeForm},
    name,
    policy::Contents,
    report::Report,
    settings::{EndpointKind, EndpointLimit, LimitKey, LimitOnStoreDown},
    source::quoted,
};

/// The limits of the endpoints, in the order of [`EndpointKind::ALL`].
pub(super) fn endpoints(
    document: &Document,
    contents: &Contents,
    report: &mut Report,
) -> Vec<EndpointLimit> {
    let mut limits = Vec::with_capacity(document.endpoints.entries.len());
    let mut open: Vec<&str> = Vec::new();
    for entry in &document.endpoints.entries {
        let Some((word, limit)) = named(entry, contents, report) else { continue };
        limits.push(limit);
        let declared = document.limits.iter().find(|limit| limit.name.value == word.value);
        let Some(form) = declared.map(|limit| &limit.form) else { continue };
        if !open.contains(&word.value.as_str()) && fails_open(entry.kind, word, form, report) {
            open.push(&word.value);
        }
        refuse_uncounted(entry.kind, word, form, report);
        advise_per_account(entry.kind, word, form, report);
    }
    limits
}

/// Reports what strangers may call without a limit, in a policy by which people sign in with
/// passwords (RL6). One that only verifies tokens has no such endpoints.
pub(super) fn refuse_unguarded(document: &Document, report: &mut Report) {
    let Some(passwords) = document.passwords.place else { return };
    let renews = document.schemes.iter().any(|entry| matches!(entry.form, SchemeForm::Jwt(_)));
    let guarded = |kind| document.endpoints.entries.iter().any(|entry| entry.kind == kind);
    let needed = [EndpointKind::Login, EndpointKind::Register, EndpointKind::Reset];
    let needed = needed.into_iter().chain(renews.then_some(EndpointKind::Refresh));
    let open: Vec<&str> = needed.filter(|kind| !guarded(*kind)).map(EndpointKind::as_str).collect();
    let Some(first) = open.first() else { return };
    report.add(
        Code::EndpointWithoutLimit,
        document.endpoints.place.unwrap_or(passwords),
        |found| {
            let found = found
                .message(format!(
                    "nothing limits how often strangers call {}",
                    name::listed(open.iter().copied())
                ))
                .help(format!(
                    "name one of `limits` for each: `endpoints: {{ {first}: {{ limit: .. }} }}`"
                ));
            match document.endpoints.place {
                Some(_) => found.other(passwords, "people sign in with passwords here"),
                None => found,
            }
        },
    );
}

fn named<'d>(
    entry: &'d EndpointForm,
    contents: &Contents,
    report: &mut Report,
) -> Option<(&'d At<String>, EndpointLimit)> {
    let word = entry.limit.as_ref()?;
    let limit = limit_id(word, contents, report)?;
    Some((word, EndpointLimit { kind: entry.kind, limit }))
}

/// SECURITY: whoever can take the store of a limit down would otherwise guess without end.
fn fails_open(
    kind: EndpointKind,
    word: &At<String>,
    form: &LimitForm,
    report: &mut Report,
) -> bool {
    let allow = form.on_store_down.filter(|action| action.value == LimitOnStoreDown::Allow);
    if let Some(allow) = allow {
        report.add(Code::LimitFailsOpen, allow.place, |found| {
            found
                .message(format!(
                    "the limit {} guards `{}`, and would let everything pass while its store is down",
                    quoted(&word.value),
                    kind.as_str()
                ))
                .other(word.place, "used here")
                .help("write `refuse`, or guard that with a limit of its own")
        });
    }
    allow.is_some()
}

/// What callers of such an endpoint have is counted; what they do not have would put all of them
/// into one bucket, which anybody can fill for everybody.
fn refuse_uncounted(kind: EndpointKind, word: &At<String>, form: &LimitForm, report: &mut Report) {
    let Some(by) = form.by.as_ref().filter(|by| !by.value.is_empty()) else { return };
    let bucket_has = |key| by.value.iter().any(|bucket| bucket.contains(&key));
    let credential = bucket_has(LimitKey::Credential);
    let caller = bucket_has(LimitKey::Address) || bucket_has(LimitKey::Account);
    let (fault, help) = if credential && !kind.brings_credential() {
        ("counts by `credential`, which is still to be had at", "count by `address` and `account`")
    } else if !caller && !credential {
        ("counts everybody together at", "count by `address` or `account` as well")
    } else {
        return;
    };
    report.add(Code::LimitCountsNothing, word.place, |found| {
        found
            .message(format!("the limit {} {fault} `{}`", quoted(&word.value), kind.as_str()))
            .other(by.place, "counted here")
            .help(help)
    });
}

fn advise_per_account(
    kind: EndpointKind,
    word: &At<String>,
    form: &LimitForm,
    report: &mut Report,
) {
    let Some(by) = form.by.as_ref().filter(|by| !by.value.is_empty()) else { return };
    let account_alone = |bucket: &Vec<LimitKey>| {
        bucket.contains(&LimitKey::Account) && !bucket.contains(&LimitKey::Address)
    };
    if kind == EndpointKind::Login && !by.value.iter().any(account_alone) {
        report.add(Code::LimitNotPerAccount, by.place, |found| {
            found
                .message("whoever has many addresses can guess at one account without end")
                .other(word.place, "used here")
                .help("count by `account` too: `by: [address, account]`")
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::read, *};
    use crate::{document::Document, source::Source, yaml};

    const LIMITS: &str = "limits:
  login: { rate: 5/minute, by: [address, account] }
  key: { rate: 5/minute, by: credential, on_store_down: allow }
";

    fn told(sections: &str) -> Vec<Code> {
        read(&format!("{LIMITS}{sections}")).1
    }

    /// What RL6 says of a policy, whether or not this release enforces limits.
    fn unguarded(sections: &str) -> Vec<String> {
        let text = format!("version: 1\n{sections}");
        let source = Source::new("p.yaml", text.into());
        let mut report = Report::default();
        let tree = yaml::read(&source, &mut report).unwrap_or_else(|| unreachable!());
        let document = Document::read(&tree, &mut Report::default());
        refuse_unguarded(&document, &mut report);
        let found = report.finish(&source);
        assert!(found.iter().all(|found| found.code == Code::EndpointWithoutLimit));
        found.into_iter().map(|found| format!("{}: {}", found.place.line, found.message)).collect()
    }

    #[test]
    fn rl6_endpoints_have_the_limits_that_they_name() {
        let (contents, found) = read(&format!(
            "{LIMITS}endpoints: {{ token: {{ limit: login }}, login: {{ limit: login }} }}\n"
        ));
        let limit = contents.limit_id("login").unwrap_or_else(|| unreachable!());
        let entry = |kind| EndpointLimit { kind, limit };
        assert_eq!(contents.endpoints, [entry(EndpointKind::Login), entry(EndpointKind::Token)]);
        assert_eq!(found, []);
        assert_eq!(told("endpoints: { login: { limit: logn } }"), [Code::UndeclaredLimit]);
        assert_eq!(told("endpoints: { login: {} }"), [Code::MissingKey]);
        assert_eq!(told("endpoints: { log_in: { limit: login } }"), [Code::UnknownKey]);
    }

    #[test]
    fn rl6_a_limit_of_an_endpoint_stays_closed_while_its_store_is_down() {
        let open = "  open: { rate: 5/minute, by: [address, account], on_store_down: allow }\n";
        assert_eq!(told(open), []);
        for kind in EndpointKind::ALL {
            let guard = format!("{open}endpoints: {{ {}: {{ limit: open }} }}", kind.as_str());
            assert_eq!(told(&guard), [Code::LimitFailsOpen], "{guard}");
        }
        let twice = "endpoints: { login: { limit: open }, reset: { limit: open } }";
        assert_eq!(told(&format!("{open}{twice}")), [Code::LimitFailsOpen]);
        let closed = open.replace("allow", "refuse");
        assert_eq!(told(&format!("{closed}{twice}")), []);
    }

    #[test]
    fn rl6_a_limit_counts_by_what_callers_have() {
        let counted = |by: &str, kind: &str| {
            told(&format!(
                "  x: {{ rate: 5/minute, by: {by} }}\nendpoints: {{ {kind}: {{ limit: x }} }}"
            ))
        };
        let nothing = [Code::LimitCountsNothing];
        for kind in ["register", "reset", "refresh", "token"] {
            assert_eq!(counted("address", kind), [], "{kind}");
            assert_eq!(counted("account", kind), [], "{kind}");
            assert_eq!(counted("route", kind), nothing, "{kind}");
        }
        for kind in ["refresh", "token"] {
            assert_eq!(counted("credential", kind), [], "{kind}");
        }
        for kind in ["register", "reset"] {
            assert_eq!(counted("[address, credential]", kind), nothing, "{kind}");
        }
    }

    #[test]
    fn p8_sign_in_is_counted_for_each_account_by_itself() {
        let login = |by: &str| {
            told(&format!(
                "  x: {{ rate: 5/minute, by: {by} }}\nendpoints: {{ login: {{ limit: x }} }}"
            ))
        };
        for by in ["account", "[address, account]", "account+route"] {
            assert_eq!(login(by), [], "{by}");
        }
        for by in ["address", "address+account", "[address, address+account]"] {
            assert_eq!(login(by), [Code::LimitNotPerAccount], "{by}");
        }
    }

    #[test]
    fn rl6_whoever_has_passwords_limits_who_tries_them() {
        let session = "schemes: { session: { idle: 1m, lifetime: 1h } }\n";
        assert_eq!(unguarded(session), Vec::<String>::new());
        assert_eq!(unguarded("endpoints: {}\n"), Vec::<String>::new());
        let begin = "nothing limits how often strangers call";
        assert_eq!(
            unguarded(&format!("{session}passwords: {{}}\n")),
            [format!("3: {begin} `login`, `register`, `reset`")]
        );
        let jwt = "schemes: { jwt: {} }\npasswords: {}\nendpoints: { login: { limit: a }, reset: { limit: a } }\n";
        assert_eq!(unguarded(jwt), [format!("4: {begin} `register`, `refresh`")]);
        let whole = "passwords: {}\nendpoints: { login: { limit: a }, reset: { limit: a }, register: { limit: a } }\n";
        assert_eq!(unguarded(whole), Vec::<String>::new());
    }
}
