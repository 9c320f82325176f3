//! Guards: the first argument of every handler. In: a request, before its body is read. Out: an
//! identity that met the rule, or a refusal; the handler's body is reached only with the former.

use std::{
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind},
};

use axum::{extract::FromRequestParts, http::request::Parts};

use crate::{
    Identity,
    authorize::Door,
    context::Context,
    denial::Denial,
    rule::{Opening, Rule},
};

/// Proof that the caller of this request meets the rule `R`.
///
/// `#[authenticate(..)]` puts it first among a handler's arguments. Nothing but its extractor makes
/// one, so a handler's body runs only for a caller who was let in.
#[derive(Debug)]
pub struct Guard<R> {
    identity: Identity,
    rule: PhantomData<fn() -> R>,
}

impl<R> Guard<R> {
    /// The caller.
    pub fn identity(&self) -> Identity {
        self.identity.clone()
    }
}

/// Marks a handler that everybody may call, and knows the caller if the handler asks who it is.
#[derive(Debug)]
pub struct Public<O> {
    identity: Option<Identity>,
    opening: PhantomData<fn() -> O>,
}

impl<O> Public<O> {
    /// The caller, if a credential was presented.
    pub fn identity(&self) -> Option<Identity> {
        self.identity.clone()
    }
}

impl<S: Send + Sync, R: Rule> FromRequestParts<S> for Guard<R> {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Denial> {
        let identity = at_the_door(parts, |door| door.authorize(&R::REQUIREMENT))?;
        Ok(Self { identity, rule: PhantomData })
    }
}

impl<S: Send + Sync, O: Opening> FromRequestParts<S> for Public<O> {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Denial> {
        let identity = if O::OPENNESS.schemes == 0 {
            None
        } else {
            at_the_door(parts, |door| door.identify(&O::OPENNESS))?
        };
        Ok(Self { identity, opening: PhantomData })
    }
}

/// Runs a check with the request's engine, and leaves the identity it finds with the request.
///
/// SECURITY: without an engine, and when the check panics, nobody is let in.
fn at_the_door<T: Clone + Into<Option<Identity>>>(
    parts: &mut Parts,
    check: impl FnOnce(&Door<'_>) -> Result<T, Denial>,
) -> Result<T, Denial> {
    let Some(context) = parts.extensions.get::<Context>() else {
        tracing::error!(
            target: "auth",
            "a guarded handler was reached without an engine: serve the router through `protect`"
        );
        return Err(Denial::internal());
    };
    let checked = catch_unwind(AssertUnwindSafe(|| check(&Door::new(&context.auth, parts))));
    let found = checked.unwrap_or_else(|_| {
        tracing::error!(target: "auth", "a check panicked: the request was refused");
        Err(Denial::internal())
    })?;
    if let Some(context) = parts.extensions.get_mut::<Context>() {
        context.identity = found.clone().into();
    }
    Ok(found)
}
