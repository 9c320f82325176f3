//! Linking by somebody who is signed in. In: a session whose holder has just proved who they are. Out:
//! a browser on its way to a provider, and what the provider says linked to that account.
//!
//! SECURITY: this is the only way in which an identity comes to an account that is there already. An
//! e-mail address that is the same is no such way (OC8).

use auth_policy::settings::SameSite;
use axum::{
    http::{HeaderMap, Uri},
    response::Response,
};

use super::{
    LinkedIdentity, Profile, ProviderSignIn, Unlinked,
    failure::{Code, Failure},
    linked, routes,
    sign_in::internal,
    transaction::LinkTo,
};
use crate::{Denial, host::host, store::StoreError};

impl ProviderSignIn {
    /// Sends the browser of somebody who is signed in to a provider. What they are there leads to
    /// this account too, once they come back, if the session is still there then. `next` is the
    /// listed path that it ends on, with `?error=` and a code if it came to nothing. The request's
    /// headers and target say which host it is for; that counts in
    /// [`Development`](super::Stage::Development) alone.
    ///
    /// The answer is a page that leads on by itself, since a form may not be sent to another site.
    ///
    /// # Errors
    ///
    /// 404 for a provider that is not there; 503 when the store does not answer.
    ///
    /// # Security
    ///
    /// Whoever may call it gives somebody a way into the account: call it for a form with its token
    /// against forged requests ([`CsrfForm`](crate::csrf::CsrfForm)), and only after
    /// [`require_fresh`](crate::session::Sessions::require_fresh).
    pub async fn link(
        &self,
        provider: &str,
        account_id: &str,
        session_id: &str,
        next: Option<&str>,
        headers: &HeaderMap,
        uri: &Uri,
    ) -> Result<Response, Denial> {
        let (account_id, session_id) = (account_id.to_owned(), session_id.to_owned());
        let link = LinkTo { account_id, session_id };
        routes::lead_out(self, provider, next, Some(link), host(headers, uri)).await
    }

    /// The identities at providers that lead to an account, sorted by provider.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn linked(&self, account_id: &str) -> Result<Vec<LinkedIdentity>, StoreError> {
        linked::list(self.store(), account_id, self.auth().now()).await
    }

    /// Removes an identity from an account: nobody comes to the account by it from now on. Sessions
    /// that began by it go on.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn unlink(&self, account_id: &str, id: &str) -> Result<Unlinked, StoreError> {
        let (auth, now) = (self.auth(), self.auth().now());
        let Some(accounts) = auth.accounts() else { return Ok(Unlinked::NotThere) };
        match accounts.by_id(account_id, now).await? {
            Some(account) => {
                let served = |provider: &str| self.remote(provider).is_some();
                linked::unlink(auth, self.store(), &account, id, served).await
            }
            None => Ok(Unlinked::NotThere),
        }
    }

    /// Whether the session that wants something linked is there still, of an account that is open.
    pub(super) async fn still_there(&self, link: &LinkTo) -> Result<(), Failure> {
        let auth = self.auth();
        let accounts = auth.accounts().ok_or_else(internal)?;
        let account = accounts.by_id(&link.account_id, auth.now()).await?;
        let open = account.is_some_and(|account| !account.disabled);
        let sessions = auth.sessions().ok_or_else(internal)?.list(&link.account_id).await?;
        match open && sessions.iter().any(|session| session.id == link.session_id) {
            true => Ok(()),
            false => Err(Failure::Ended(Code::SignedOut, "session-ended")),
        }
    }

    /// Links what a provider says to the account that wants it: when browsers send along the cookie
    /// of the session that goes on.
    pub(super) async fn link_to(
        &self,
        link: &LinkTo,
        profile: &Profile,
    ) -> Result<SameSite, Failure> {
        // Again: asking the provider took its time.
        self.still_there(link).await?;
        linked::link(self.auth(), self.store(), &link.account_id, profile).await?;
        let policy = self.auth().policy();
        Ok(policy.session().map(|(_, scheme)| scheme.same_site).unwrap_or_default())
    }
}
