//! The guard. In: a checked rule and a handler. Out: the handler with the guard as its first
//! argument: one type made of constants, and a line that names the policy to cargo.

use std::path::Path;

use auth_policy::requirement::Requirement;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{LitStr, PatType};

use crate::{
    attr::{Authenticate, Embedded, Public},
    bind::{bind, bind_optional, hold_form},
    check, fallback,
    guard::{guard_type, public_type},
    handler::{Asks, Handler},
    load::{Loaded, Unusable, find, load},
    locate::Located,
    runtime,
};

/// `#[authenticate(..)]`.
pub(crate) fn authenticate(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::<Authenticate>(arguments, item)
}

/// `#[public(..)]`.
pub(crate) fn public(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::<Public>(arguments, item)
}

/// `policy!(..)`.
pub(crate) fn policy(arguments: TokenStream) -> TokenStream {
    let embedded = syn::parse2::<Embedded>(arguments);
    let path = embedded.as_ref().ok().and_then(|embedded| embedded.common.runtime.as_ref());
    let runtime = runtime::path(path);
    let text = embedded.map_err(Unusable::Because).and_then(|embedded| {
        let located = find(embedded.common.policy.as_ref())?;
        let loaded = load(&located)?;
        let policy = loaded.policy().ok_or(Unusable::AlreadySaid)?;
        let text = policy
            .to_embedded()
            .map_err(|error| Unusable::Because(syn::Error::new(located.span, error.to_string())))?;
        Ok((text, policy.structure().0, track(&located)))
    });
    match text {
        Ok((text, structure, track)) => quote!({
            #track
            #runtime::__private::EmbeddedPolicy::new(#text, #structure)
        }),
        Err(unusable) => {
            let error = unusable.into_tokens();
            quote!({
                #error
                #runtime::__private::EmbeddedPolicy::new("", 0)
            })
        }
    }
}

/// An attribute that declares a rule.
trait Declares: syn::parse::Parse {
    fn runtime(&self) -> Option<&syn::Path>;
    fn policy(&self) -> Option<&LitStr>;

    /// Whether the rule names anything of the policy.
    fn needs_policy(&self) -> bool;

    /// The guard's type, which leaves the token against forged requests to a form or does not; every
    /// mistake otherwise.
    fn guard(
        &self,
        loaded: Option<&Loaded>,
        form: bool,
        runtime: &TokenStream,
    ) -> syn::Result<TokenStream>;

    /// The statement that binds an argument which asks for the caller.
    fn bind(
        &self,
        asks: Asks,
        argument: &PatType,
        runtime: &TokenStream,
    ) -> syn::Result<TokenStream>;
}

fn attribute<A: Declares>(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let declared = syn::parse2::<A>(arguments);
    let path = declared.as_ref().ok().and_then(Declares::runtime);
    let runtime = runtime::path(path);
    let handler = match syn::parse2::<Handler>(item.clone()) {
        Ok(handler) => handler,
        Err(error) => return fallback::untouched(&item, &error),
    };
    if handler.is_refused() {
        return item;
    }
    let guarded = declared
        .map_err(Unusable::Because)
        .and_then(|declared| guarded(&declared, &handler, &runtime));
    match guarded {
        Ok((guard, before)) => {
            let mut handler = handler;
            handler.take_identities();
            if handler.form().is_some() {
                handler.close_body();
            }
            handler.guard_with(&guard, before);
            handler.into_token_stream()
        }
        Err(unusable) => {
            let error = unusable.into_tokens();
            let handler = fallback::refused(handler, &runtime);
            quote!(#error #handler)
        }
    }
}

/// The guard's type and the statements before the body; or all that is wrong.
fn guarded<A: Declares>(
    declared: &A,
    handler: &Handler,
    runtime: &TokenStream,
) -> Result<(TokenStream, TokenStream), Unusable> {
    let mut errors = handler.mistakes();
    let (loaded, mut before) = policy_of(declared)?;
    let form = handler.form();
    let guard = declared.guard(loaded.as_deref(), form.is_some(), runtime);
    let guard = guard.unwrap_or_else(|error| {
        errors.push(error);
        TokenStream::new()
    });
    before.extend(form.map(|form| hold_form(form, runtime)));
    let identities = handler.clone_identities();
    for (asks, argument) in &identities {
        match declared.bind(*asks, argument, runtime) {
            Ok(statement) => before.extend(statement),
            Err(error) => errors.push(error),
        }
    }
    let errors = errors.into_iter().reduce(|mut all, error| {
        all.combine(error);
        all
    });
    errors.map_or(Ok((guard, before)), |error| Err(Unusable::Because(error)))
}

/// The policy the rule is checked against, and the line that names it to cargo.
fn policy_of<A: Declares>(
    declared: &A,
) -> Result<(Option<std::sync::Arc<Loaded>>, TokenStream), Unusable> {
    if !declared.needs_policy() {
        return Ok((None, TokenStream::new()));
    }
    let located = find(declared.policy())?;
    let loaded = load(&located)?;
    Ok((Some(loaded), track(&located)))
}

impl Declares for Authenticate {
    fn runtime(&self) -> Option<&syn::Path> {
        self.common.runtime.as_ref()
    }

    fn policy(&self) -> Option<&LitStr> {
        self.common.policy.as_ref()
    }

    fn needs_policy(&self) -> bool {
        true
    }

    fn guard(
        &self,
        loaded: Option<&Loaded>,
        form: bool,
        runtime: &TokenStream,
    ) -> syn::Result<TokenStream> {
        let Some((loaded, policy)) = loaded.and_then(|loaded| Some((loaded, loaded.policy()?)))
        else {
            return Ok(TokenStream::new());
        };
        let requirement = check::requirement(&self.asked, loaded)?;
        let rule = check::rule_index(self.asked.rule.as_ref(), policy);
        Ok(guard_type(&requirement, rule, policy, form, runtime))
    }

    fn bind(
        &self,
        asks: Asks,
        argument: &PatType,
        runtime: &TokenStream,
    ) -> syn::Result<TokenStream> {
        match asks {
            Asks::Always => Ok(bind(argument, runtime)),
            Asks::Maybe => {
                let help = "an authenticated handler always has a caller: ask for `Identity`";
                Err(syn::Error::new_spanned(&argument.ty, help))
            }
        }
    }
}

impl Declares for Public {
    fn runtime(&self) -> Option<&syn::Path> {
        self.common.runtime.as_ref()
    }

    fn policy(&self) -> Option<&LitStr> {
        self.common.policy.as_ref()
    }

    fn needs_policy(&self) -> bool {
        !self.asked.schemes.is_empty() || self.asked.limit.is_some()
    }

    fn guard(
        &self,
        loaded: Option<&Loaded>,
        form: bool,
        runtime: &TokenStream,
    ) -> syn::Result<TokenStream> {
        let Some(reason) = &self.reason else {
            let help = "say why everybody may call this handler: `#[public(reason = \"..\")]`";
            return Err(syn::Error::new(self.asked.at, help));
        };
        let (requirement, structure) = match loaded
            .and_then(|loaded| Some((loaded, loaded.policy()?)))
        {
            Some((loaded, policy)) => (check::identity(&self.asked, loaded)?, policy.structure().0),
            None => (Requirement::default(), 0),
        };
        Ok(public_type(&requirement, structure, &reason.value(), form, runtime))
    }

    fn bind(
        &self,
        asks: Asks,
        argument: &PatType,
        runtime: &TokenStream,
    ) -> syn::Result<TokenStream> {
        let help = match (asks, self.asked.schemes.is_empty()) {
            (Asks::Maybe, false) => return Ok(bind_optional(argument, runtime)),
            (Asks::Maybe, true) => {
                "nobody says who the caller is: add `identity = jwt`, or another scheme, to `#[public(..)]`"
            }
            (Asks::Always, _) => {
                "a public handler is called by anybody: ask for `Option<Identity>` with `identity = ..`, or use `#[authenticate(..)]`"
            }
        };
        Err(syn::Error::new_spanned(&argument.ty, help))
    }
}

/// Names to cargo what this expansion depends on, so that an edit of the policy rebuilds.
///
/// Inside a closure that nothing calls: the text does not get into the compiled crate.
fn track(located: &Located) -> TokenStream {
    let files = [Some(located.file.as_path()), located.manifest.as_deref()];
    let files = files.into_iter().flatten().filter_map(Path::to_str);
    quote! {
        const _: fn() = || {
            #( let _ = ::core::include_str!(#files); )*
            let _ = ::core::option_env!("AUTH_POLICY");
        };
    }
}

impl Unusable {
    fn into_tokens(self) -> TokenStream {
        match self {
            Self::Because(error) => error.to_compile_error(),
            Self::AlreadySaid => TokenStream::new(),
        }
    }
}
