//! A checked rule as a type. In: a requirement over ids. Out: the tokens of the guard's type, made of
//! constants: see `auth_runtime::rule` for what they mean.

use std::collections::BTreeMap;

use auth_policy::{Policy, requirement::Requirement};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// "No role", "no limit", "no name": `auth_runtime::rule::NONE`.
const NONE: u32 = u32::MAX;

/// The guard of an `#[authenticate(..)]` handler.
pub(crate) fn guard_type(
    requirement: &Requirement,
    rule: Option<u32>,
    policy: &Policy,
    form: bool,
    runtime: &TokenStream,
) -> TokenStream {
    let private = quote!(#runtime::__private);
    let structure = Literal::u64_unsuffixed(policy.structure().0);
    let schemes = Literal::u64_unsuffixed(scheme_bits(requirement));
    let words = scope_words(requirement, &private);
    let scopes = if requirement.any_scope { quote!(AnyOf) } else { quote!(All) };
    let role = id(requirement.role.map(|role| role.0));
    let limit = id(requirement.limit.map(|limit| limit.0));
    let rule = id(rule);
    let mutates = policy.mutates(requirement);
    let sign_in = sign_in(requirement);
    quote!(#private::Guard<#private::Requires<
        #structure, #schemes, #private::#scopes<#words>, #role, #limit, #rule, #mutates, #form
        #sign_in
    >>)
}

/// What is asked of the sign-in: nothing in most rules, so that their types stay as short.
fn sign_in(requirement: &Requirement) -> TokenStream {
    if requirement.max_age.is_none() && requirement.acr.is_none() {
        return TokenStream::new();
    }
    // INVARIANT: a requirement asks for 30 days at most. SECURITY: what did not fit would let
    // nobody in.
    let max_age = requirement.max_age.map(|age| u32::try_from(age.0).unwrap_or(0));
    let (max_age, acr) = (id(max_age), id(requirement.acr.map(|acr| acr.0)));
    quote!(, #max_age, #acr)
}

/// The guard of a `#[public(..)]` handler.
pub(crate) fn public_type(
    requirement: &Requirement,
    structure: u64,
    reason: &str,
    form: bool,
    runtime: &TokenStream,
) -> TokenStream {
    let private = quote!(#runtime::__private);
    let structure = Literal::u64_unsuffixed(structure);
    let schemes = Literal::u64_unsuffixed(scheme_bits(requirement));
    let limit = id(requirement.limit.map(|limit| limit.0));
    let text = reason.as_bytes().chunks(16).rev().fold(quote!(#private::End), |rest, chunk| {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        let bytes = Literal::u128_unsuffixed(u128::from_be_bytes(bytes));
        quote!(#private::Text<#bytes, #rest>)
    });
    quote!(#private::Public<#private::Open<#structure, #schemes, #limit, #text, #form>>)
}

/// An id, or the constant that stands for none. A literal either way: rustc shows it in messages.
fn id(id: Option<u32>) -> Literal {
    Literal::u32_unsuffixed(id.unwrap_or(NONE))
}

fn scheme_bits(requirement: &Requirement) -> u64 {
    requirement.schemes.iter().filter_map(|scheme| 1u64.checked_shl(scheme.0)).sum()
}

/// The scopes as a list of words of 64 bits, those without a bit left out.
fn scope_words(requirement: &Requirement, private: &TokenStream) -> TokenStream {
    let mut words = BTreeMap::<u32, u64>::new();
    for scope in &requirement.scopes {
        *words.entry(scope.0 / 64).or_default() |= 1 << (scope.0 % 64);
    }
    words.into_iter().rev().fold(quote!(#private::End), |rest, (index, mask)| {
        let index = Literal::u32_unsuffixed(index);
        let mask = Literal::u64_unsuffixed(mask);
        quote!(#private::Word<#index, #mask, #rest>)
    })
}
