//! Paths. In: method routers, and services that are mounted for a stated reason. Out: an
//! application that can only be served once [`protect`](Router::protect) has given it an engine.

use std::{any::type_name, convert::Infallible, panic::Location};

use axum::{extract::Request, response::IntoResponse, routing::Route};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    Auth,
    routing::{
        inventory::{Access, Entry, Method},
        method::{Handled, MethodRouter},
        protected::{ProtectError, Protected},
        routable::Routable,
    },
    rule::ReadsOnly,
};

/// axum's `Router`, for handlers that declare who may call them.
///
/// It takes what axum's does, records every endpoint in an inventory, and cannot be served as it
/// is: [`protect`](Self::protect) turns it into a [`Protected`], which can.
///
/// A guard is an argument of the handler it stands before, so it holds whatever the order of
/// [`layer`](Self::layer), [`merge`](Self::merge) and [`nest`](Self::nest).
#[must_use = "a router does nothing until it is protected and served"]
#[derive(Clone, Debug)]
pub struct Router<S = ()> {
    inner: axum::Router<S>,
    entries: Vec<Entry>,
    has_fallback: bool,
}

impl<S> Default for Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    /// A router without routes: it answers 404 to everything.
    pub fn new() -> Self {
        Self { inner: axum::Router::new(), entries: Vec::new(), has_fallback: false }
    }

    /// Adds a path and its handlers.
    ///
    /// # Panics
    ///
    /// As axum's router does: when the path is malformed, or overlaps with one already added.
    #[track_caller]
    pub fn route(mut self, path: &str, handlers: MethodRouter<S>) -> Self {
        self.entries.extend(handlers.handlers.iter().map(|handled| handled.at(path)));
        self.inner = self.inner.route(path, handlers.inner);
        self
    }

    /// Adds every path of `router` below `prefix`.
    ///
    /// # Panics
    ///
    /// As axum's router does: when the prefix is malformed or `/`, or paths overlap.
    #[track_caller]
    pub fn nest(mut self, prefix: &str, router: Self) -> Self {
        self.entries.extend(router.entries.into_iter().map(|entry| entry.below(prefix)));
        self.inner = self.inner.nest(prefix, router.inner);
        self
    }

    /// Adds every path of `router`.
    ///
    /// # Panics
    ///
    /// As axum's router does: when paths overlap, or both have a fallback.
    #[track_caller]
    pub fn merge(mut self, router: Self) -> Self {
        self.entries.extend(router.entries);
        self.has_fallback |= router.has_fallback;
        self.inner = self.inner.merge(router.inner);
        self
    }

    /// Answers what no path answers with a handler that declares who may call it.
    #[track_caller]
    pub fn fallback<H, T, R>(mut self, handler: H) -> Self
    where
        H: Routable<T, S, Rule = R>,
        R: ReadsOnly,
        T: 'static,
    {
        // As in axum, the last one answers.
        self.entries.retain(|entry| !entry.is_fallback());
        self.entries.push(Handled::new::<H, T, S>(Method::Any).at(Entry::FALLBACK));
        self.has_fallback = true;
        self.inner = self.inner.fallback(handler);
        self
    }

    /// Wraps everything added so far in a layer. The guards stay inside of it.
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        self.inner = self.inner.layer(layer);
        self
    }

    /// The same, but only for requests that match a path.
    ///
    /// # Panics
    ///
    /// As axum's router does: when no route was added before.
    #[track_caller]
    pub fn route_layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        self.inner = self.inner.route_layer(layer);
        self
    }

    /// Provides the state that handlers ask for.
    pub fn with_state<S2>(self, state: S) -> Router<S2> {
        Router {
            inner: self.inner.with_state(state),
            entries: self.entries,
            has_fallback: self.has_fallback,
        }
    }

    /// Mounts a service at a path for everybody: nothing of this crate stands before it.
    ///
    /// # Panics
    ///
    /// When `reason` is blank, or as [`route`](Self::route) does.
    #[track_caller]
    pub fn route_service_unguarded<T>(
        mut self,
        path: &str,
        service: T,
        reason: &'static str,
    ) -> Self
    where
        T: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
        T::Response: IntoResponse,
        T::Future: Send + 'static,
    {
        self.entries.push(Entry::unguarded::<T>(path.to_owned(), reason));
        self.inner = self.inner.route_service(path, service);
        self
    }

    /// Mounts a service below a prefix for everybody: nothing of this crate stands before it.
    ///
    /// # Panics
    ///
    /// When `reason` is blank, or as [`nest`](Self::nest) does.
    #[track_caller]
    pub fn nest_service_unguarded<T>(
        mut self,
        prefix: &str,
        service: T,
        reason: &'static str,
    ) -> Self
    where
        T: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
        T::Response: IntoResponse,
        T::Future: Send + 'static,
    {
        let entry = Entry::unguarded::<T>(Entry::FALLBACK.to_owned(), reason);
        self.entries.push(entry.below(prefix));
        self.inner = self.inner.nest_service(prefix, service);
        self
    }

    /// Adds the paths of an axum router, whose handlers declare no rules: for everybody.
    ///
    /// Its fallback, if it has one, is not among them: what no path answers is this router's.
    ///
    /// # Panics
    ///
    /// When `reason` is blank, or as [`merge`](Self::merge) does.
    #[track_caller]
    pub fn merge_unguarded(mut self, router: axum::Router<S>, reason: &'static str) -> Self {
        self.entries.push(Entry::unguarded::<axum::Router<S>>(Entry::FALLBACK.to_owned(), reason));
        self.inner = self.inner.merge(router);
        self
    }
}

impl Router {
    /// Puts the engine behind every guard and ends the adding of routes.
    ///
    /// # Panics
    ///
    /// When a handler was compiled against a policy of another structure than the engine's, or the
    /// router has endpoints of this crate where strangers try passwords or tokens and the policy
    /// does not say under `endpoints` how often; or a statement of the policy about one of these
    /// endpoints, under `never` or `always`, does not hold. The message names them. [`try_protect`](Self::try_protect) returns it instead.
    #[track_caller]
    pub fn protect(self, auth: Auth) -> Protected {
        match self.try_protect(auth) {
            Ok(protected) => protected,
            #[allow(
                clippy::panic,
                reason = "like an overlapping route in axum: a fault of the program, found at start"
            )]
            Err(error) => panic!("{error}"),
        }
    }

    /// Puts the engine behind every guard and ends the adding of routes.
    ///
    /// # Errors
    ///
    /// When a handler was compiled against a policy of another structure than the engine's,
    /// `endpoints` of the policy has no limit for what the router brings, or `never` or `always` does
    /// not hold for one of its endpoints.
    pub fn try_protect(self, auth: Auth) -> Result<Protected, ProtectError> {
        Protected::new(self.inner, &self.entries, self.has_fallback, auth)
    }
}

impl Entry {
    /// The path under which a fallback is listed.
    const FALLBACK: &'static str = "/*";

    #[track_caller]
    fn unguarded<T>(path: String, reason: &'static str) -> Self {
        assert!(!reason.trim().is_empty(), "say why `{path}` is mounted without a rule");
        Self {
            method: Method::Any,
            path,
            handler: type_name::<T>(),
            access: Access::Unguarded(reason),
            routed_at: Location::caller(),
            kind: None,
        }
    }

    /// The same endpoint in a router nested below `prefix`: joined as axum joins them.
    fn below(mut self, prefix: &str) -> Self {
        self.path = match self.path.as_str() {
            path if prefix.ends_with('/') => format!("{prefix}{}", path.trim_start_matches('/')),
            "/" => prefix.to_owned(),
            path => format!("{prefix}{path}"),
        };
        self
    }

    /// Whether it is a handler for what no path answers. A router that was merged without rules is
    /// listed under the same path, and stays.
    fn is_fallback(&self) -> bool {
        self.path == Self::FALLBACK && !matches!(self.access, Access::Unguarded(_))
    }
}
