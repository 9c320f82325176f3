//! Where the generated code finds `auth-runtime`: under whatever name the package depends on it.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Ident, Path};

/// The path of the runtime crate: as given, else as the manifest names it.
pub(crate) fn path(given: Option<&Path>) -> TokenStream {
    if let Some(path) = given {
        return path.to_token_stream();
    }
    let name = match crate_name("auth-runtime") {
        Ok(FoundCrate::Name(name)) => name,
        // The crate's own doctests and examples see it by its name; so does a package that
        // re-exports it under a manifest this cannot read.
        Ok(FoundCrate::Itself) | Err(_) => "auth_runtime".to_owned(),
    };
    let name = Ident::new(&name, Span::call_site());
    quote!(::#name)
}
