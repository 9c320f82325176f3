//! What stands below the attribute. In: the tokens of a function. Out: a [`Handler`] whose body is
//! left alone, and the arguments that ask for the caller.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, TokenStreamExt, quote};
use syn::{
    Attribute, FnArg, GenericArgument, PatType, PathArguments, Signature, Type, Visibility, braced,
    parse::{Parse, ParseStream},
    token::Brace,
};

/// The name of the guard's argument: no handler is given two.
pub(crate) const GUARD: &str = "__auth_guard";

/// A function with the attributes still on it.
pub(crate) struct Handler {
    pub(crate) attributes: Vec<Attribute>,
    visibility: Visibility,
    pub(crate) signature: Signature,
    brace: Brace,
    body: TokenStream,
}

/// How an argument asks for the caller.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    /// `Identity`.
    Always,
    /// `Option<Identity>`.
    Maybe,
}

impl Parse for Handler {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let signature: Signature = input.parse().map_err(|error| {
            syn::Error::new(error.span(), "expected a function: access rules belong on handlers")
        })?;
        let body;
        let brace = braced!(body in input);
        Ok(Self { attributes, visibility, signature, brace, body: body.parse()? })
    }
}

impl Handler {
    /// Takes out the arguments that ask for the caller, with how they ask.
    pub(crate) fn take_identities(&mut self) -> Vec<(Asks, PatType)> {
        let mut taken = Vec::new();
        let inputs = std::mem::take(&mut self.signature.inputs);
        for argument in inputs {
            match argument {
                FnArg::Typed(typed) => match asks(&typed.ty) {
                    Some(asks) => taken.push((asks, typed)),
                    None => self.signature.inputs.push(FnArg::Typed(typed)),
                },
                receiver @ FnArg::Receiver(_) => self.signature.inputs.push(receiver),
            }
        }
        taken
    }

    /// The arguments that ask for the caller, with how they ask.
    pub(crate) fn clone_identities(&self) -> Vec<(Asks, PatType)> {
        let typed = self.signature.inputs.iter().filter_map(|argument| match argument {
            FnArg::Typed(typed) => Some(typed),
            FnArg::Receiver(_) => None,
        });
        typed.filter_map(|typed| Some((asks(&typed.ty)?, typed.clone()))).collect()
    }

    /// The type of the argument that reads the token against forged requests from a form.
    pub(crate) fn form(&self) -> Option<&Type> {
        let mut typed = self.signature.inputs.iter().filter_map(|argument| match argument {
            // SECURITY: `cfg` may take an argument away again, after it was counted on.
            FnArg::Typed(typed) if typed.attrs.is_empty() => Some(&*typed.ty),
            _ => None,
        });
        typed.find(|ty| is_form(ty))
    }

    /// Puts a guard of that type first, and statements before the body.
    pub(crate) fn guard_with(&mut self, guard: &TokenStream, before: TokenStream) {
        let name = guard_name();
        let argument: FnArg = syn::parse_quote!(#name: #guard);
        self.signature.inputs.insert(0, argument);
        let body = std::mem::replace(&mut self.body, before);
        self.body.extend(body);
    }

    /// Puts the body into a block of its own.
    ///
    /// SECURITY: an item in the body is seen in the whole block, so that the type which is held to
    /// be ours above it could be another than that of the argument.
    pub(crate) fn close_body(&mut self) {
        let body = std::mem::take(&mut self.body);
        self.body = quote!({ #body });
    }

    /// Mistakes of the function itself, whatever its rule says.
    pub(crate) fn mistakes(&self) -> Vec<syn::Error> {
        let receiver = self.signature.receiver().map(|receiver| {
            let help = "a handler takes no `self`: axum calls it without one. Take what it needs as `State`";
            syn::Error::new_spanned(receiver, help)
        });
        let two = "this handler has two access rules: keep one of them";
        let below = self.attributes.iter().filter(|attribute| is_rule(attribute));
        let below = below.map(|rule| syn::Error::new_spanned(rule.path(), two));
        // An outer rule that is hidden from the line above, by `cfg_attr` or another name.
        let outer = self.guard().map(|_| syn::Error::new(Span::call_site(), two));
        receiver.into_iter().chain(below).chain(outer).collect()
    }

    /// Whether an outer rule has found a mistake and reported it.
    pub(crate) fn is_refused(&self) -> bool {
        self.guard().is_some_and(|guard| is_refused(&guard.ty))
    }

    /// The guard that an outer rule has put here.
    fn guard(&self) -> Option<&PatType> {
        match self.signature.inputs.first()? {
            FnArg::Typed(typed) => match &*typed.pat {
                syn::Pat::Ident(pattern) if pattern.ident == GUARD => Some(typed),
                _ => None,
            },
            FnArg::Receiver(_) => None,
        }
    }
}

impl ToTokens for Handler {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.attributes);
        self.visibility.to_tokens(tokens);
        self.signature.to_tokens(tokens);
        self.brace.surround(tokens, |tokens| tokens.extend(self.body.clone()));
    }
}

/// The guard's argument, as code outside of this expansion cannot spell it.
pub(crate) fn guard_name() -> syn::Ident {
    syn::Ident::new(GUARD, Span::mixed_site())
}

fn is_rule(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|segment| segment.ident == "authenticate" || segment.ident == "public")
}

/// A type without what a macro that passed it on has put around it.
fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => plain(&group.elem),
        Type::Paren(paren) => plain(&paren.elem),
        ty => ty,
    }
}

/// `CsrfForm<..>`, by that name alone: what hides behind another is asked for the header as well.
fn is_form(ty: &Type) -> bool {
    let Type::Path(path) = plain(ty) else { return false };
    let last = path.path.segments.last();
    last.is_some_and(|last| last.ident == "CsrfForm" && !last.arguments.is_none())
}

/// `..::Guard<..::Refused>`: what `fallback` writes, whatever the runtime is called here.
fn is_refused(guard: &Type) -> bool {
    let Type::Path(path) = guard else { return false };
    let last = path.path.segments.last();
    let Some(PathArguments::AngleBracketed(rule)) = last.map(|last| &last.arguments) else {
        return false;
    };
    let Some(GenericArgument::Type(Type::Path(rule))) = rule.args.first() else { return false };
    rule.path.segments.last().is_some_and(|last| last.ident == "Refused")
}

fn asks(ty: &Type) -> Option<Asks> {
    let Type::Path(path) = plain(ty) else { return None };
    let last = path.path.segments.last()?;
    if last.ident == "Identity" && last.arguments.is_none() {
        return Some(Asks::Always);
    }
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match (last.ident == "Option", arguments.args.first()?) {
        (true, GenericArgument::Type(inner)) => {
            asks(inner).filter(|inner| *inner == Asks::Always).map(|_| Asks::Maybe)
        }
        _ => None,
    }
}
