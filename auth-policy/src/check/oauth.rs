//! `oauth`. In: its form. Out: its settings; a code that lives for long, and a server without
//! tokens of its own, without sessions where people let clients in, or without a limit, are errors.

use crate::{
    code::Code,
    document::{At, Document, OAuthForm},
    report::Report,
    settings::{EndpointKind, GrantType, OAuth, Seconds},
};

pub(super) fn oauth(document: &Document, report: &mut Report) -> Option<OAuth> {
    let form = document.oauth.as_ref()?;
    refuse_without_tokens(document, form, report);
    refuse_without_limit(document, form, report);
    refuse_without_sessions(document, form, report);
    Some(OAuth { grants: grants(form, report), code_ttl: code_ttl(form, report) })
}

fn refuse_without_tokens(document: &Document, form: &OAuthForm, report: &mut Report) {
    if document.schemes.iter().any(|scheme| scheme.name.value == "jwt") {
        return;
    }
    report.add(Code::MissingKey, form.place, |found| {
        found
            .message("`oauth` gives tokens to clients, and `schemes` says of none what it is")
            .help("add `schemes.jwt`, whose issuer and lifetimes its tokens have")
    });
}

fn refuse_without_limit(document: &Document, form: &OAuthForm, report: &mut Report) {
    if document.endpoints.entries.iter().any(|entry| entry.kind == EndpointKind::Token) {
        return;
    }
    report.add(Code::EndpointWithoutLimit, form.place, |found| {
        found
            .message("the endpoints where clients get tokens are held to no limit")
            .help("name one: `endpoints: { token: { limit: .. } }`")
    });
}

/// Whoever lets a client in has to be signed in, as a person at a browser is.
fn refuse_without_sessions(document: &Document, form: &OAuthForm, report: &mut Report) {
    let grant = form.grants.iter().find(|grant| grant.value == GrantType::AuthorizationCode);
    let Some(grant) = grant else { return };
    if document.schemes.iter().any(|scheme| scheme.name.value == "session") {
        return;
    }
    report.add(Code::MissingKey, grant.place, |found| {
        found
            .message(
                "people let clients in where they are signed in, and `schemes` has no sessions",
            )
            .help("add `schemes.session`, or remove `authorization_code`")
    });
}

fn grants(form: &OAuthForm, report: &mut Report) -> Vec<GrantType> {
    if form.incomplete {
        report.add(Code::EmptyValue, form.grants_place, |found| {
            found
                .message("this list of grants is empty, so no client could get a token")
                .help("write `[client_credentials]`, or remove `oauth`")
        });
    }
    let mut grants: Vec<At<GrantType>> = form.grants.clone();
    grants.sort_by_key(|grant| grant.value);
    for pair in grants.windows(2) {
        if let [first, second] = pair
            && first.value == second.value
        {
            report.add(Code::NamedTwice, second.place, |found| {
                found
                    .message(format!("the grant `{}` is named twice", second.value.as_str()))
                    .other(first.place, "first here")
                    .help("remove one of them")
            });
        }
    }
    grants.into_iter().map(|grant| grant.value).collect()
}

fn code_ttl(form: &OAuthForm, report: &mut Report) -> Seconds {
    let Some(ttl) = form.code_ttl else { return OAuth::CODE_TTL };
    if ttl.value > OAuth::LONGEST_CODE_TTL {
        report.add(Code::OutOfRange, ttl.place, |found| {
            found
                .message(format!(
                    "an authorization code that lives for {} s is a password on its way",
                    ttl.value.0
                ))
                .help("leave the key out for `60s`; `10m` is the most")
        });
    }
    ttl.value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Revision, Structure, check::tests::read};

    const AROUND: &str = "limits: { l: { rate: 5/minute, by: address } }
endpoints: { token: { limit: l } }
";

    fn found(oauth: &str) -> Vec<Code> {
        let (_, found) = read(&format!("{AROUND}oauth: {oauth}\n"));
        // Those policies have sessions alone.
        found.into_iter().filter(|code| *code != Code::MissingKey).collect()
    }

    #[test]
    fn ot3_a_code_lives_for_ten_minutes_at_most() {
        let ttl =
            |text: &str| found(&format!("{{ grants: [client_credentials], code_ttl: {text} }}"));
        assert_eq!((ttl("60s"), ttl("600s"), ttl("10m")), (vec![], vec![], vec![]));
        assert_eq!((ttl("601s"), ttl("11m")), (vec![Code::OutOfRange], vec![Code::OutOfRange]));
        assert_eq!(ttl("0s"), [Code::InvalidDuration]);
        let (contents, _) = read(&format!("{AROUND}oauth: {{ grants: [client_credentials] }}\n"));
        assert_eq!(contents.oauth.map(|oauth| oauth.code_ttl), Some(Seconds(60)));
    }

    #[test]
    fn ot4_ot5_what_is_not_to_be_had_cannot_be_written() {
        for grant in ["implicit", "password", "token", "Refresh_Token"] {
            assert_eq!(found(&format!("{{ grants: [{grant}] }}")), [Code::UnknownValue], "{grant}");
        }
        let with = |key: &str| found(&format!("{{ grants: [refresh_token], {key} }}"));
        assert_eq!(with("pkce: plain"), [Code::UnknownKey]);
        assert_eq!(with("code_challenge_methods: [plain]"), [Code::UnknownKey]);
        assert_eq!(found("{ grants: [] }"), [Code::EmptyValue]);
        assert_eq!(found("{ grants: [refresh_token, refresh_token] }"), [Code::NamedTwice]);
    }

    #[test]
    fn what_is_offered_is_a_value_and_no_part_of_the_structure() {
        let with = |oauth: &str| read(&format!("{AROUND}{oauth}")).0;
        let before = with("oauth: { grants: [refresh_token], code_ttl: 50s }\n");
        for after in [
            "",
            "oauth: { grants: [refresh_token] }\n",
            "oauth: { grants: [client_credentials], code_ttl: 50s }\n",
        ] {
            let after = with(after);
            assert_eq!(Structure::of(&before), Structure::of(&after));
            assert_ne!(Revision::of(&before), Revision::of(&after));
        }
    }

    #[test]
    fn a_server_needs_tokens_and_a_limit() {
        let (_, found) = read("oauth: { grants: [client_credentials] }\n");
        assert_eq!(found, [Code::MissingKey, Code::EndpointWithoutLimit]);
    }
}
