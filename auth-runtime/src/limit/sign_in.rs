//! The limit of what proves an identity. In: the name somebody tries to sign in with, and the
//! client. Out: a permit to try, whose cells come back if the try succeeds.

use auth_policy::{policy::LimitId, settings::EndpointKind};

use super::{
    Client,
    enforce::{Caller, Cells, Enforcer, Limited},
};
use crate::{
    Auth,
    audit::{Decision, Event, Kind, Tag},
    denial::Denial,
};

/// Counts attempts to sign in, before anything costly is done for them.
///
/// An attempt takes its cells when it begins and gives them back when it succeeds: what is counted
/// in the end are failures, and yet of a thousand attempts at once no more than the limit allows are
/// made. The cells of the account count from wherever the attempts come; and since cells come back
/// one by one, no number of failures shuts the owner out for good.
///
/// ```no_run
/// # use auth_runtime::{Auth, Denial, limit::{Client, SignInLimit}, problem::Problem};
/// # async fn is_right(_: &str) -> bool { true }
/// async fn sign_in(auth: &Auth, client: &Client, name: &str) -> Result<bool, Denial> {
///     let limit = SignInLimit::named(auth, "login").ok_or_else(Problem::internal)?;
///     let permit = limit.before(name, client).await?;
///     let right = is_right(name).await;
///     if right {
///         permit.succeeded().await;
///     }
///     Ok(right)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct SignInLimit {
    auth: Auth,
    limit: LimitId,
    /// What is tried, in the words of audit events.
    kind: Kind,
}

impl SignInLimit {
    /// The limit of that name; `None` where the policy declares none.
    pub fn named(auth: &Auth, limit: &str) -> Option<Self> {
        let limit = auth.policy().limit_id(limit)?;
        Some(Self { auth: auth.clone(), limit, kind: Kind::Login })
    }

    /// The limit that `endpoints` names for that kind; `None` where it names none.
    pub fn of(auth: &Auth, endpoints: EndpointKind) -> Option<Self> {
        let limit = auth.policy().endpoint_limit(endpoints)?;
        let kind = match endpoints {
            EndpointKind::Login | EndpointKind::Provider => Kind::Login,
            EndpointKind::Register => Kind::AccountCreated,
            EndpointKind::Reset => Kind::PasswordReset,
            EndpointKind::Refresh => Kind::TokenRefreshed,
            EndpointKind::Token => Kind::TokenIssued,
        };
        Some(Self { auth: auth.clone(), limit, kind })
    }

    /// Takes a cell from every bucket of the limit: `address` is the client's, `account` and
    /// `credential` are the name, in whatever letters it is written.
    ///
    /// # Errors
    ///
    /// 429 where one of them has none left, and then none was taken; 503 where the limiter does not
    /// answer, unless the limit says otherwise.
    pub async fn before(&self, account: &str, client: &Client) -> Result<Permit, Denial> {
        self.take(Some(account), client).await
    }

    /// The same for somebody who has no name yet: the address counts in its place.
    ///
    /// # Errors
    ///
    /// Those of [`before`](Self::before).
    pub async fn before_anybody(&self, client: &Client) -> Result<Permit, Denial> {
        self.take(None, client).await
    }

    async fn take(&self, name: Option<&str>, client: &Client) -> Result<Permit, Denial> {
        let cells = self.enforcer(client).attempt(self.limit, called(name)).await;
        let cells = cells.map_err(|limited| self.refused(name, limited))?;
        Ok(Permit { auth: self.auth.clone(), client: client.clone(), cells })
    }

    fn enforcer(&self, client: &Client) -> Enforcer<'_> {
        Enforcer::of(&self.auth, client.clone())
    }

    /// Reports who is not served.
    fn refused(&self, name: Option<&str>, Limited { denial, cause }: Limited) -> Denial {
        let failed = denial.status().is_server_error();
        self.auth.record(&Event {
            decision: if failed { Decision::Error } else { Decision::Deny },
            // SECURITY: what was typed as a name may be a password.
            account: name.and_then(Tag::of_name),
            cause: Some(cause),
            ..self.auth.event(self.kind)
        });
        denial
    }
}

/// Counts a call of an endpoint of this crate, if the policy names a limit for its kind. Calls of
/// these kinds are counted whether they succeed or not.
pub(crate) async fn count(
    auth: &Auth,
    endpoints: EndpointKind,
    name: Option<&str>,
    client: &Client,
) -> Result<(), Denial> {
    match SignInLimit::of(auth, endpoints) {
        Some(limit) => limit.take(name, client).await.map(drop),
        None => Ok(()),
    }
}

/// The first half of [`count`], before anything is looked up for the call: addresses and routes.
pub(crate) async fn count_stranger(
    auth: &Auth,
    endpoints: EndpointKind,
    client: &Client,
) -> Result<(), Denial> {
    let Some(limit) = SignInLimit::of(auth, endpoints) else { return Ok(()) };
    let counted = limit.enforcer(client).before_anything(limit.limit).await;
    counted.map_err(|limited| limit.refused(None, limited))
}

/// The second half, once it is known who calls, if it is anybody.
pub(crate) async fn count_caller(
    auth: &Auth,
    endpoints: EndpointKind,
    name: Option<&str>,
    client: &Client,
) -> Result<(), Denial> {
    let Some(limit) = SignInLimit::of(auth, endpoints) else { return Ok(()) };
    let counted = limit.enforcer(client).once_known(Some(limit.limit), None, called(name)).await;
    counted.map_err(|limited| limit.refused(name, limited))
}

fn called(name: Option<&str>) -> Caller<'_> {
    name.map_or(Caller::Nobody, Caller::Named)
}

/// An attempt that may be made. Dropped, it has failed.
#[derive(Debug)]
#[must_use = "an attempt that succeeds gives its cells back"]
pub struct Permit {
    auth: Auth,
    client: Client,
    cells: Cells,
}

impl Permit {
    /// Gives the cells back.
    pub async fn succeeded(self) {
        Enforcer::of(&self.auth, self.client.clone()).give_back(&self.cells).await;
    }
}
