//! Foreign issuers. In: the forms under `issuers`. Out: schemes of their own, each with a ceiling.

use std::collections::HashMap;

use super::{
    absent::text,
    grants::{Ceilings, undeclared},
    jwt::{algorithms, leeway},
};
use crate::{
    code::Code,
    document::{At, Document, Entry, IssuerForm, SchemeForm},
    policy::{Contents, RoleId, Scheme, SchemeKind},
    report::Report,
    settings::{Algorithm, ForeignIssuer, Place},
    source::quoted,
    undeclared::Kind,
};

/// What a foreign issuer may sign with unless the policy says otherwise.
const ASYMMETRIC: [Algorithm; 4] =
    [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];

/// The issuers as schemes.
pub(super) fn issuers(
    document: &Document,
    contents: &Contents,
    ceilings: &mut Ceilings<'_>,
    report: &mut Report,
) -> Vec<Scheme> {
    let mut urls: HashMap<&str, Place> = own_issuer(document).into_iter().collect();
    let mut schemes = Vec::with_capacity(document.issuers.len());
    for entry in &document.issuers {
        refuse_clash(document, &entry.name, report);
        if let Some(url) = &entry.form.issuer {
            refuse_second(&mut urls, url, report);
        }
        schemes.push(scheme(entry, contents, ceilings, report));
    }
    schemes
}

fn own_issuer(document: &Document) -> Option<(&str, Place)> {
    document.schemes.iter().find_map(|entry| match &entry.form {
        SchemeForm::Jwt(form) => form.issuer.as_ref().map(|url| (url.value.as_str(), url.place)),
        _ => None,
    })
}

fn refuse_clash(document: &Document, name: &At<String>, report: &mut Report) {
    if !matches!(name.value.as_str(), "jwt" | "api_key" | "session") {
        return;
    }
    report.add(Code::NameClash, name.place, |found| {
        let found = found
            .message(format!(
                "{} is the name of a scheme, and handlers name issuers like schemes",
                quoted(&name.value)
            ))
            .help("give the issuer another name");
        let scheme = document.schemes.iter().find(|entry| entry.name.value == name.value);
        match scheme {
            Some(scheme) => found.other(scheme.name.place, "the scheme"),
            None => found,
        }
    });
}

fn refuse_second<'d>(urls: &mut HashMap<&'d str, Place>, url: &'d At<String>, report: &mut Report) {
    let Some(first) = urls.insert(&url.value, url.place) else { return };
    report.add(Code::DuplicateIssuer, url.place, |found| {
        found
            .message(format!("the issuer {} is declared twice", quoted(&url.value)))
            .other(first, "first here")
            .help("a token names its issuer, which has to lead to one entry: merge the two")
    });
}

fn scheme(
    entry: &Entry<IssuerForm>,
    contents: &Contents,
    ceilings: &mut Ceilings<'_>,
    report: &mut Report,
) -> Scheme {
    let form = &entry.form;
    let claim = |word: &Option<At<String>>, default: &str| {
        word.as_ref().map_or_else(|| default.to_owned(), |word| word.value.clone())
    };
    let issuer = ForeignIssuer {
        issuer: text(form.issuer.as_ref()),
        audience: text(form.audience.as_ref()),
        algorithms: signing(&form.algorithms, report),
        keys: form.keys.clone(),
        scope_claim: claim(&form.scope_claim, "scope"),
        role_claim: claim(&form.role_claim, "roles"),
        may_grant: ceilings.scopes(&form.may_grant, report),
        roles: roles(&form.roles, contents, report),
        token_type: form.token_type.map(|word| word.value).unwrap_or_default(),
        leeway: leeway(form.leeway, report),
    };
    let kind = SchemeKind::Issuer(issuer);
    Scheme { name: entry.name.value.clone(), kind, place: entry.name.place }
}

fn signing(words: &[At<Algorithm>], report: &mut Report) -> Vec<Algorithm> {
    if words.is_empty() {
        return ASYMMETRIC.to_vec();
    }
    if let Some(word) = words.iter().find(|word| word.value.is_symmetric()) {
        report.add(Code::SymmetricForeignIssuer, word.place, |found| {
            found
                .message("with `HS256`, this service could make tokens in the name of the issuer")
                .help("name the asymmetric algorithm it signs with, such as `RS256`")
        });
        return Vec::new();
    }
    algorithms(words, report)
}

/// The table from their roles to ours, sorted by their names.
fn roles(
    table: &[(At<String>, At<String>)],
    contents: &Contents,
    report: &mut Report,
) -> Vec<(String, RoleId)> {
    let mut roles = Vec::with_capacity(table.len());
    for (theirs, ours) in table {
        match contents.role_id(&ours.value) {
            Some(id) => roles.push((theirs.value.clone(), id)),
            None => undeclared(Kind::Role, ours, contents, report),
        }
    }
    roles.sort();
    roles
}
