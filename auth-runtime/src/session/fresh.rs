//! Whether somebody has proved lately who they are. In: a caller. Out: nothing, or a refusal that
//! says how recent it has to be (RFC 9470).

use auth_policy::settings::Seconds;

use crate::{Auth, Denial, Identity, denial::Challenges};

pub(super) fn require(auth: &Auth, caller: &Identity, within: Seconds) -> Result<(), Denial> {
    let fresh = caller.authenticated_at().is_some_and(|at| auth.now() < at.plus(within));
    if fresh {
        return Ok(());
    }
    let scheme = 1u64.checked_shl(caller.scheme_id().0).unwrap_or(0);
    Err(Denial::insufficient_authentication(within, &Challenges::new(&auth.policy(), scheme)))
}
