//! Handlers by method. In: handlers that declare a rule. Out: a [`MethodRouter`] that knows, for
//! each of its methods, who may call it.

use std::{any::type_name, convert::Infallible, panic::Location};

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
        }
    }

    pub(crate) fn at(&self, path: &str) -> Entry {
        Entry {
            method: self.method,
            path: path.to_owned(),
            handler: self.handler,
            access: self.access.clone(),
            routed_at: self.routed_at,
        }
    }
}

macro_rules! method_functions {
    ($($method:ident $name:ident $verb:literal $($reads:ident)?;)*) => {
        $(
            #[doc = concat!("Routes ", $verb, " requests to a handler that declares who may call it.")]
            ///
            /// See [`Routable`] for which handlers compile here.
            #[track_caller]
            pub fn $name<H, T, S>(handler: H) -> MethodRouter<S>
            where
                H: Routable<T, S $(, Rule: $reads)?>,
                T: 'static,
                S: Clone + Send + Sync + 'static,
            {
                MethodRouter {
                    handlers: vec![Handled::new::<H, T, S>(Method::$method)],
                    inner: axum_routing::$name(handler),
                }
            }
        )*

        impl<S> MethodRouter<S>
        where
            S: Clone + Send + Sync + 'static,
        {
            $(
                #[doc = concat!("Also routes ", $verb, " requests of this path.")]
                ///
                /// # Panics
                ///
                /// When the method was already given a handler.
                #[track_caller]
                pub fn $name<H, T>(mut self, handler: H) -> Self
                where
                    H: Routable<T, S $(, Rule: $reads)?>,
                    T: 'static,
                {
                    self.handlers.push(Handled::new::<H, T, S>(Method::$method));
                    self.inner = chain!($name, self.inner, handler);
                    self
                }
            )*
        }
    };
}

// axum calls the method that adds an `any` handler `fallback`.
macro_rules! chain {
    (any, $router:expr, $handler:expr) => {
        $router.fallback($handler)
    };
    ($name:ident, $router:expr, $handler:expr) => {
        $router.$name($handler)
    };
}

method_functions! {
    Get get "`GET` and `HEAD`" ReadsOnly;
    Head head "`HEAD`" ReadsOnly;
    Post post "`POST`";
    Put put "`PUT`";
    Patch patch "`PATCH`";
    Delete delete "`DELETE`";
    Options options "`OPTIONS`" ReadsOnly;
    Trace trace "`TRACE`" ReadsOnly;
    Any any "all other" ReadsOnly;
}

impl<S> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
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
