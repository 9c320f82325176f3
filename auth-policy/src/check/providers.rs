//! `providers`. In: the forms. Out: providers with every default set, no two of whom vouch for the
//! same people.

use std::collections::HashMap;

use super::absent::{nowhere, text};
use crate::{
    code::Code,
    document::{At, Document, Entry, OAuthProviderForm, ProviderForm, SchemeForm},
    report::Report,
    settings::{
        ClientId, EndpointKind, OAuthProvider, Place, Provider, ProviderKind, SignInResult,
        is_local_path,
    },
    source::quoted,
};

/// What an OpenID provider is asked for, unless the policy says otherwise.
const USUAL_SCOPES: [&str; 3] = ["openid", "profile", "email"];

/// Where a sign-in leads, unless the policy says otherwise.
const START: &str = "/";

/// The providers, sorted by name.
pub(super) fn providers(document: &Document, report: &mut Report) -> Vec<Provider> {
    let mut providers = Vec::with_capacity(document.providers.len());
    for entry in &document.providers {
        refuse_name(&entry.name, report);
        refuse_without_scheme(document, entry, report);
        providers.push(provider(entry, report));
    }
    refuse_second_identity(&document.providers, report);
    refuse_without_limit(document, report);
    providers.sort_by(|a, b| a.name.cmp(&b.name));
    providers
}

fn provider(entry: &Entry<ProviderForm>, report: &mut Report) -> Provider {
    let form = &entry.form;
    let kind = match &form.own {
        Some(own) => ProviderKind::OAuth(Box::new(own_endpoints(own))),
        None => ProviderKind::OpenId { issuer: text(form.issuer.as_ref()) },
    };
    Provider {
        name: entry.name.value.clone(),
        scopes: scopes(form, report),
        result: result(&entry.form),
        after: after(&form.after, report),
        on_failure: form
            .on_failure
            .as_ref()
            .map_or_else(|| START.to_owned(), |word| local_path(word, report)),
        new_accounts: form.new_accounts,
        kind,
        client_id: form.client_id.clone().unwrap_or(ClientId::Literal(String::new())),
        client_secret: form.client_secret.clone().unwrap_or_else(nowhere),
        place: entry.name.place,
    }
}

/// INVARIANT: as for [`text`], here and in the form itself.
fn own_endpoints(form: &OAuthProviderForm) -> OAuthProvider {
    let url = |url: &Option<String>| url.clone().unwrap_or_default();
    OAuthProvider {
        identity: text(form.identity.as_ref()),
        authorization_endpoint: url(&form.authorization_endpoint),
        token_endpoint: url(&form.token_endpoint),
        userinfo_endpoint: url(&form.userinfo_endpoint),
        client_auth: form.client_auth,
        profile: form.profile.clone().unwrap_or_default(),
    }
}

/// The name is a segment of the address that the provider sends browsers back to, and so what keeps
/// the answers of two providers apart (RFC 9700, section 4.4).
fn refuse_name(name: &At<String>, report: &mut Report) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.value.bytes().all(plain) {
        return;
    }
    report.add(Code::InvalidName, name.place, |found| {
        found
            .message(format!("{} cannot stand in `/login/{{provider}}`", quoted(&name.value)))
            .help("use `a-z`, `0-9`, `-` and `_`")
    });
}

fn result(form: &ProviderForm) -> SignInResult {
    form.result.map(|word| word.value).unwrap_or_default()
}

/// A sign-in ends with a credential, of a scheme that there is.
fn refuse_without_scheme(document: &Document, entry: &Entry<ProviderForm>, report: &mut Report) {
    let is_result = |scheme: &Entry<SchemeForm>| match (&scheme.form, result(&entry.form)) {
        (SchemeForm::Session(_), SignInResult::Session) => true,
        (SchemeForm::Jwt(jwt), SignInResult::Tokens) => jwt.cookies.is_some(),
        _ => false,
    };
    if document.schemes.iter().any(is_result) {
        return;
    }
    let (lacks, help) = match result(&entry.form) {
        SignInResult::Session => (
            "a session, and `schemes` declares none",
            "add `schemes.session`; or, for tokens in cookies, write `result: tokens`",
        ),
        SignInResult::Tokens => (
            "tokens in cookies, and `schemes.jwt` has no `cookies`",
            "add `cookies: {}` to `schemes.jwt`, or write `result: session`",
        ),
    };
    let place = entry.form.result.map_or(entry.name.place, |word| word.place);
    report.add(Code::MissingKey, place, |found| {
        let name = quoted(&entry.name.value);
        found.message(format!("a sign-in with {name} ends with {lacks}")).help(help)
    });
}

/// SECURITY: whoever sets out has a record written, and whoever comes back has a provider asked.
fn refuse_without_limit(document: &Document, report: &mut Report) {
    let Some(first) = document.providers.first() else { return };
    if document.endpoints.entries.iter().any(|entry| entry.kind == EndpointKind::Provider) {
        return;
    }
    let place = document.endpoints.place.unwrap_or(first.name.place);
    report.add(Code::EndpointWithoutLimit, place, |found| {
        let found = found
            .message("nothing limits how often strangers set out for a provider")
            .help("name one of `limits`: `endpoints: { provider: { limit: .. } }`");
        match document.endpoints.place {
            Some(_) => found.other(first.name.place, "people sign in with providers here"),
            None => found,
        }
    });
}

/// SECURITY: an account belongs to an identity and a subject. Of two providers that share the first,
/// one could name the people of the other.
fn refuse_second_identity(providers: &[Entry<ProviderForm>], report: &mut Report) {
    let mut issuers: HashMap<&str, Place> = HashMap::new();
    let known = providers.iter().filter_map(|entry| entry.form.issuer.as_ref());
    issuers.extend(known.map(|issuer| (issuer.value.as_str(), issuer.place)));
    for identity in providers.iter().filter_map(|entry| entry.form.own.as_ref()?.identity.as_ref())
    {
        let Some(first) = issuers.insert(&identity.value, identity.place) else { continue };
        report.add(Code::DuplicateIssuer, identity.place, |found| {
            found
                .message(format!("{} stands for the people of two providers", quoted(&identity.value)))
                .other(first, "first here")
                .help("give each an identity of its own: whoever one of them names would have the other's accounts")
        });
    }
}

fn scopes(form: &ProviderForm, report: &mut Report) -> Vec<String> {
    let open_id = form.own.is_none();
    let Some(words) = &form.scopes else {
        let usual = USUAL_SCOPES.iter().filter(|_| open_id);
        return usual.map(|scope| (*scope).to_owned()).collect();
    };
    refuse_twice("scope", words, report);
    for word in words {
        // RFC 6749, section 3.3.
        if word.value.contains(|c: char| !c.is_ascii_graphic() || c == '"' || c == '\\') {
            report.add(Code::InvalidName, word.place, |found| {
                found
                    .message(format!("{} cannot be a scope", quoted(&word.value)))
                    .help("write one scope as the provider's documentation does, without blanks and quotes")
            });
        }
    }
    if open_id && !words.iter().any(|word| word.value == "openid") {
        refuse_without_openid(form.scopes_place, report);
    }
    words.iter().map(|word| word.value.clone()).collect()
}

/// The pages that a sign-in may lead to.
fn after(words: &[At<String>], report: &mut Report) -> Vec<String> {
    refuse_twice("path", words, report);
    let mut paths: Vec<_> = words.iter().map(|word| local_path(word, report)).collect();
    if paths.is_empty() {
        paths.push(START.to_owned());
    }
    paths
}

/// SECURITY: a browser that has just signed in is never sent to another site, however its address is
/// written (OC9).
fn local_path(word: &At<String>, report: &mut Report) -> String {
    if !is_local_path(&word.value) {
        report.add(Code::InvalidPath, word.place, |found| {
            found
                .message(format!(
                    "a sign-in cannot lead to {}, which is no plain path of this service",
                    quoted(&word.value)
                ))
                .help("write a path such as `/account`, of letters, digits and `-_.~` between single slashes")
        });
    }
    word.value.clone()
}

fn refuse_twice(what: &str, words: &[At<String>], report: &mut Report) {
    for (index, word) in words.iter().enumerate() {
        let first = words.iter().take(index).find(|first| first.value == word.value);
        let Some(first) = first else { continue };
        report.add(Code::NamedTwice, word.place, |found| {
            found
                .message(format!("the {what} {} is named twice", quoted(&word.value)))
                .other(first.place, "first here")
                .help("remove one of them")
        });
    }
}

fn refuse_without_openid(place: Place, report: &mut Report) {
    report.add(Code::NoOpenidScope, place, |found| {
        found
            .message("without the scope `openid`, the provider does not say who somebody is")
            .help("add `openid`, or leave `scopes` out for `[openid, profile, email]`")
    });
}
