//! What travels with a request from the door to its guard: the engine, and then the identity.

use axum::{extract::FromRequestParts, http::request::Parts};

use crate::{Auth, Identity, denial::Denial, limit::Note};

/// Put into every request by [`Protected`](crate::routing::Protected), once. A guard that finds
/// none answers 500 and admits nobody.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) auth: Auth,
    /// Whom the guard of this request let in.
    pub(crate) identity: Option<Identity>,
    /// What the answer has to say of the request.
    pub(crate) note: Note,
}

impl Context {
    pub(crate) fn new(auth: Auth) -> Self {
        Self { auth, identity: None, note: Note::default() }
    }

    /// The same engine, for one request.
    pub(crate) fn fresh(&self) -> Self {
        Self::new(self.auth.clone())
    }

    /// The note of a request; without an engine, one that nobody reads.
    pub(crate) fn note(parts: &Parts) -> Note {
        parts.extensions.get::<Self>().map(|context| context.note.clone()).unwrap_or_default()
    }

    /// The engine of a request.
    ///
    /// SECURITY: without one nobody is let in.
    pub(crate) fn engine(parts: &Parts) -> Result<&Auth, Denial> {
        let Some(context) = parts.extensions.get::<Self>() else {
            tracing::error!(
                target: "auth",
                "a guarded handler was reached without an engine: serve the router through `protect`"
            );
            return Err(Denial::internal());
        };
        Ok(&context.auth)
    }

    /// Leaves the identity that was found with the request.
    pub(crate) fn remember(parts: &mut Parts, identity: &Identity) {
        if let Some(context) = parts.extensions.get_mut::<Self>() {
            context.identity = Some(identity.clone());
            context.note.authenticated();
        }
    }
}

/// The engine as an argument, for the handlers of this crate.
pub(crate) struct Engine(pub(crate) Auth);

impl<S: Send + Sync> FromRequestParts<S> for Engine {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Denial> {
        Context::engine(parts).cloned().map(Self)
    }
}
