//! Cookie sessions. In: an account whose password was right. Out: a cookie that says who it is until
//! it is ended, is not used for too long, or has had its time.
//!
//! A session is a record in the store and nothing else: who deletes the record ends the session, in
//! every process, with the next request. What its cookie may do is what its account may do now.

mod book;
mod error;
mod info;
mod record;
mod routes;
mod token;
mod verify;

use std::sync::Arc;

use auth_policy::settings::SessionScheme;
use axum::http::{HeaderMap, HeaderValue};

pub(crate) use book::Book;
pub use error::SessionError;
pub use info::{Begun, Session};
pub use routes::router;
pub(crate) use verify::{Distrust, verify};

use crate::{
    Auth, Denial, Identity,
    account::{Account, Accounts},
    audit::{CredentialKind, Event, Kind},
    challenge::Challenges,
    cookie::SetCookie,
    credential::Presented,
    session::{
        record::Stored,
        token::{COLLECTION, Token},
    },
    step_up::StepUp,
    store::{Key, Owner, StoreError},
};

/// Begins, lists and ends the sessions of accounts: [`Auth::sessions`].
///
/// A changed role needs nothing here: a session has the roles that its account has now.
#[derive(Clone, Debug)]
pub struct Sessions {
    auth: Auth,
    book: Arc<Book>,
    accounts: Arc<dyn Accounts>,
    /// How surely those prove who they are whose sessions begin, or are renewed, here.
    acr: Option<Arc<str>>,
}

impl Auth {
    /// The sessions of this service; `None` when the policy declares no `session` scheme.
    pub fn sessions(&self) -> Option<Sessions> {
        let (book, accounts) = (Arc::clone(self.session_book()?), Arc::clone(self.accounts()?));
        Some(Sessions { auth: self.clone(), book, accounts, acr: None })
    }
}

impl Sessions {
    /// The same for people who have proved in this way who they are: one of the policy's
    /// `acr_values`. Sessions that are begun or renewed through it meet rules that ask for it, or
    /// for a weaker one.
    ///
    /// # Security
    ///
    /// Say it only where that proof was just given, such as a second factor. A session that is
    /// renewed without it, by the password alone, is as weak as that again.
    #[must_use]
    pub fn with_acr(self, acr: &str) -> Self {
        Self { acr: Some(acr.into()), ..self }
    }

    /// Begins a session for an account whose password was right, or whom somebody else vouches for.
    ///
    /// `headers` are those of the request that signs in: the session whose cookie they carry ends,
    /// whoever's it is, and nothing of it goes on in the new one.
    ///
    /// # Errors
    ///
    /// [`SessionError::Refused`] when the account was closed, or its password changed, meanwhile;
    /// [`SessionError::Full`] when it has all the sessions it may have and the policy says `refuse`;
    /// [`SessionError::Ambiguous`] for two cookies of the session's name.
    pub async fn begin(
        &self,
        account: &Account,
        headers: &HeaderMap,
    ) -> Result<Begun, SessionError> {
        let owner = account.owner().ok_or(SessionError::Refused)?;
        self.end_presented(headers).await?;
        let now = self.auth.now();
        let live = self.book.live(&owner, now).await?;
        let token = Token::random(owner)?;
        let stored = Stored {
            secret: token.hash(),
            order: live.last().map_or(0, |(_, stored)| stored.order.saturating_add(1)),
            created_at: now.0,
            authenticated_at: now.0,
            last_seen: now.0,
            ends_at: now.plus(self.book.scheme().lifetime).0,
            user_agent: info::user_agent(headers),
            acr: self.acr.as_deref().map(str::to_owned),
        };
        self.book.insert(&token, &stored, now).await?;
        self.unless_changed(account, &token).await?;
        self.book.make_room(&token.key, self.auth.now()).await?;
        self.report(Kind::SessionBegun, &account.id, Some(&token.key.id), None);
        self.begun(&token, &stored)
    }

    /// Begins a session whose holder signed in at that moment, that surely.
    #[cfg(feature = "testing")]
    pub(crate) async fn begin_for_a_test(
        &self,
        account: &Account,
        authenticated_at: crate::clock::Timestamp,
        acr: Option<&str>,
    ) -> Result<Begun, SessionError> {
        let owner = account.owner().ok_or(SessionError::Refused)?;
        let now = self.auth.now();
        let token = Token::random(owner)?;
        let stored = Stored {
            secret: token.hash(),
            order: 0,
            created_at: now.0,
            authenticated_at: authenticated_at.0,
            last_seen: now.0,
            ends_at: now.plus(self.book.scheme().lifetime).0,
            user_agent: None,
            acr: acr.map(str::to_owned),
        };
        self.book.insert(&token, &stored, now).await?;
        self.begun(&token, &stored)
    }

    /// Gives the caller's session a new id and secret, and says that the password has just been
    /// said: after the password was asked for again, and after a change of what somebody may do.
    /// The old cookie is worth nothing from then on. When the session ends at the latest stays.
    ///
    /// # Errors
    ///
    /// [`SessionError::Ended`] when the session has ended meanwhile, or the caller came with another
    /// credential; [`SessionError::Refused`] as for [`begin`](Self::begin).
    pub async fn renew(&self, caller: &Identity, account: &Account) -> Result<Begun, SessionError> {
        let old = self.key_of(caller).ok_or(SessionError::Ended)?;
        let now = self.auth.now();
        let (_, stored) = self.book.get(&old, now).await?.ok_or(SessionError::Ended)?;
        let token = Token::random(old.owner.clone())?;
        let stored = Stored {
            secret: token.hash(),
            authenticated_at: now.0,
            last_seen: now.0,
            acr: self.acr.as_deref().map(str::to_owned),
            ..stored
        };
        // The new one before the old one goes: whoever ends all of them meanwhile ends either both
        // or the old one, and then the new one goes too.
        self.book.insert(&token, &stored, now).await?;
        self.unless_changed(account, &token).await?;
        if self.book.store.take(&old, now).await?.is_none() {
            self.book.store.delete(&token.key, now).await?;
            return Err(SessionError::Ended);
        }
        self.report(Kind::SessionBegun, &account.id, Some(&token.key.id), Some("renewed"));
        self.begun(&token, &stored)
    }

    /// The session of a caller who came with one.
    ///
    /// # Errors
    ///
    /// [`SessionError::Ended`] when it has ended meanwhile, or the caller came with another
    /// credential.
    pub async fn current(&self, caller: &Identity) -> Result<Session, SessionError> {
        let key = self.key_of(caller).ok_or(SessionError::Ended)?;
        let found = self.book.get(&key, self.auth.now()).await?;
        let (_, stored) = found.ok_or(SessionError::Ended)?;
        Ok(Session::new(&key, &stored, &self.book.scheme()))
    }

    /// The sessions of an account, the one that began last first.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn list(&self, account_id: &str) -> Result<Vec<Session>, StoreError> {
        let Some(owner) = Owner::new(account_id) else { return Ok(Vec::new()) };
        let live = self.book.live(&owner, self.auth.now()).await?;
        let sessions = live.iter().rev();
        Ok(sessions.map(|(key, stored)| Session::new(key, stored, &self.book.scheme())).collect())
    }

    /// Ends one session of an account: `false` says that it has no such session.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn end(&self, account_id: &str, session_id: &str) -> Result<bool, StoreError> {
        let Some(key) = key(account_id, session_id) else { return Ok(false) };
        let ended = self.book.store.delete(&key, self.auth.now()).await?;
        if ended {
            self.report(Kind::SessionEnded, account_id, Some(&key.id), None);
        }
        Ok(ended)
    }

    /// Ends every session of an account, in one step: after it was closed, or its password reset.
    ///
    /// # Errors
    ///
    /// When the store does not answer: then some process must try again.
    pub async fn end_all(&self, account_id: &str) -> Result<(), StoreError> {
        let Some(owner) = Owner::new(account_id) else { return Ok(()) };
        self.book.store.delete_owned(COLLECTION, &owner, self.auth.now()).await?;
        self.report(Kind::SessionEnded, account_id, None, Some("every-session"));
        Ok(())
    }

    /// Ends every session of the caller's account but the one the caller came with: after a change
    /// of password. Of a caller with another credential it ends all; a caller of another issuer has
    /// none here.
    ///
    /// # Errors
    ///
    /// When the store does not answer; what was ended until then stays ended.
    pub async fn end_others(&self, caller: &Identity) -> Result<(), StoreError> {
        let Some(owner) = self.owner_of(caller) else { return Ok(()) };
        let kept = self.key_of(caller);
        // Again until none is left: one may be renewed while the others end.
        loop {
            let now = self.auth.now();
            let all = self.book.store.list(COLLECTION, &owner, now).await?;
            let others =
                all.iter().map(|record| &record.key).filter(|key| Some(*key) != kept.as_ref());
            let mut ended = 0;
            for key in others {
                if self.book.store.delete(key, now).await? {
                    self.report(Kind::SessionEnded, owner.as_str(), Some(&key.id), None);
                }
                ended += 1;
            }
            if ended == 0 {
                return Ok(());
            }
        }
    }

    /// Whether the caller has signed in, or said the password again, within `fresh_for` of the
    /// policy: before what somebody at an unlocked screen should not do.
    ///
    /// # Errors
    ///
    /// 401 `insufficient_user_authentication` (RFC 9470) when that was longer ago, or is not known.
    pub fn require_fresh(&self, caller: &Identity) -> Result<(), Denial> {
        let (policy, fresh_for) = (self.auth.policy(), self.book.scheme().fresh_for);
        let asked = StepUp { max_age: Some(fresh_for), acr: None };
        let Some(lack) = asked.lack(caller, &policy, self.auth.now()) else { return Ok(()) };
        let scheme = 1u64.checked_shl(caller.scheme_id().0).unwrap_or(0);
        let challenges = Challenges::new(&policy, scheme);
        Err(Denial::insufficient_authentication(lack, asked, &challenges))
    }

    /// The header that takes the session's cookie away from a browser.
    pub fn clear_cookie(&self) -> Option<HeaderValue> {
        cookie(&self.book.scheme()).clear()
    }

    /// What the client is told.
    pub fn denial(&self, error: SessionError) -> Denial {
        error.denial(&self.auth.policy())
    }

    fn report(&self, what: Kind, account: &str, id: Option<&str>, cause: Option<&'static str>) {
        let policy = self.auth.policy();
        let scheme = policy.scheme(self.book.id);
        self.auth.record(&Event {
            subject: Some(&self.auth.subject(account)),
            scheme: scheme.map(|scheme| scheme.name.as_str()),
            credential_kind: Some(CredentialKind::Session),
            credential: id,
            cause,
            ..self.auth.event(what)
        });
    }

    /// Ends the session whose cookie these headers carry.
    pub(crate) async fn end_presented(&self, headers: &HeaderMap) -> Result<(), SessionError> {
        let bit = 1u64.checked_shl(self.book.id.0).unwrap_or(0);
        let presented = self.auth.in_force().carriers.find(headers, bit);
        let Presented::Session(value) = presented.map_err(|_| SessionError::Ambiguous)? else {
            return Ok(());
        };
        let Some(token) = Token::read(value) else { return Ok(()) };
        let now = self.auth.now();
        let found = self.book.find(&token, now).await?;
        // SECURITY: whoever knows its public id alone cannot end it.
        if self.book.open(&token, found, now).is_ok()
            && self.book.store.delete(&token.key, now).await?
        {
            let account = token.key.owner.as_str();
            self.report(Kind::SessionEnded, account, Some(&token.key.id), Some("signed-in-anew"));
        }
        Ok(())
    }

    /// Takes a session back whose account has changed since its password was compared: whoever
    /// closed the account has ended the sessions that were there then, and this one came later.
    async fn unless_changed(&self, account: &Account, token: &Token) -> Result<(), SessionError> {
        let now = self.auth.now();
        let current = self.accounts.by_id(&account.id, now).await?;
        let open = current.filter(|current| !current.disabled);
        if open.is_some_and(|current| current.password == account.password) {
            return Ok(());
        }
        self.book.store.delete(&token.key, now).await?;
        Err(SessionError::Refused)
    }

    fn begun(&self, token: &Token, stored: &Stored) -> Result<Begun, SessionError> {
        // The answer to a sign-in is the one place where the value is seen.
        let set_cookie = cookie(&self.book.scheme()).to(token.write().expose());
        Ok(Begun {
            set_cookie: set_cookie.ok_or(SessionError::NoCookie)?,
            csrf_token: token.csrf().token(),
            session: Session::new(&token.key, stored, &self.book.scheme()),
        })
    }

    /// The key of the session a caller came with.
    fn key_of(&self, caller: &Identity) -> Option<Key> {
        let id = caller.credential_id().filter(|_| caller.scheme_id() == self.book.id)?;
        key(&caller.subject().id, id)
    }

    /// The account that a caller is.
    ///
    /// SECURITY: another issuer may give somebody the very id that one of our accounts has.
    fn owner_of(&self, caller: &Identity) -> Option<Owner> {
        let subject = caller.subject();
        let ours = *subject.issuer == *self.auth.own_issuer();
        Owner::new(&*subject.id).filter(|_| ours)
    }
}

fn key(account_id: &str, session_id: &str) -> Option<Key> {
    Key::new(COLLECTION, Owner::new(account_id)?, session_id)
}

/// The cookie: until the browser is closed, or the session is over, whichever is first.
fn cookie(scheme: &SessionScheme) -> SetCookie<'_> {
    SetCookie { name: &scheme.cookie, path: "/", same_site: scheme.same_site, max_age: None }
}
