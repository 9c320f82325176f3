//! Signing in with a password. In: a user name and a password. Out: the open account they belong
//! to, or the one refusal there is; and in either case a cost that says nothing.

use std::{error::Error, fmt, sync::Arc};

use auth_policy::settings::EndpointKind;

use crate::{
    Auth, Denial,
    account::{Account, Accounts},
    audit::{CredentialKind, Decision, Event, Kind, Tag},
    limit::{Client, SignInLimit},
    password::{Hasher, PasswordError, Verdict},
    secret::Secret,
    store::StoreError,
};

/// Checks user names and passwords against the accounts of an engine.
#[derive(Clone, Debug)]
pub struct PasswordSignIn {
    auth: Auth,
    accounts: Arc<dyn Accounts>,
    hasher: Hasher,
}

impl PasswordSignIn {
    /// The longest user name that is looked up, in bytes. A longer one is nobody's.
    pub const MAX_USERNAME_BYTES: usize = 254;

    /// The accounts of that engine, whose passwords were hashed by that hasher or earlier ones.
    ///
    /// # Errors
    ///
    /// [`SignInError::NoStore`] when the engine has no store, and so no accounts.
    pub fn new(auth: Auth, hasher: Hasher) -> Result<Self, SignInError> {
        let accounts = Arc::clone(auth.accounts().ok_or(SignInError::NoStore)?);
        Ok(Self { auth, accounts, hasher })
    }

    /// The account with that name and password, for a client who has an attempt left: the limit is
    /// the one that `endpoints.login` of the policy names, if there is one.
    ///
    /// # Errors
    ///
    /// [`SignInError::Limited`] before anything is looked up or hashed; and those of
    /// [`check`](Self::check).
    ///
    /// # Security
    ///
    /// The attempt is counted before it begins and given back when it succeeds.
    pub async fn check_from(
        &self,
        client: &Client,
        username: &str,
        password: Secret,
    ) -> Result<Account, SignInError> {
        self.attempt(client, username, self.check(username, password)).await
    }

    /// Whether that is the password of an account that is known already, for a client who has an
    /// attempt left. It is counted as signing in to that account is.
    ///
    /// # Errors
    ///
    /// [`SignInError::Limited`] before anything is hashed; and those of [`confirm`](Self::confirm).
    pub async fn confirm_from(
        &self,
        client: &Client,
        id: &str,
        password: Secret,
    ) -> Result<Account, SignInError> {
        let account = self.accounts.by_id(id, self.auth.now()).await?;
        let name = account.as_ref().map_or(id, |account| account.username.as_str());
        self.attempt(client, name, self.confirm(id, password)).await
    }

    /// What is done with one of the client's attempts.
    async fn attempt(
        &self,
        client: &Client,
        name: &str,
        work: impl Future<Output = Result<Account, SignInError>>,
    ) -> Result<Account, SignInError> {
        // Asked anew each time: another policy may name another limit.
        let limit = SignInLimit::of(&self.auth, EndpointKind::Login);
        let Some(limit) = limit else { return work.await };
        let permit = limit.before(name, client).await.map_err(SignInError::Limited)?;
        let account = work.await?;
        permit.succeeded().await;
        Ok(account)
    }

    /// The account with that name and password, whoever asks and however often: see
    /// [`check_from`](Self::check_from).
    ///
    /// A refusal is reported to the audit sink. A success is not, because it is none yet: whoever
    /// gives out a credential reports that with [`Auth::report_login`].
    ///
    /// # Errors
    ///
    /// [`SignInError::Refused`] when nobody has that name, the password is another, or the account
    /// is closed: all three look and last the same.
    ///
    /// # Security
    ///
    /// A hash made at a lower cost than today's, or imported, is made anew on success.
    pub async fn check(&self, username: &str, password: Secret) -> Result<Account, SignInError> {
        let now = self.auth.now();
        let account = match username.len() {
            0..=Self::MAX_USERNAME_BYTES => self.accounts.by_name(username, now).await?,
            _ => None,
        };
        let again = password.clone();
        // With no such account this costs as much: time does not tell which accounts there are.
        let stored = account.as_ref().map(|account| &account.password);
        let verdict = self.hasher.verify(password, stored).await?;
        match account {
            Some(account) if !verdict.is_right() => {
                Err(self.refused(Some(&account), username, "wrong-password"))
            }
            Some(account) if account.disabled => {
                Err(self.refused(Some(&account), username, "account-disabled"))
            }
            Some(account) => self.renewed(account, verdict, again).await,
            None => Err(self.refused(None, username, "no-such-account")),
        }
    }

    /// Whether that is the password of an account that is known already: before what only its
    /// owner may do.
    ///
    /// # Errors
    ///
    /// [`SignInError::Refused`] when it is another, or the account is closed or gone.
    pub async fn confirm(&self, id: &str, password: Secret) -> Result<Account, SignInError> {
        let account = self.accounts.by_id(id, self.auth.now()).await?;
        let stored = account.as_ref().map(|account| &account.password);
        let verdict = self.hasher.verify(password, stored).await?;
        match account {
            Some(account) if verdict.is_right() && !account.disabled => Ok(account),
            Some(account) => {
                let cause = if account.disabled { "account-disabled" } else { "wrong-password" };
                Err(self.refused(Some(&account), &account.username, cause))
            }
            None => Err(self.refused(None, id, "no-such-account")),
        }
    }

    /// What the client is told.
    pub fn denial(&self, error: SignInError) -> Denial {
        match error {
            SignInError::Limited(denial) => denial,
            SignInError::Refused => Denial::wrong_password(&self.auth.policy()),
            SignInError::Password(error) => error.into(),
            SignInError::Store(error) => error.into(),
            SignInError::NoStore => Denial::internal(),
        }
    }

    /// The account with its password hashed anew, if the hash was made at another cost than today's.
    async fn renewed(
        &self,
        mut account: Account,
        verdict: Verdict,
        password: Secret,
    ) -> Result<Account, SignInError> {
        if let Verdict::Right { outdated: true } = verdict {
            let hash = self.hasher.hash(password).await?;
            let (id, was) = (&account.id, &account.password);
            // Where the password has changed meanwhile, the account stays as it was compared, and
            // nothing is given out for it.
            if self.accounts.set_password(id, was, &hash, self.auth.now()).await? {
                account.password = hash;
            }
        }
        Ok(account)
    }

    /// Reports a refusal. SECURITY: what was typed as a name may be a password, so of it the event
    /// has a tag alone.
    fn refused(
        &self,
        account: Option<&Account>,
        username: &str,
        cause: &'static str,
    ) -> SignInError {
        let subject = account.map(|account| self.auth.subject(&account.id));
        self.auth.record(&Event {
            decision: Decision::Deny,
            subject: subject.as_ref(),
            credential_kind: Some(CredentialKind::Password),
            account: Tag::of_name(username),
            cause: Some(cause),
            ..self.auth.event(Kind::Login)
        });
        SignInError::Refused
    }
}

/// Why nobody signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignInError {
    /// The engine was built without a store.
    NoStore,
    /// Too many attempts were made: the answer that says when the next one may be.
    Limited(Denial),
    /// Name and password do not belong together, or to an open account.
    Refused,
    /// The password could not be looked at.
    Password(PasswordError),
    /// The store gave no answer.
    Store(StoreError),
}

impl From<PasswordError> for SignInError {
    fn from(error: PasswordError) -> Self {
        Self::Password(error)
    }
}

impl From<StoreError> for SignInError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStore => f.write_str("the engine has no store: give it one with `.store(..)`"),
            Self::Limited(_) => f.write_str("too many attempts were made"),
            Self::Refused => f.write_str("the user name or the password is wrong"),
            Self::Password(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl Error for SignInError {}
