//! What a client's token is worth now. In: a token of our own that verified. Out: the same within
//! what its client is registered for today, or nothing.

use auth_policy::{Policy, policy::ScopeId};

use super::{client::Client, clients::Clients};
use crate::{Auth, jwt::VerifiedToken, store::StoreError};

/// Why a token that verified is worth nothing.
#[derive(Debug)]
pub(crate) enum Unwelcome {
    /// Its client is closed, unknown, or not the one it names: the cause, for the audit event.
    Client(&'static str),
    /// The store gave no answer.
    Store(StoreError),
}

/// A token of our own within its client's ceiling. One that names no client stays what it is, and
/// so does everything where the policy has no `oauth`: then clients are the application's own.
///
/// SECURITY: the client is looked up for each request, so that one that is closed is closed at once.
pub(crate) async fn within_ceiling(
    auth: &Auth,
    policy: &Policy,
    token: VerifiedToken,
) -> Result<VerifiedToken, Unwelcome> {
    let itself = token.subject().strip_prefix(Client::SUBJECT);
    let id = match (itself, token.client_id()) {
        // A client that acts for itself says so twice; a user is never a client (OT10).
        (Some(itself), Some(client)) if itself == client => client,
        (Some(_), _) => return Err(Unwelcome::Client("client-mismatch")),
        (None, Some(client)) if policy.oauth().is_some() => client,
        (None, _) => return Ok(token),
    };
    let clients = Clients::of(auth).ok_or(Unwelcome::Client("client-unknown"))?;
    let client = clients.by_id(id).await.map_err(Unwelcome::Store)?;
    let client = client.ok_or(Unwelcome::Client("client-unknown"))?;
    if client.disabled {
        return Err(Unwelcome::Client("client-disabled"));
    }
    // SECURITY: what the client before it was given is none of this one's, which has the same id.
    if token.issued_at().is_none_or(|at| at < client.registered_at) {
        return Err(Unwelcome::Client("client-unknown"));
    }
    let ceiling: Vec<ScopeId> =
        client.scopes.iter().filter_map(|name| policy.scope_id(name)).collect();
    Ok(match itself.is_some() {
        true => token.with_client_ceiling(ceiling),
        false => token.within(ceiling),
    })
}
