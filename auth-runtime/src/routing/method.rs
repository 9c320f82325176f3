//! Handlers by method. In: handlers that declare a rule. Out: a [`MethodRouter`] that knows, for
//! each of its methods, who may call it.

use std::{any::type_name, convert::Infallible, panic::Location};

use auth_policy::settings::EndpointKind;
use axum::{extract::Request, response::IntoResponse, routing as axum_routing};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    routing::{
        inventory::{Access, Entry, Method},
        routable::Routable,
    },
    rule::ReadsOnly,
};

/// The handlers of one path, by method: axum's `MethodRouter`, with a rule for each handler.
///
/// Made by [`get`], [`post`] and their sisters, and extended by the methods of the same names.
#[must_use = "a method router does nothing until it is given to `Router::route`"]
#[derive(Clone, Debug)]
pub struct MethodRouter<S = ()> {
    pub(crate) inner: axum_routing::MethodRouter<S>,
    pub(crate) handlers: Vec<Handled>,
}

/// A handler of a [`MethodRouter`], before its path is known.
#[derive(Clone, Debug)]
pub(crate) struct Handled {
    method: Method,
    handler: &'static str,
    access: Access,
    routed_at: &'static Location<'static>,
    kind: Option<EndpointKind>,
}

impl Handled {
    #[track_caller]
    pub(crate) fn new<H, T, S>(method: Method) -> Self
    where
        H: Routable<T, S>,
    {
        Self {
            method,
            handler: type_name::<H>(),
            access: H::access(),
            routed_at: Location::caller(),
            kind: None,
        }
    }

    pub(crate) fn at(&self, path: &str) -> Entry {
        Entry {
            method: self.method,
            path: path.to_owned(),
            handler: self.handler,
            access: self.access.clone(),
            routed_at: self.routed_at,
            kind: self.kind,
        }
    }
}

// Written out, and not by a macro: rustc shows these bounds to whoever breaks one. The rule of a
// reading method is a parameter of its own, because only so is an unguarded handler one error.

/// Routes `GET` and `HEAD` requests to a handler that declares who may call it: see [`Routable`].
#[track_caller]
pub fn get<H, T, S, R>(handler: H) -> MethodRouter<S>
where
    H: Routable<T, S, Rule = R>,
    R: ReadsOnly,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    MethodRouter {
        handlers: vec![Handled::new::<H, T, S>(Method::Get)],
        inner: axum_routing::get(handler),
    }
}

/// Routes `HEAD` requests to a handler that declares who may call it: see [`Routable`].
#[track_caller]
pub fn head<H, T, S, R>(handler: H) -> MethodRouter<S>
where
    H: Routable<T, S, Rule = R>,
    R: ReadsOnly,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    MethodRouter {
        handlers: vec![Handled::new::<H, T, S>(Method::Head)],
        inner: axum_routing::head(handler),
    }
}

/// Routes `POST` requests to a handler that declares who may call it: see [`Routable`].
#[track_caller]
pub fn post<H, T, S>(handler: H) -> MethodRouter<S>
where
    H: Routable<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    MethodRouter {
        handlers: vec![Handled::new::<H, T, S>(Method::Post)],
        inner: axum_routing::post(handler),
    }
}

/// Routes `PUT` requests to a handler that declares who may call it: see [`Routable`].
#[track_caller]
pub fn put<H, T, S>(handler: H) -> MethodRouter<S>
where
    H: Routable<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    MethodRouter {
        handlers: vec![Handled::new::<H, T, S>(Method::Put)],
        inner: axum_routing::put(handler),
    }
}

/// Routes `PATCH` requests to a handler that declares who may call it: see [`Routable`].
#[track_caller]
pub fn patch<H, T, S>(handler: H) -> MethodRouter<S>
where
    H: Routable<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    MethodRouter {
        handlers: vec![Handled::new::<H, T, S>(Method::Patch)],
        inner: axum_routing::patch(handler),
    }
}

/// Routes `DELETE` requests to a handler that declares who may call it: see [`Routable`].
#[track_caller]
pub fn delete<H, T, S>(handler: H) -> MethodRouter<S>
where
    H: Routable<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    MethodRouter {
        handlers: vec![Handled::new::<H, T, S>(Method::Delete)],
        inner: axum_routing::delete(handler),
    }
}

/// Routes `OPTIONS` requests to a handler that declares who may call it: see [`Routable`].
#[track_caller]
pub fn options<H, T, S, R>(handler: H) -> MethodRouter<S>
where
    H: Routable<T, S, Rule = R>,
    R: ReadsOnly,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    MethodRouter {
        handlers: vec![Handled::new::<H, T, S>(Method::Options)],
        inner: axum_routing::options(handler),
    }
}

/// Routes `TRACE` requests to a handler that declares who may call it: see [`Routable`].
#[track_caller]
pub fn trace<H, T, S, R>(handler: H) -> MethodRouter<S>
where
    H: Routable<T, S, Rule = R>,
    R: ReadsOnly,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    MethodRouter {
        handlers: vec![Handled::new::<H, T, S>(Method::Trace)],
        inner: axum_routing::trace(handler),
    }
}

/// Routes requests of every method to a handler that declares who may call it: see [`Routable`].
#[track_caller]
pub fn any<H, T, S, R>(handler: H) -> MethodRouter<S>
where
    H: Routable<T, S, Rule = R>,
    R: ReadsOnly,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    MethodRouter {
        handlers: vec![Handled::new::<H, T, S>(Method::Any)],
        inner: axum_routing::any(handler),
    }
}

/// Each of these panics, as axum does, when the method was already given a handler.
impl<S> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    /// Also routes `GET` and `HEAD` requests of this path: see [`get`].
    #[track_caller]
    pub fn get<H, T, R>(mut self, handler: H) -> Self
    where
        H: Routable<T, S, Rule = R>,
        R: ReadsOnly,
        T: 'static,
    {
        self.handlers.push(Handled::new::<H, T, S>(Method::Get));
        self.inner = self.inner.get(handler);
        self
    }

    /// Also routes `HEAD` requests of this path: see [`head`].
    #[track_caller]
    pub fn head<H, T, R>(mut self, handler: H) -> Self
    where
        H: Routable<T, S, Rule = R>,
        R: ReadsOnly,
        T: 'static,
    {
        self.handlers.push(Handled::new::<H, T, S>(Method::Head));
        self.inner = self.inner.head(handler);
        self
    }

    /// Also routes `POST` requests of this path: see [`post`].
    #[track_caller]
    pub fn post<H, T>(mut self, handler: H) -> Self
    where
        H: Routable<T, S>,
        T: 'static,
    {
        self.handlers.push(Handled::new::<H, T, S>(Method::Post));
        self.inner = self.inner.post(handler);
        self
    }

    /// Also routes `PUT` requests of this path: see [`put`].
    #[track_caller]
    pub fn put<H, T>(mut self, handler: H) -> Self
    where
        H: Routable<T, S>,
        T: 'static,
    {
        self.handlers.push(Handled::new::<H, T, S>(Method::Put));
        self.inner = self.inner.put(handler);
        self
    }

    /// Also routes `PATCH` requests of this path: see [`patch`].
    #[track_caller]
    pub fn patch<H, T>(mut self, handler: H) -> Self
    where
        H: Routable<T, S>,
        T: 'static,
    {
        self.handlers.push(Handled::new::<H, T, S>(Method::Patch));
        self.inner = self.inner.patch(handler);
        self
    }

    /// Also routes `DELETE` requests of this path: see [`delete`].
    #[track_caller]
    pub fn delete<H, T>(mut self, handler: H) -> Self
    where
        H: Routable<T, S>,
        T: 'static,
    {
        self.handlers.push(Handled::new::<H, T, S>(Method::Delete));
        self.inner = self.inner.delete(handler);
        self
    }

    /// Also routes `OPTIONS` requests of this path: see [`options`].
    #[track_caller]
    pub fn options<H, T, R>(mut self, handler: H) -> Self
    where
        H: Routable<T, S, Rule = R>,
        R: ReadsOnly,
        T: 'static,
    {
        self.handlers.push(Handled::new::<H, T, S>(Method::Options));
        self.inner = self.inner.options(handler);
        self
    }

    /// Also routes `TRACE` requests of this path: see [`trace`].
    #[track_caller]
    pub fn trace<H, T, R>(mut self, handler: H) -> Self
    where
        H: Routable<T, S, Rule = R>,
        R: ReadsOnly,
        T: 'static,
    {
        self.handlers.push(Handled::new::<H, T, S>(Method::Trace));
        self.inner = self.inner.trace(handler);
        self
    }

    /// Also routes all other requests of this path: see [`any`].
    #[track_caller]
    pub fn any<H, T, R>(mut self, handler: H) -> Self
    where
        H: Routable<T, S, Rule = R>,
        R: ReadsOnly,
        T: 'static,
    {
        self.handlers.push(Handled::new::<H, T, S>(Method::Any));
        // axum's name for adding what `any` makes.
        self.inner = self.inner.fallback(handler);
        self
    }

    /// Says of the handlers added so far that strangers call them, so that the policy has to say how
    /// often: without a limit for that kind nothing is protected.
    pub(crate) fn called_by_strangers(mut self, kind: EndpointKind) -> Self {
        self.handlers.iter_mut().for_each(|handled| handled.kind = Some(kind));
        self
    }

    /// Wraps the handlers added so far in a layer. Their guards stay inside of it.
    pub fn layer<L>(self, layer: L) -> Self
    where
        L: Layer<axum_routing::Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        Self { inner: self.inner.layer(layer), handlers: self.handlers }
    }
}
