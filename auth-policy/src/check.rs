//! The check. In: a [`Source`]. Out: a [`Policy`] and everything there is to say about the file.
//!
//! Each part of the document is checked in its own file; what a part cannot know because another
//! part is wrong is left unsaid, so that one mistake reads as one.

use crate::{
    diagnostic::Diagnostic,
    document::Document,
    policy::{Contents, Policy},
    report::Report,
    source::Source,
    yaml,
};

mod access;
mod advice;
mod bits;
mod browsers;
mod closure;
mod grants;
mod invariants;
mod issuers;
mod jwt;
mod limits;
mod origins;
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
    let contents = yaml::read(source, &mut report).map(|tree| {
        let document = Document::read(&tree, &mut report);
        contents(source, &document, &mut report)
    });
    let refused = report.errors() > 0;
    let policy = contents.filter(|_| !refused).map(Policy::new);
    Checked { policy, diagnostics: report.finish(source) }
}

/// The parts in the order they build on one another.
fn contents(source: &Source, document: &Document, report: &mut Report) -> Contents {
    let before = report.errors();
    let mut contents = Contents { path: source.path().to_owned(), ..Contents::default() };
    contents.scopes = access::scopes(document);
    let origins = access::roles(document, &mut contents, report);
    let roles_wrong = document.access_incomplete || report.errors() > before;
    contents.limits = limits::limits(document);
    contents.passwords = limits::passwords(&document.passwords, report);
    contents.csrf = browsers::csrf(&document.csrf, report);
    let (schemes, ceilings_wrong) = schemes::schemes(document, &contents, report);
    contents.schemes = schemes;
    contents.providers = schemes::providers(document);
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
