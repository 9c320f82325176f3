//! Which handlers may be routed. In: the tuple of argument types that axum knows a handler by.
//! Out: its rule, or a compile error in words of our own.

use axum::handler::{Handler, Layered};

use crate::{
    guard::{Guard, Public},
    routing::inventory::Access,
    rule::{Opening, Rule},
};

/// A handler that declares who may call it, with `#[authenticate(..)]` or `#[public(..)]`.
///
/// Both attributes put a guard first among the handler's arguments, and axum's [`Handler`] shows
/// the arguments in its type parameter `T`: a handler whose first argument is no guard does not
/// implement this trait, and so cannot be given to [`get`](crate::routing::get) or its sisters.
/// There is nothing to implement by hand, and a type that implements axum's [`Handler`] by itself is
/// none either, even around a handler with a rule: what stands before or after a handler is a layer.
#[diagnostic::on_unimplemented(
    message = "this handler declares no access rule",
    label = "neither `#[authenticate(..)]` nor `#[public(..)]`: it cannot be routed",
    note = "say who may call it: put `#[authenticate(..)]` or `#[public(reason = \"..\")]` above the function",
    note = "if it has a rule, one of its arguments is no extractor: put `#[axum::debug_handler]` below the rule to see which"
)]
pub trait Routable<T, S>: Handler<T, S> {
    /// The rule it was compiled with.
    type Rule;

    #[doc(hidden)]
    fn access() -> Access;
}

#[diagnostic::do_not_recommend]
impl<H, T, S> Routable<T, S> for H
where
    H: Handler<T, S> + Calls<T>,
    T: Guarded,
{
    type Rule = T::Rule;

    fn access() -> Access {
        T::access()
    }
}

/// A function with these arguments, or one in a layer.
///
/// SECURITY: a `Handler` can name any arguments as its own and call nothing with them. A function is
/// not called without its arguments, and a guard is made by its own extractor alone.
pub trait Calls<T> {}

#[diagnostic::do_not_recommend]
impl<L, H: Calls<T>, T, S> Calls<T> for Layered<L, H, T, S> {}

/// Arguments that begin with a guard.
pub trait Guarded {
    /// The guard's rule.
    type Rule;

    #[doc(hidden)]
    fn access() -> Access;
}

// Every arity has two implementations: with a single one rustc would infer the arguments from it
// and report a mismatched signature instead of the message above.
macro_rules! guarded {
    ($($argument:ident)*) => {
        #[diagnostic::do_not_recommend]
        impl<M, R: Rule, $($argument,)*> Guarded for (M, Guard<R>, $($argument,)*) {
            type Rule = R;

            fn access() -> Access {
                Access::Guarded(R::REQUIREMENT)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<M, O: Opening, $($argument,)*> Guarded for (M, Public<O>, $($argument,)*) {
            type Rule = O;

            fn access() -> Access {
                Access::Public(O::OPENNESS)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<Function, Answer, M, R, $($argument,)*> Calls<(M, Guard<R>, $($argument,)*)> for Function
        where
            Function: FnOnce(Guard<R>, $($argument,)*) -> Answer,
        {
        }

        #[diagnostic::do_not_recommend]
        impl<Function, Answer, M, O, $($argument,)*> Calls<(M, Public<O>, $($argument,)*)> for Function
        where
            Function: FnOnce(Public<O>, $($argument,)*) -> Answer,
        {
        }
    };
}

// axum's handlers take up to sixteen arguments, of which the guard is one.
guarded!();
guarded!(A);
guarded!(A B);
guarded!(A B C);
guarded!(A B C D);
guarded!(A B C D E);
guarded!(A B C D E F);
guarded!(A B C D E F G);
guarded!(A B C D E F G H);
guarded!(A B C D E F G H I);
guarded!(A B C D E F G H I J);
guarded!(A B C D E F G H I J K);
guarded!(A B C D E F G H I J K L);
guarded!(A B C D E F G H I J K L N);
guarded!(A B C D E F G H I J K L N P);
guarded!(A B C D E F G H I J K L N P Q);
