//! The check. In: a [`Source`]. Out: a [`Policy`] and everything there is to say about the file.
//!
//! Each part of the document is checked in its own file; what a part cannot know because another
//! part is wrong is left unsaid, so that one mistake reads as one.

#[cfg(feature = "tools")]
use crate::code::Code;
use crate::{
    diagnostic::Diagnostic,
    document::{At, Document},
    policy::{Contents, Invariant, Policy, ScopeId},
    report::Report,
    source::Source,
    yaml,
};

mod absent;
mod access;
mod acr;
mod advice;
mod browsers;
mod closure;
mod cors;
mod csp;
mod endpoints;
mod grants;
mod headers;
mod invariants;
mod issuers;
mod jwt;
mod lifetimes;
mod limits;
mod network;
mod oauth;
mod origins;
mod providers;
mod rules;
mod schemes;

/// What [`check`] made of a file.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The policy, if none of the findings is an error.
    pub policy: Option<Policy>,
    /// All findings, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a policy and says everything that is wrong with it, at once.
///
/// # Example
///
/// ```
/// use auth_policy::{Source, check};
///
/// let text = "
/// version: 1
/// scopes: { read:posts: Read posts }
/// roles: { reader: { grants: [read:post] } }
/// schemes: { session: { idle: 30m, lifetime: 24h } }
/// ";
/// let source = Source::new("policies/blog.yaml", text.into());
/// let checked = check(&source);
/// assert!(checked.policy.is_none());
/// assert_eq!(checked.diagnostics[0].help.as_deref(), Some("did you mean `read:posts`?"));
/// ```
pub fn check(source: &Source) -> Checked {
    let mut report = Report::default();
    let contents = read(source, &mut report);
    let refused = report.errors() > 0;
    let policy = contents.filter(|_| !refused).map(Policy::new);
    Checked { policy, diagnostics: report.finish(source) }
}

/// The same of a policy that is compared and not enforced: a statement under `never` or `always` that
/// does not hold is told, and withholds nothing.
#[cfg(feature = "tools")]
pub(crate) fn check_to_compare(source: &Source) -> Checked {
    let mut report = Report::default();
    let contents = read(source, &mut report);
    let errors = report.errors();
    let diagnostics = report.finish(source);
    let broken = diagnostics.iter().filter(|found| found.code == Code::InvariantBroken);
    // Findings beyond the most that are told count as other errors.
    let sound = broken.count() == errors;
    let policy = contents.filter(|_| sound).map(Policy::new);
    Checked { policy, diagnostics }
}

/// What the file says, as far as it can be made out.
fn read(source: &Source, report: &mut Report) -> Option<Contents> {
    let tree = yaml::read(source, report)?;
    let document = Document::read(&tree, report);
    Some(contents(source, &document, report))
}

/// The parts in the order they build on one another.
pub(crate) fn contents(source: &Source, document: &Document, report: &mut Report) -> Contents {
    let before = report.errors();
    let mut contents = Contents { path: source.path().to_owned(), ..Contents::default() };
    contents.scopes = access::scopes(document);
    let origins = access::roles(document, &mut contents, report);
    let roles_wrong = document.access_incomplete || report.errors() > before;
    contents.limits = limits::limits(document);
    contents.acr_values = acr::acr_values(&document.acr_values, report);
    contents.endpoints = endpoints::endpoints(document, &contents, report);
    endpoints::refuse_unguarded(document, report);
    contents.passwords = limits::passwords(&document.passwords, report);
    contents.csrf = browsers::csrf(&document.csrf, report);
    contents.network = network::network(&document.network, report);
    contents.oauth = oauth::oauth(document, report);
    contents.headers = headers::headers(&document.headers, report);
    contents.cors = document.cors.as_ref().map(|form| cors::cors(form, report));
    let (schemes, ceilings_wrong) = schemes::schemes(document, &contents, report);
    contents.schemes = schemes;
    contents.providers = providers::providers(document, report);
    let doubtful = roles_wrong || ceilings_wrong;
    let before = report.errors();
    contents.rules = rules::rules(document, &contents, doubtful, report);
    let rules_wrong = report.errors() > before;
    contents.invariants =
        invariants::invariants(document, &contents, &origins, roles_wrong, report);
    if !doubtful && !rules_wrong {
        advice::advice(&contents, report);
    }
    contents
}

/// What each word of a list of grants stands for.
pub(crate) fn granted(words: &[At<String>], contents: &Contents) -> Vec<Vec<ScopeId>> {
    let mut grants = grants::Grants::new(contents);
    let mut report = Report::default();
    let expand = |word| grants.expand(std::slice::from_ref(word), &mut report);
    let expanded = words.iter().map(expand);
    expanded.map(|scopes| scopes.into_iter().map(|(id, _)| id).collect()).collect()
}

/// Whether the check would refuse the policy for what its roles come to: for a statement under `never`
/// or `always` about scopes, or for a rule that nobody can meet any more. `contents` are those of the
/// document but for their roles.
pub(crate) fn refuses_roles(document: &Document, contents: &Contents) -> bool {
    let mut report = Report::default();
    rules::rules(document, contents, false, &mut report);
    let holds = |entry: &Invariant| {
        let role = contents.roles.get(entry.role.0 as usize);
        let reaches = |scope| role.is_some_and(|it| it.all_grants.binary_search(scope).is_ok());
        entry.scopes.iter().all(|scope| reaches(scope) == entry.holds)
    };
    report.errors() > 0 || !contents.invariants.iter().all(holds)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::code::Code;

    /// What a policy with these sections says, and what is found in it.
    pub(crate) fn read(sections: &str) -> (Contents, Vec<Code>) {
        let head = "version: 1\nschemes: { session: { idle: 1m, lifetime: 1h } }\n";
        let source = Source::new("p.yaml", format!("{head}{sections}").into());
        let mut report = Report::default();
        let contents = super::read(&source, &mut report).unwrap_or_default();
        let found = report.finish(&source).into_iter().map(|found| found.code);
        (contents, found.collect())
    }
}
