//! What travels with a request from the door to its guard: the visit, and then the identity.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::request::Parts,
};

use crate::{Auth, Identity, denial::Denial, visit::Visit};

/// Put into every request by [`Protected`](crate::routing::Protected), once. A guard that finds
/// none answers 500 and admits nobody.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) visit: Arc<Visit>,
    /// Whom the guard of this request let in.
    pub(crate) identity: Option<Identity>,
}

impl Context {
    pub(crate) fn new(visit: Arc<Visit>) -> Self {
        Self { visit, identity: None }
    }

    /// The visit that a request is.
    ///
    /// SECURITY: without an engine nobody is let in.
    pub(crate) fn visit(parts: &Parts) -> Result<&Arc<Visit>, Denial> {
        let Some(visit) = Self::find(parts) else {
            tracing::error!(
                target: "auth",
                "a guarded handler was reached without an engine: serve the router through `protect`"
            );
            return Err(Denial::internal());
        };
        Ok(visit)
    }

    /// The same, where nothing depends on it.
    pub(crate) fn find(parts: &Parts) -> Option<&Arc<Visit>> {
        parts.extensions.get::<Self>().map(|context| &context.visit)
    }

    /// The engine of a request.
    pub(crate) fn engine(parts: &Parts) -> Result<&Auth, Denial> {
        Self::visit(parts).map(|visit| &visit.auth)
    }

    /// Leaves the identity that was found with the request.
    pub(crate) fn remember(parts: &mut Parts, identity: &Identity) {
        if let Some(context) = parts.extensions.get_mut::<Self>() {
            context.identity = Some(identity.clone());
            context.visit.note.authenticated();
        }
    }
}

/// What the guard of this request found: never a check of its own.
impl<S: Send + Sync> OptionalFromRequestParts<S> for Identity {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Denial> {
        Ok(parts.extensions.get::<Context>().and_then(|context| context.identity.clone()))
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
