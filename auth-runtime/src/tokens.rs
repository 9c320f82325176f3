//! The life of a sign-in. In: an account, or a refresh token. Out: an access token with the refresh
//! token that goes with it; and the end of both.
//!
//! Every access token names its refresh family (`sid`), so that ending a family ends what came with
//! it: at once in this process, within `revocation.within` in the others.

use std::{error::Error, fmt, sync::Arc};

use auth_policy::settings::Seconds;
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    Auth, Denial, Identity,
    account::{Account, Accounts},
    audit::{CredentialKind, Decision, Event, Kind},
    jwt::{AccessGrant, IssueError},
    oauth::granted,
    password::PasswordHash,
    refresh::{Consented, Family, Live, RefreshError, RefreshTokens, Refreshed, ServerSecret},
    revocation::Revocations,
    secret::Secret,
    store::{Owner, StoreError},
};

/// Issues, renews and ends the tokens of a service's own accounts.
#[derive(Clone, Debug)]
pub struct Tokens {
    auth: Auth,
    accounts: Arc<dyn Accounts>,
    refresh: RefreshTokens,
    revocations: Arc<Revocations>,
}

/// What somebody who signed in is given.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignedIn {
    /// The access token.
    pub access_token: Secret,
    /// The refresh token.
    pub refresh_token: Secret,
    /// How long the access token lives.
    pub expires_in: Seconds,
    /// The scopes of the access token, sorted, with spaces between them.
    pub scope: String,
    /// How long the refresh token and its successors live.
    pub refresh_expires_in: Seconds,
    /// The id of the refresh family: the `sid` of the access token. Not a secret.
    pub family_id: String,
    /// Who it is.
    pub account: Account,
}

/// What somebody consented to, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Consent<'c> {
    pub(crate) account_id: &'c str,
    /// The session in which they did.
    pub(crate) session_id: &'c str,
    /// What their password was recognized by then.
    pub(crate) password_mark: &'c str,
    pub(crate) given: Consented<'c>,
}

impl Tokens {
    /// The tokens of an engine that has a store, for the accounts it knows.
    ///
    /// # Errors
    ///
    /// When the engine has no store, the policy no `jwt` scheme, or the store does not answer.
    pub async fn new(auth: Auth) -> Result<Self, TokensError> {
        let store = auth.store().ok_or(TokensError::NoStore)?;
        let accounts = Arc::clone(auth.accounts().ok_or(TokensError::NoStore)?);
        let policy = auth.policy();
        let (_, scheme) = policy.jwt().ok_or(TokensError::NoJwtScheme)?;
        let revocations = auth.revocations().ok_or(TokensError::NoJwtScheme)?;
        let secret = ServerSecret::of(&**store, auth.now()).await?;
        let refresh = RefreshTokens::new(Arc::clone(store), secret, scheme.refresh_ttl);
        let revocations = Arc::clone(revocations);
        Ok(Self { auth, accounts, refresh, revocations })
    }

    /// The most refresh families of one account: a sign-in beyond them ends the one that began
    /// first, so that nobody fills the store by signing in.
    pub const MAX_FAMILIES: usize = 100;

    /// The same for people who have proved in this way who they are: one of the policy's
    /// `acr_values`. Access tokens of the families that begin through it name it as `acr`, refreshed
    /// ones too.
    ///
    /// # Security
    ///
    /// Say it only where that proof was just given, such as a second factor.
    #[must_use]
    pub fn with_acr(self, acr: &str) -> Self {
        Self { refresh: self.refresh.with_acr(acr), ..self }
    }

    /// Begins a family for an account whose password was right.
    ///
    /// # Errors
    ///
    /// [`TokensError::Refused`] when the account was closed, or its password changed, meanwhile.
    pub async fn sign_in(&self, account: &Account) -> Result<SignedIn, TokensError> {
        let owner = account.owner().ok_or(TokensError::Refused)?;
        let begun = self.refresh_tokens().begin(&owner, None, None, self.auth.now()).await?;
        // Whoever closed the account while it signed in has ended the families that were there
        // then; this one may have come later.
        let now = self.auth.now();
        let current = self.accounts.by_id(&account.id, now).await?;
        match current.filter(|current| !current.disabled && current.password == account.password) {
            Some(current) => {
                self.make_room(&owner, &begun.family_id).await?;
                self.issue(begun, current, Kind::TokenIssued, None)
            }
            None => {
                self.end(&owner, &begun.family_id).await?;
                Err(TokensError::Refused)
            }
        }
    }

    /// Renews an access token: the refresh token is retired, and its successor returned.
    ///
    /// # Errors
    ///
    /// [`TokensError::Refused`] for a token that is not valid, whose family has ended or whose
    /// account is closed; [`TokensError::Reused`] for a retired one, after revoking what the
    /// family has.
    pub async fn refresh(&self, presented: &Secret) -> Result<SignedIn, TokensError> {
        let (renewed, account) = self.rotate(presented, None).await?;
        self.issue(renewed, account, Kind::TokenRefreshed, None)
    }

    /// The same for a client that somebody let in, with these of the scopes of its family.
    pub(crate) async fn refresh_for(
        &self,
        presented: &Secret,
        client_id: &str,
        scopes: &[&str],
    ) -> Result<SignedIn, TokensError> {
        let (renewed, account) = self.rotate(presented, Some(client_id)).await?;
        self.issue(renewed, account, Kind::TokenRefreshed, Some(scopes))
    }

    /// Begins a family for a client that the account let in, with these scopes at most.
    ///
    /// The access token has those of them that the account's roles grant now.
    ///
    /// # Errors
    ///
    /// [`TokensError::Refused`] when the account is closed.
    pub async fn let_in(
        &self,
        account: &Account,
        client_id: &str,
        scopes: &[&str],
    ) -> Result<SignedIn, TokensError> {
        let owner = account.owner().ok_or(TokensError::Refused)?;
        let names = scopes.iter().map(|name| (*name).to_owned()).collect();
        let (client_id, now) = (Some(client_id.to_owned()), self.auth.now());
        let begun = self.refresh_tokens().begin(&owner, client_id, Some(names), now).await?;
        let current = self.accounts.by_id(&account.id, self.auth.now()).await?;
        match current.filter(|current| !current.disabled) {
            Some(current) => {
                self.make_room(&owner, &begun.family_id).await?;
                self.issue(begun, current, Kind::TokenIssued, Some(scopes))
            }
            None => {
                self.end(&owner, &begun.family_id).await?;
                Err(TokensError::Refused)
            }
        }
    }

    /// Begins the family that a consent led to. One whose client may not renew its tokens ends
    /// with the access token.
    ///
    /// # Errors
    ///
    /// [`TokensError::Refused`] when the account was closed, its password changed, or the session in
    /// which it consented ended, since then.
    pub(crate) async fn let_in_by(
        &self,
        consent: &Consent<'_>,
        renews: bool,
    ) -> Result<SignedIn, TokensError> {
        let owner = Owner::new(consent.account_id).ok_or(TokensError::Refused)?;
        let mut refresh = self.refresh_tokens();
        if let (false, Some((_, scheme))) = (renews, self.auth.policy().jwt()) {
            refresh = refresh.lasting(scheme.access_ttl);
        }
        let begun = refresh.begin_consented(&owner, consent.given, self.auth.now()).await?;
        // Looked at once the family is there: whoever ends what the account has ends it either with
        // the others, or has ended before what is looked at here.
        match self.consenting(consent).await? {
            Some(account) => {
                self.make_room(&owner, &begun.family_id).await?;
                self.issue(begun, account, Kind::TokenIssued, Some(consent.given.scopes))
            }
            None => {
                self.end(&owner, &begun.family_id).await?;
                Err(TokensError::Refused)
            }
        }
    }

    /// The account that consented, if it still could.
    async fn consenting(&self, consent: &Consent<'_>) -> Result<Option<Account>, StoreError> {
        let account = self.accounts.by_id(consent.account_id, self.auth.now()).await?;
        let unchanged = |account: &Account| {
            !account.disabled && password_mark(&account.password) == consent.password_mark
        };
        let Some(account) = account.filter(unchanged) else { return Ok(None) };
        let Some(sessions) = self.auth.sessions() else { return Ok(None) };
        let live = sessions.list(consent.account_id).await?;
        Ok(live.iter().any(|session| session.id == consent.session_id).then_some(account))
    }

    /// Ends the family of an account with that id, and what came with it.
    pub(crate) async fn end_family(
        &self,
        account_id: &str,
        family_id: &str,
    ) -> Result<(), StoreError> {
        match Owner::new(account_id) {
            Some(owner) => self.end(&owner, family_id).await,
            None => Ok(()),
        }
    }

    /// The family of a refresh token of that client, if it is there.
    pub(crate) async fn family(
        &self,
        presented: &Secret,
        client_id: Option<&str>,
    ) -> Result<Option<Family>, TokensError> {
        let found = self.refresh.look_up(presented, client_id, self.auth.now()).await;
        if matches!(found, Err(RefreshError::OtherClient)) {
            self.report_refused(None, "refresh-token-of-another-client");
        }
        Ok(found?.map(|found| found.family))
    }

    /// The family of a refresh token that is the live one.
    pub(crate) async fn live(&self, presented: &Secret) -> Result<Option<Live>, StoreError> {
        self.refresh.live(presented, self.auth.now()).await
    }

    /// Ends the family of a refresh token of that client, also of a retired one: `false` says that
    /// it is no refresh token of any family that is there for that client.
    pub(crate) async fn end_family_of(
        &self,
        presented: &Secret,
        client_id: &str,
    ) -> Result<bool, StoreError> {
        match self.refresh.look_up(presented, Some(client_id), self.auth.now()).await {
            Ok(Some(Live { owner, family_id, .. })) => {
                self.end(&owner, &family_id).await?;
                Ok(true)
            }
            Err(RefreshError::Store(error)) => Err(error),
            Ok(None) | Err(_) => Ok(false),
        }
    }

    /// Retires a refresh token: its successor, and the account behind it.
    async fn rotate(
        &self,
        presented: &Secret,
        client_id: Option<&str>,
    ) -> Result<(Refreshed, Account), TokensError> {
        let now = self.auth.now();
        let renewed = match self.refresh.rotate_unless_reused(presented, client_id, now).await {
            Err(RefreshError::Reused { owner, family_id }) => {
                self.report_reuse(&owner, &family_id);
                // In this order: a reuse that could not be acted on is one the next time as well.
                self.revocations.family(&family_id, now).await?;
                self.refresh.end(&owner, &family_id, now).await?;
                return Err(TokensError::Reused { subject: owner.as_str().to_owned() });
            }
            Err(error @ (RefreshError::Invalid | RefreshError::OtherClient)) => {
                self.report_refused(None, "refresh-token-invalid");
                return Err(error.into());
            }
            renewed => renewed?,
        };
        let account = self.accounts.by_id(renewed.owner.as_str(), now).await?;
        match account.filter(|account| !account.disabled) {
            Some(account) => Ok((renewed, account)),
            None => {
                self.report_refused(Some(&renewed.owner), "account-disabled");
                self.end(&renewed.owner, &renewed.family_id).await?;
                Err(TokensError::Refused)
            }
        }
    }

    /// The id of the family a refresh token belongs to, if this service wrote it: whether the family
    /// is still there is not looked at.
    pub(crate) fn family_of(&self, presented: &Secret) -> Option<String> {
        self.refresh.family_of(presented)
    }

    /// Ends the family the caller's access token came with, and that token. A caller with another
    /// credential, or from another issuer, has neither.
    ///
    /// # Errors
    ///
    /// When the store does not answer; this process refuses the token all the same.
    pub async fn sign_out(&self, caller: &Identity) -> Result<(), StoreError> {
        if !self.issued(caller) {
            return Ok(());
        }
        self.auth.record(&Event {
            subject: Some(caller.subject()),
            scheme: Some(caller.scheme()),
            credential_kind: Some(CredentialKind::AccessToken),
            credential: caller.credential_id(),
            ..self.auth.event(Kind::Logout)
        });
        if let Some(token_id) = caller.credential_id() {
            self.revocations.token(token_id, self.auth.now()).await?;
        }
        match (Owner::new(&*caller.subject().id), caller.family_id()) {
            (Some(owner), Some(family)) => self.end(&owner, family).await,
            _ => Ok(()),
        }
    }

    /// Ends every family of a subject of ours, and the access tokens that came with them.
    ///
    /// # Errors
    ///
    /// When the store does not answer; what was ended until then stays ended.
    pub async fn end_all(&self, subject: &str) -> Result<(), StoreError> {
        self.end_all_but(subject, None).await
    }

    /// The same, but for the family of the caller, if it has one: after a change of password. Of a
    /// caller from another issuer nothing ends.
    ///
    /// # Errors
    ///
    /// When the store does not answer; what was ended until then stays ended.
    pub async fn end_others(&self, caller: &Identity) -> Result<(), StoreError> {
        // SECURITY: a foreign issuer may call its subjects what we call ours.
        if *caller.subject().issuer != *self.auth.own_issuer() {
            return Ok(());
        }
        let kept = caller.family_id().filter(|_| self.issued(caller));
        self.end_all_but(&caller.subject().id, kept).await
    }

    /// What the client is told.
    pub fn denial(&self, error: TokensError) -> Denial {
        match error {
            TokensError::Refused | TokensError::Reused { .. } => {
                Denial::invalid_grant(&self.auth.policy())
            }
            TokensError::Store(error) => error.into(),
            error => {
                tracing::error!(target: "auth", %error, "tokens could not be issued");
                Denial::internal()
            }
        }
    }

    pub(crate) fn auth(&self) -> &Auth {
        &self.auth
    }

    /// Whether the caller came with an access token of ours.
    fn issued(&self, caller: &Identity) -> bool {
        self.auth.policy().jwt().is_some_and(|(scheme, _)| scheme == caller.scheme_id())
    }

    async fn end_all_but(&self, subject: &str, kept: Option<&str>) -> Result<(), StoreError> {
        let Some(owner) = Owner::new(subject) else { return Ok(()) };
        // Again until none is left: one may begin while the others end.
        loop {
            let families = self.refresh.of(&owner, self.auth.now()).await?;
            let mut others = families.iter().filter(|family| Some(family.as_str()) != kept);
            let Some(first) = others.next() else { return Ok(()) };
            self.end(&owner, first).await?;
            for family in others {
                self.end(&owner, family).await?;
            }
        }
    }

    /// Ends the oldest families of an account that has more than it may, never the newest.
    async fn make_room(&self, owner: &Owner, newest: &str) -> Result<(), StoreError> {
        let families = self.refresh.by_age(owner, self.auth.now()).await?;
        let surplus = families.len().saturating_sub(Self::MAX_FAMILIES);
        for family in families.iter().filter(|family| *family != newest).take(surplus) {
            self.end(owner, family).await?;
        }
        Ok(())
    }

    /// The access tokens first: a family that has ended in part can still be ended again.
    async fn end(&self, owner: &Owner, family_id: &str) -> Result<(), StoreError> {
        let now = self.auth.now();
        self.revocations.family(family_id, now).await?;
        self.refresh.end(owner, family_id, now).await?;
        self.auth.record(&Event {
            subject: Some(&self.auth.subject(owner.as_str())),
            credential_kind: Some(CredentialKind::RefreshToken),
            credential: Some(family_id),
            ..self.auth.event(Kind::TokenRevoked)
        });
        Ok(())
    }

    fn report_reuse(&self, owner: &Owner, family_id: &str) {
        self.auth.record(&Event {
            decision: Decision::Deny,
            subject: Some(&self.auth.subject(owner.as_str())),
            credential_kind: Some(CredentialKind::RefreshToken),
            credential: Some(family_id),
            cause: Some("retired-token"),
            ..self.auth.event(Kind::RefreshReuse)
        });
    }

    /// The refresh tokens, which live as long as the policy says now.
    fn refresh_tokens(&self) -> RefreshTokens {
        match self.auth.policy().jwt() {
            Some((_, scheme)) => self.refresh.clone().lasting(scheme.refresh_ttl),
            None => self.refresh.clone(),
        }
    }

    /// Reports a refresh token that is worth nothing.
    pub(crate) fn report_refused(&self, owner: Option<&Owner>, cause: &'static str) {
        let subject = owner.map(|owner| self.auth.subject(owner.as_str()));
        self.auth.record(&Event {
            decision: Decision::Deny,
            subject: subject.as_ref(),
            credential_kind: Some(CredentialKind::RefreshToken),
            cause: Some(cause),
            ..self.auth.event(Kind::TokenRefreshed)
        });
    }

    fn issue(
        &self,
        refreshed: Refreshed,
        account: Account,
        why: Kind,
        within: Option<&[&str]>,
    ) -> Result<SignedIn, TokensError> {
        let issuer = self.auth.issuer().ok_or(TokensError::NoJwtScheme)?;
        let roles: Vec<_> = account.roles.iter().map(String::as_str).collect();
        let grant = AccessGrant::new(&account.id).roles(&roles).session(&refreshed.family_id);
        let granted = within.map(|within| granted(within, &roles, &self.auth.policy()));
        let grant = match &granted {
            Some(scopes) => grant.scopes(scopes),
            None => grant,
        };
        let family = &refreshed.family;
        let grant = match &family.client_id {
            Some(client_id) => grant.client_id(client_id),
            None => grant,
        };
        let grant = match (family.authenticated_at(), &family.acr) {
            (Some(moment), Some(acr)) => grant.authenticated_at(moment).acr(acr),
            (Some(moment), None) => grant.authenticated_at(moment),
            (None, _) => grant,
        };
        let now = self.auth.now();
        let access = issuer.access_token(&grant, now)?;
        self.auth.record(&Event {
            subject: Some(&self.auth.subject(&account.id)),
            credential_kind: Some(CredentialKind::AccessToken),
            credential: Some(&access.token_id),
            client: family.client_id.as_deref(),
            ..self.auth.event(why)
        });
        Ok(SignedIn {
            access_token: access.token,
            refresh_token: refreshed.token,
            expires_in: access.expires_in,
            scope: access.scope,
            refresh_expires_in: refreshed.family.left(now),
            family_id: refreshed.family_id,
            account,
        })
    }
}

/// What a password's hash is recognized by, so that a change of the password is: nothing that leads
/// back to either.
pub(crate) fn password_mark(password: &PasswordHash) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, password.to_text().as_bytes()))
}

/// Why no tokens were issued, or not all were ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokensError {
    /// The engine was built without a store.
    NoStore,
    /// The policy declares no `jwt` scheme.
    NoJwtScheme,
    /// The refresh token is not valid, or the account is closed.
    Refused,
    /// A retired refresh token was presented; its family and what came with it have ended.
    Reused {
        /// Whose it was.
        subject: String,
    },
    /// The access token could not be issued.
    Issue(IssueError),
    /// The store gave no answer.
    Store(StoreError),
}

impl From<StoreError> for TokensError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<IssueError> for TokensError {
    fn from(error: IssueError) -> Self {
        Self::Issue(error)
    }
}

impl From<RefreshError> for TokensError {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Store(error) => Self::Store(error),
            RefreshError::Random => {
                Self::Store(StoreError::Unavailable("there are no random bytes".to_owned()))
            }
            RefreshError::Invalid | RefreshError::OtherClient => Self::Refused,
            RefreshError::Reused { owner, .. } => {
                Self::Reused { subject: owner.as_str().to_owned() }
            }
        }
    }
}

impl fmt::Display for TokensError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStore => f.write_str("the engine has no store: give it one with `.store(..)`"),
            Self::NoJwtScheme => f.write_str("the policy declares no scheme `jwt`"),
            Self::Refused => f.write_str("the refresh token is not valid"),
            Self::Reused { .. } => f.write_str("a retired refresh token was presented"),
            Self::Issue(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl Error for TokensError {}
