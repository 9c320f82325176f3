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
    sync::Arc,
    task::{Context as TaskContext, Poll},
};

use auth_policy::{Policy, Structure, settings::EndpointKind};
use axum::{Router as AxumRouter, extract::Request, response::Response, serve::Listener};
use tower_layer::Layer;
use tower_service::Service;

use super::{
    answering::{Answering, Way},
    serving::Connections,
    steady::Steady,
};
use crate::{
    Auth, Https,
    context::Context,
    in_force::InForce,
    limit::network,
    problem::Problem,
    routing::inventory::{Access, Entry, Inventory},
    visit::Visit,
};

/// An application whose every endpoint is guarded: ready to be served, closed to new routes.
///
/// It is a tower [`Service`]; [`serve`](Self::serve) runs it on a listener. There is no way to add
/// a route to it, and [`into_axum`](Self::into_axum) is the only way out of it.
#[derive(Clone, Debug)]
pub struct Protected {
    router: Steady,
    auth: Auth,
    inventory: Arc<Inventory>,
    /// Whether whoever serves it speaks TLS.
    over_tls: bool,
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
        let policy = auth.policy();
        let inventory = Arc::new(Inventory::new(entries, &policy));
        // Before it is looked at, so that a reload meanwhile holds the statements of its policy to it.
        #[cfg(feature = "reload")]
        auth.serves(&inventory);
        if let Some(why) = Why::broken_statements(&inventory, &policy) {
            return Err(ProtectError { why, policy: policy.path().to_owned() });
        }
        let router = if has_fallback { router } else { router.fallback(no_such_path) };
        let router = router.method_not_allowed_fallback(no_such_method);
        Ok(Self { router: Steady(router), auth, inventory, over_tls: false })
    }

    /// Every endpoint and who may call it.
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// The policy in force.
    pub(crate) fn policy(&self) -> Arc<Policy> {
        self.auth.policy()
    }

    #[cfg(feature = "testing")]
    pub(crate) fn auth(&self) -> Auth {
        self.auth.clone()
    }

    /// Says that the listener which serves this application speaks TLS, so that each of its requests
    /// counts as one that came by TLS: see [`Https::Required`].
    ///
    /// # Security
    ///
    /// Nothing checks it. Of an application that is served on two listeners, let one clone say so.
    #[must_use]
    pub fn over_tls(mut self) -> Self {
        self.over_tls = true;
        self
    }

    /// Serves the application on a listener, until the process ends. The listener is tokio's for
    /// plain HTTP, or one of the application's own, such as one that speaks TLS
    /// ([`over_tls`](Self::over_tls)). The addresses it accepts are those of the peers.
    ///
    /// # Errors
    ///
    /// When the listener fails for good.
    pub async fn serve<L>(self, listener: L) -> io::Result<()>
    where
        L: Listener<Addr = SocketAddr>,
    {
        axum::serve(listener, Connections(self)).await
    }

    /// Serves the application until `stop` resolves, lets requests in flight finish, and then
    /// writes what waits to be written ([`Auth::flush`]).
    ///
    /// # Errors
    ///
    /// When the listener fails for good.
    pub async fn serve_until<L, F>(self, listener: L, stop: F) -> io::Result<()>
    where
        L: Listener<Addr = SocketAddr>,
        F: Future<Output = ()> + Send + 'static,
    {
        let auth = self.auth.clone();
        let served = axum::serve(listener, Connections(self)).with_graceful_shutdown(stop).await;
        if let Err(error) = auth.flush().await {
            tracing::warn!(target: "auth", %error, "the last uses of sessions are lost");
        }
        served
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
    type Future = Answering;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.router, cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let visit = Visit::new(&self.auth, &request);
        let way = if self.admits(&visit, &request) {
            request.extensions_mut().insert(Context::new(Arc::clone(&visit)));
            self.route(&visit.in_force, request)
        } else {
            Way::InPlainText(self.auth.clone())
        };
        Answering::new(way, visit)
    }
}

impl Protected {
    /// Whether a request came in a way that is answered.
    ///
    /// SECURITY: what the request says of itself counts for nothing: not its scheme, and its headers
    /// only where a listed proxy wrote them.
    fn admits(&self, visit: &Visit, request: &Request) -> bool {
        let network = visit.in_force.policy.network();
        self.over_tls
            || visit.auth.https() == Https::Optional
            || network::came_by_tls(network, request.extensions(), request.headers())
    }

    fn route(&mut self, in_force: &InForce, request: Request) -> Way {
        match in_force.transport.cors(&request) {
            None => Way::Straight(self.router.call(request)),
            Some(cors) => {
                Way::AcrossOrigins(Box::pin(cors.layer(self.router.clone()).call(request)))
            }
        }
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
    /// What the policy says of these endpoints under `never` or `always` is not so.
    Broken(Vec<String>),
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

    /// SECURITY: what must never be reached is not served where it is reached.
    fn broken_statements(inventory: &Inventory, policy: &Policy) -> Option<Self> {
        let broken = inventory.broken_statements(policy);
        (!broken.is_empty()).then_some(Self::Broken(broken))
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
            Why::Broken(statements) => {
                write!(f, "`{policy}` does not hold for these routes: {}", statements.join("; "))
            }
        }
    }
}

impl Error for ProtectError {}
