//! The attributes of `auth-runtime`: handlers checked against the policy while compiling.
//!
//! In the order of travel: `attr` reads what stands in the attribute, `handler` what stands
//! below it, `locate` and `load` find and read the policy, `check` compares the two, `guard`
//! and `bind` write a type and a `let`, and `expand` puts them into the handler. After a mistake `fallback` still writes a handler of the right
//! shape, so that one mistake is one error.

mod attr;
mod bind;
mod check;
mod expand;
mod fallback;
mod guard;
mod handler;
mod load;
mod locate;
mod runtime;

use proc_macro::TokenStream;

/// Lets only those call a handler who meet a rule.
///
/// ```ignore
/// #[authenticate(jwt, scopes = "write:posts")]
/// #[authenticate(jwt | session, scopes = ["read:posts", "write:posts"])] // both
/// #[authenticate(jwt, scopes = any("read:posts", "write:posts"))]        // one is enough
/// #[authenticate(jwt, role = "admin")]
/// #[authenticate(rule = "edit_post")]                                    // as the policy says
/// ```
///
/// The function must be a handler of axum. An argument of type `Identity` is the caller; every
/// other argument is an extractor and runs only for a caller who was let in.
///
/// `limit = ".."` names a rate limit, `policy = ".."` another policy file (relative to the
/// package), and `crate = path` where `auth_runtime` is found.
///
/// # Errors
///
/// A scheme, scope, role, rule or limit that the policy does not declare is an error at that very
/// word, and so is a rule that nobody could meet.
#[proc_macro_attribute]
pub fn authenticate(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::authenticate(arguments.into(), item.into()).into()
}

/// Lets everybody call a handler, for a stated reason.
///
/// ```ignore
/// #[public(reason = "landing page")]
/// #[public(reason = "shows more to those signed in", identity = jwt | session)]
/// ```
///
/// With `identity`, an argument of type `Option<Identity>` is the caller: `None` where no
/// credential was presented. One that is presented and not valid is refused all the same.
///
/// # Errors
///
/// A handler without a reason, and an `Identity` that nobody vouches for.
#[proc_macro_attribute]
pub fn public(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::public(arguments.into(), item.into()).into()
}

/// The policy of this package, checked, as a constant: `Auth::from_policy(policy!())`.
///
/// It embeds the policy in checked form, so that the running service needs no YAML parser.
/// `policy!("policies/other.yaml")` names another file, relative to the package.
#[proc_macro]
pub fn policy(arguments: TokenStream) -> TokenStream {
    expand::policy(arguments.into()).into()
}
