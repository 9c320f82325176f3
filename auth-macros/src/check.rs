//! The attribute against the policy. In: the names that were written. Out: a requirement over ids,
//! or one error at each name that is wrong, with the policy's own lines beside it.

use auth_policy::{
    Policy,
    requirement::{Asked, Named, Problem, Requirement, resolve, resolve_identity},
};
use proc_macro2::Span;

use crate::load::Loaded;

/// The requirement of an `#[authenticate(..)]` handler.
pub(crate) fn requirement(asked: &Asked<Span>, loaded: &Loaded) -> syn::Result<Requirement> {
    with_policy(loaded, |policy| resolve(asked, policy))
}

/// The schemes that identify the caller of a `#[public(..)]` handler, and its limit.
pub(crate) fn identity(asked: &Asked<Span>, loaded: &Loaded) -> syn::Result<Requirement> {
    with_policy(loaded, |policy| resolve_identity(asked, policy))
}

/// The index of a named rule.
pub(crate) fn rule_index(rule: Option<&Named<Span>>, policy: &Policy) -> Option<u32> {
    let rule = rule?;
    policy.rules().iter().zip(0u32..).find(|(named, _)| named.name == rule.name).map(|(_, id)| id)
}

fn with_policy<T: Default>(
    loaded: &Loaded,
    resolve: impl FnOnce(&Policy) -> Result<T, Vec<Problem<Span>>>,
) -> syn::Result<T> {
    let Some(policy) = loaded.policy() else { return Ok(T::default()) };
    resolve(policy).map_err(|problems| combine(&problems, loaded))
}

fn combine(problems: &[Problem<Span>], loaded: &Loaded) -> syn::Error {
    let errors = problems.iter().map(|problem| syn::Error::new(problem.at, text(problem, loaded)));
    let combined = errors.reduce(|mut all, error| {
        all.combine(error);
        all
    });
    combined.unwrap_or_else(|| syn::Error::new(Span::call_site(), "this rule cannot be met"))
}

/// What is wrong, what to do, and the lines of the policy that say so.
fn text(problem: &Problem<Span>, loaded: &Loaded) -> String {
    let mut text = problem.message.clone();
    if let Some(help) = &problem.help {
        text.push_str("\nhelp: ");
        text.push_str(help);
    }
    text.push('\n');
    match &problem.declared {
        Some((place, label)) => text.push_str(loaded.source.excerpt(*place, label).trim_end()),
        None => text.push_str(&format!("  --> {}", loaded.source.path())),
    }
    text
}
