//! Statements before the body. In: an argument that asks for the caller, or one that reads a form.
//! Out: the statement that takes the caller from the guard, or that holds the form to be ours.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{PatType, Type, spanned::Spanned};

use crate::handler::guard_name;

/// `let author: Identity = ..;`
pub(crate) fn bind(argument: &PatType, runtime: &TokenStream) -> TokenStream {
    let PatType { attrs, pat, ty, .. } = argument;
    let guard = guard_name();
    quote!(#(#attrs)* let #pat: #ty = #runtime::__private::Guard::identity(&#guard);)
}

/// `let reader: Option<Identity> = ..;`
pub(crate) fn bind_optional(argument: &PatType, runtime: &TokenStream) -> TokenStream {
    let PatType { attrs, pat, ty, .. } = argument;
    let guard = guard_name();
    quote!(#(#attrs)* let #pat: #ty = #runtime::__private::Public::identity(&#guard);)
}

/// `let reader: Option<Identity> = ..;` where a mistake has left a guard that admits nobody.
pub(crate) fn bind_some(argument: &PatType, runtime: &TokenStream) -> TokenStream {
    let PatType { attrs, pat, ty, .. } = argument;
    let guard = guard_name();
    quote! {
        #(#attrs)*
        let #pat: #ty = ::core::option::Option::Some(#runtime::__private::Guard::identity(&#guard));
    }
}

/// A type that only the runtime's own `CsrfForm` has: the guard leaves the token to it.
pub(crate) fn hold_form(form: &Type, runtime: &TokenStream) -> TokenStream {
    quote_spanned!(form.span()=> let _ = #runtime::__private::csrf_form::<#form>;)
}
