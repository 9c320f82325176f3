//! Guards: the first argument of every handler. In: a request, before its body is read. Out: an
//! identity that met the rule, or a refusal; the handler's body is reached only with the former.

use std::{
    marker::PhantomData,
    panic::AssertUnwindSafe,
    pin::{Pin, pin},
};

use axum::{extract::FromRequestParts, http::request::Parts};
use futures_util::FutureExt;

#[cfg(feature = "metrics")]
use crate::audit::Stopwatch;
#[cfg(feature = "testing")]
use crate::testing::Probe;
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
        let visit = Context::visit(parts)?;
        visit.set_route(parts);
        #[cfg(feature = "testing")]
        Probe::arrive(parts);
        #[cfg(feature = "metrics")]
        let _measured = Stopwatch::start();
        let identity = unless_it_panics(pin!(async {
            Door::new(visit, parts).authorize(&R::REQUIREMENT).await
        }))
        .await?;
        #[cfg(feature = "testing")]
        Probe::stop(parts)?;
        Context::remember(parts, &identity);
        Ok(Self { identity, rule: PhantomData })
    }
}

impl<S: Send + Sync, O: Opening> FromRequestParts<S> for Public<O> {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Denial> {
        if let Some(visit) = Context::find(parts) {
            visit.set_route(parts);
        }
        #[cfg(feature = "testing")]
        Probe::arrive(parts);
        if O::OPENNESS.schemes == 0 && O::OPENNESS.limit.is_none() {
            #[cfg(feature = "testing")]
            Probe::stop(parts)?;
            return Ok(Self { identity: None, opening: PhantomData });
        }
        let visit = Context::visit(parts)?;
        #[cfg(feature = "metrics")]
        let _measured = Stopwatch::start();
        // In a box, since most public handlers ask for nobody, and each would be as long.
        let check = Box::pin(async { Door::new(visit, parts).identify(&O::OPENNESS).await });
        let identity = unless_it_panics(pin!(check)).await?;
        #[cfg(feature = "testing")]
        Probe::stop(parts)?;
        if let Some(identity) = &identity {
            Context::remember(parts, identity);
        }
        Ok(Self { identity, opening: PhantomData })
    }
}

/// What a check says, and its event.
///
/// SECURITY: when the clock or the audit sink panics, nobody is let in; a check itself that panics
/// is a refusal before it gets here.
async fn unless_it_panics<T>(
    check: Pin<&mut impl Future<Output = Result<T, Denial>>>,
) -> Result<T, Denial> {
    AssertUnwindSafe(check).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(target: "auth", "the clock or the audit sink panicked: the request was refused");
        Err(Denial::internal())
    })
}
