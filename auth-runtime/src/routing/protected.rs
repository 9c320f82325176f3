//! A router with its engine. In: routes and an [`Auth`]. Out: a tower service that can be served,
//! and the inventory of what it serves.

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    future::Future,
    io,
    net::SocketAddr,
    panic::Location,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll},
};

use auth_policy::{Policy, Structure, settings::EndpointKind};
use axum::{
    Router as AxumRouter, ServiceExt,
    extract::{Request, connect_info::IntoMakeServiceWithConnectInfo},
    response::Response,
    routing::future::RouteFuture,
};
use tokio::net::TcpListener;
use tower_service::Service;

use crate::{
    Auth,
    audit::{Scene, Staged},
    context::Context,
    limit::{Note, network},
    problem::Problem,
    routing::inventory::{Access, Entry, Inventory},
};

/// An application whose every endpoint is guarded: ready to be served, closed to new routes.
///
/// It is a tower [`Service`]; [`serve`](Self::serve) runs it on a listener. There is no way to add
/// a route to it, and [`into_axum`](Self::into_axum) is the only way out of it.
#[derive(Clone, Debug)]
pub struct Protected {
    router: AxumRouter,
    context: Context,
    inventory: Arc<Inventory>,
}

impl Protected {
    pub(crate) fn new(
        router: AxumRouter,
        entries: &[Entry],
        has_fallback: bool,
        auth: Auth,
    ) -> Result<Self, ProtectError> {
        if let Some(error) = ProtectError::of(entries, &auth) {
            return Err(error);
        }
        let inventory = Arc::new(Inventory::new(entries, &auth.policy()));
        let router = if has_fallback { router } else { router.fallback(no_such_path) };
        let router = router.method_not_allowed_fallback(no_such_method);
        Ok(Self { router, context: Context::new(auth), inventory })
    }

    /// Every endpoint and who may call it.
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Serves the application on a listener, until the process ends.
    ///
    /// # Errors
    ///
    /// When the listener fails for good.
    pub async fn serve(self, listener: TcpListener) -> io::Result<()> {
        axum::serve(listener, self.knowing_peers()).await
    }

    /// Serves the application until `stop` resolves, lets requests in flight finish, and then
    /// writes what waits to be written ([`Auth::flush`]).
    ///
    /// # Errors
    ///
    /// When the listener fails for good.
    pub async fn serve_until<F>(self, listener: TcpListener, stop: F) -> io::Result<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let auth = self.context.auth.clone();
        let served = axum::serve(listener, self.knowing_peers()).with_graceful_shutdown(stop).await;
        if let Err(error) = auth.flush().await {
            tracing::warn!(target: "auth", %error, "the last uses of sessions are lost");
        }
        served
    }

    /// Tells each request whom its connection leads to: limits count by it.
    fn knowing_peers(self) -> IntoMakeServiceWithConnectInfo<Self, SocketAddr> {
        ServiceExt::<Request>::into_make_service_with_connect_info(self)
    }

    /// Gives the application up as a plain axum router, for what needs one.
    ///
    /// The guards of the routes in it still hold. Routes added to it from here on have none and
    /// are in no inventory, which is why this asks for a reason: write it for the reviewer.
    ///
    /// # Panics
    ///
    /// When `reason` is blank.
    #[track_caller]
    pub fn into_axum(self, reason: &'static str) -> AxumRouter {
        assert!(!reason.trim().is_empty(), "say why the protected router becomes a plain one");
        tracing::warn!(reason, "a protected router became a plain axum router");
        AxumRouter::new().fallback_service(self)
    }
}

impl Service<Request> for Protected {
    type Response = Response;
    type Error = Infallible;
    type Future = Staged<Answering>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.router, cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let context = self.context.fresh();
        let (auth, note) = (context.auth.clone(), context.note.clone());
        let client =
            network::client(auth.policy().network(), request.extensions(), request.headers());
        let scene = Scene::new(request.method(), request.headers(), client);
        request.extensions_mut().insert(context);
        scene.around(Answering { route: self.router.call(request), auth, note })
    }
}

/// The answer of a [`Protected`]: the handler's, with the headers that the guard's findings ask for.
pub struct Answering {
    route: RouteFuture<Infallible>,
    auth: Auth,
    note: Note,
}

impl Future for Answering {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let answer = Pin::new(&mut self.route).poll(cx);
        answer.map_ok(|mut response| {
            self.note.write_to(&self.auth.policy(), response.headers_mut());
            response
        })
    }
}

impl fmt::Debug for Answering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answering").field("note", &self.note).finish_non_exhaustive()
    }
}

async fn no_such_path() -> Problem {
    Problem::not_found()
}

async fn no_such_method() -> Problem {
    Problem::method_not_allowed()
}

impl Entry {
    fn agrees_with(&self, structure: Structure) -> bool {
        self.compiled_against().is_none_or(|compiled| compiled == structure.0)
    }

    fn compiled_against(&self) -> Option<u64> {
        match &self.access {
            Access::Guarded(requirement) => requirement.structure,
            Access::Public(openness) => openness.structure,
            Access::Unguarded(_) => None,
        }
    }
}

/// A router that the engine cannot protect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectError {
    why: Why,
    /// The policy that the engine runs.
    policy: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Why {
    /// A handler was compiled against a policy of another structure.
    OtherPolicy { handler: &'static str, routed_at: &'static Location<'static> },
    /// Strangers may call these endpoints, and nothing says how often.
    NoLimit { endpoints: Vec<String>, kinds: Vec<EndpointKind> },
}

impl ProtectError {
    /// What keeps the engine from protecting these endpoints.
    fn of(entries: &[Entry], auth: &Auth) -> Option<Self> {
        let policy = auth.policy();
        let why =
            Why::other_policy(entries, &policy).or_else(|| Why::no_limit(entries, &policy))?;
        Some(Self { why, policy: policy.path().to_owned() })
    }
}

impl Why {
    fn other_policy(entries: &[Entry], policy: &Policy) -> Option<Self> {
        let entry = entries.iter().find(|entry| !entry.agrees_with(policy.structure()))?;
        Some(Self::OtherPolicy { handler: entry.handler, routed_at: entry.routed_at })
    }

    /// SECURITY: an endpoint where strangers try passwords or tokens is not served without a limit.
    fn no_limit(entries: &[Entry], policy: &Policy) -> Option<Self> {
        let unlimited = |kind: &EndpointKind| policy.endpoint_limit(*kind).is_none();
        let open = entries.iter().filter(|entry| entry.kind.is_some_and(|kind| unlimited(&kind)));
        let endpoints: Vec<_> =
            open.clone().map(|entry| format!("{} {}", entry.method, entry.path)).collect();
        let mut kinds: Vec<_> = open.filter_map(|entry| entry.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        (!endpoints.is_empty()).then_some(Self::NoLimit { endpoints, kinds })
    }
}

impl fmt::Display for ProtectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let policy = &self.policy;
        match &self.why {
            Why::OtherPolicy { handler, routed_at } => write!(
                f,
                "`{handler}`, routed at {routed_at}, was compiled against a policy with other \
                 scopes, roles, schemes or rules than `{policy}`, which the engine runs: build both \
                 from the same policy file"
            ),
            Why::NoLimit { endpoints, kinds } => {
                let lines: Vec<_> = kinds
                    .iter()
                    .map(|kind| format!("{}: {{ limit: .. }}", kind.as_str()))
                    .collect();
                write!(
                    f,
                    "nothing in `{policy}` limits how often strangers call `{}`: name one of its \
                     `limits` for each kind, `endpoints: {{ {} }}`",
                    endpoints.join("`, `"),
                    lines.join(", ")
                )
            }
        }
    }
}

impl Error for ProtectError {}
