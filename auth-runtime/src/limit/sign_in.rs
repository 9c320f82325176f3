//! The limit of what proves an identity. In: the name somebody tries to sign in with, and the
//! client. Out: a permit to try, whose cells come back if the try succeeds.

use auth_policy::{policy::LimitId, settings::EndpointKind};

use super::{
    Client,
    enforce::{Cells, Enforcer},
};
use crate::{Auth, audit::Kind, denial::Denial};

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
}

impl SignInLimit {
    /// The limit of that name; `None` where the policy declares none.
    pub fn named(auth: &Auth, limit: &str) -> Option<Self> {
        let limit = auth.policy().limit_id(limit)?;
        Some(Self { auth: auth.clone(), limit })
    }

    /// The limit that `endpoints` names for that kind; `None` where it names none.
    pub fn of(auth: &Auth, kind: EndpointKind) -> Option<Self> {
        let limit = auth.policy().endpoint_limit(kind)?;
        Some(Self { auth: auth.clone(), limit })
    }

    /// Takes a cell from every bucket of the limit: `address` is the client's, `account` and
    /// `credential` are the name, in whatever letters it is written.
    ///
    /// # Errors
    ///
    /// 429 where one of them has none left, and then none was taken; 503 where the limiter does not
    /// answer, unless the limit says otherwise.
    pub async fn before(&self, account: &str, client: &Client) -> Result<Permit, Denial> {
        let enforcer = Enforcer::of(&self.auth, client.clone());
        match enforcer.attempt(self.limit, account).await {
            Ok(cells) => Ok(Permit { auth: self.auth.clone(), client: client.clone(), cells }),
            Err(limited) => {
                self.auth.report(Kind::Login, None, Err(limited.cause));
                Err(limited.denial)
            }
        }
    }
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
