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
pub(crate) async fn within_ceiling(
    auth: &Auth,
    policy: &Policy,
    token: VerifiedToken,
) -> Result<VerifiedToken, Unwelcome> {
    match client_of(policy, &token)? {
        // Boxed: most tokens do without it, and every guard would be as long.
        Some(client) => Box::pin(within(auth, policy, &token, client)).await,
        None => Ok(token),
    }
}

/// The client whose ceiling counts.
pub(crate) fn client_of<'t>(
    policy: &Policy,
    token: &'t VerifiedToken,
) -> Result<Option<&'t str>, Unwelcome> {
    match (itself(token), token.client_id()) {
        // A client that acts for itself says so twice; a user is never a client (OT10).
        (Some(itself), Some(client)) if itself == client => Ok(Some(client)),
        (Some(_), _) => Err(Unwelcome::Client("client-mismatch")),
        (None, client) => Ok(client.filter(|_| policy.oauth().is_some())),
    }
}

/// The token within the ceiling of that client.
///
/// SECURITY: the client is looked up for each request, so that one that is closed is closed at once.
async fn within(
    auth: &Auth,
    policy: &Policy,
    token: &VerifiedToken,
    client: &str,
) -> Result<VerifiedToken, Unwelcome> {
    let clients = Clients::of(auth).ok_or(Unwelcome::Client("client-unknown"))?;
    let client = clients.by_id(client).await.map_err(Unwelcome::Store)?;
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
    let token = token.clone();
    Ok(match itself(&token).is_some() {
        true => token.with_client_ceiling(ceiling),
        false => token.within(ceiling),
    })
}

/// The client that a token is about, where it is about one.
fn itself(token: &VerifiedToken) -> Option<&str> {
    token.subject().strip_prefix(Client::SUBJECT)
}
