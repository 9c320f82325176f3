//! After a mistake. In: the handler as written and what is wrong. Out: the errors, and a handler of
//! the right shape that admits nobody, so that routing it is not a second error.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use crate::{
    bind::{bind, bind_some},
    handler::{Asks, Handler},
};

/// The handler behind a guard that admits nobody.
pub(crate) fn refused(mut handler: Handler, runtime: &TokenStream) -> TokenStream {
    if handler.signature.receiver().is_some() {
        return handler.into_token_stream();
    }
    let identities = handler.take_identities();
    let guard = quote!(#runtime::__private::Guard<#runtime::__private::Refused>);
    let before: TokenStream = identities
        .iter()
        .map(|(asks, argument)| match asks {
            Asks::Always => bind(argument, runtime),
            Asks::Maybe => bind_some(argument, runtime),
        })
        .collect();
    handler.guard_with(&guard, before);
    handler.into_token_stream()
}

/// What was written, untouched, behind the error: for what is no function at all.
pub(crate) fn untouched(item: &TokenStream, error: &syn::Error) -> TokenStream {
    let error = error.to_compile_error();
    quote!(#item #error)
}
