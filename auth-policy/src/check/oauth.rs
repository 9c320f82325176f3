//! `oauth`. In: its form. Out: its settings; a server without tokens of its own, or without a
//! limit, is an error.

use crate::{
    code::Code,
    document::{At, Document, OAuthForm},
    report::Report,
    settings::{EndpointKind, GrantType, OAuth},
};

pub(super) fn oauth(document: &Document, report: &mut Report) -> Option<OAuth> {
    let form = document.oauth.as_ref()?;
    refuse_without_tokens(document, form, report);
    refuse_without_limit(document, form, report);
    Some(OAuth { grants: grants(form, report) })
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
    fn ot5_what_is_not_to_be_had_cannot_be_written() {
        for grant in ["implicit", "password", "authorization_code", "token", "Refresh_Token"] {
            assert_eq!(found(&format!("{{ grants: [{grant}] }}")), [Code::UnknownValue], "{grant}");
        }
        assert_eq!(found("{ grants: [] }"), [Code::EmptyValue]);
        assert_eq!(found("{ grants: [refresh_token, refresh_token] }"), [Code::NamedTwice]);
    }

    #[test]
    fn what_is_offered_is_a_value_and_no_part_of_the_structure() {
        let with = |oauth: &str| read(&format!("{AROUND}{oauth}")).0;
        let before = with("oauth: { grants: [refresh_token] }\n");
        for after in ["", "oauth: { grants: [client_credentials] }\n"] {
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
