//! The caller as a variable. In: an argument that asks for the caller. Out: the statement that takes
//! it from the guard.

use proc_macro2::TokenStream;
use quote::quote;
use syn::PatType;

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
