//! A forgotten password. In: a user name; then the token that was sent. Out: the same answer for
//! everybody, at once; then a new password, and the end of every sign-in.

use std::sync::Arc;

use auth_policy::settings::EndpointKind;
use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::AccountEndpoints;
use crate::{
    Denial,
    audit::Kind,
    csrf::SameOrigin,
    extract::Json,
    guard::Public,
    limit::{self, Client},
    problem::Problem,
    reset::{Notifier, PasswordResets, ResetError},
    rule::everybody,
    secret::Secret,
    store::{Store, StoreError},
};

/// Who may call it, and why.
type WhoHasForgotten = everybody!("who has forgotten a password cannot sign in");
/// Who may call it, and why.
type WhoHasTheToken = everybody!("the token that was sent is the credential");

/// How many resets may be under way at once: the work goes on after the answer.
const AT_ONCE: usize = 64;

/// What the endpoints of a forgotten password need.
#[derive(Clone, Debug)]
pub(super) struct Resets {
    pending: PasswordResets,
    notifier: Arc<dyn Notifier>,
    places: Arc<Semaphore>,
}

impl Resets {
    pub(super) fn new(store: Arc<dyn Store>, notifier: Arc<dyn Notifier>) -> Self {
        let pending = PasswordResets::new(store);
        Self { pending, notifier, places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Forgotten {
    username: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    token: Secret,
    new: Secret,
}

/// Answers before anything is looked up: neither words nor time tell whether there is an account.
pub(super) async fn begin(
    _: Public<WhoHasForgotten>,
    State(endpoints): State<AccountEndpoints>,
    client: Client,
    origin: Result<SameOrigin, Denial>,
    Json(forgotten): Json<Forgotten>,
) -> Result<StatusCode, Denial> {
    let _: SameOrigin = origin?;
    endpoints.check_length(&forgotten.username)?;
    let name = Some(forgotten.username.as_str());
    limit::count(&endpoints.auth, EndpointKind::Reset, name, &client).await?;
    let resets = endpoints.resets.clone().ok_or_else(Problem::not_found)?;
    let Ok(place) = Arc::clone(&resets.places).try_acquire_owned() else {
        return Err(Problem::unavailable().into());
    };
    tokio::spawn(async move {
        send(&endpoints, &resets, &forgotten.username).await;
        drop(place);
    });
    Ok(StatusCode::ACCEPTED)
}

async fn send(endpoints: &AccountEndpoints, resets: &Resets, username: &str) {
    let now = endpoints.auth.now();
    let account = match endpoints.accounts.by_name(username, now).await {
        Ok(account) => account.filter(|account| !account.disabled),
        Err(error) => {
            return tracing::error!(target: "auth", %error, "a password reset was not begun");
        }
    };
    let Some(account) = account else { return };
    match resets.pending.begin(&account, now).await {
        Ok(token) => {
            if let Err(error) = resets.notifier.password_reset(&account, &token).await {
                tracing::error!(target: "auth", %error, "a password reset was not sent");
            }
        }
        Err(error) => tracing::error!(target: "auth", %error, "a password reset was not begun"),
    }
}

pub(super) async fn confirm(
    _: Public<WhoHasTheToken>,
    State(endpoints): State<AccountEndpoints>,
    client: Client,
    origin: Result<SameOrigin, Denial>,
    Json(confirmation): Json<Confirmation>,
) -> Result<StatusCode, Denial> {
    let _: SameOrigin = origin?;
    limit::count(&endpoints.auth, EndpointKind::Reset, None, &client).await?;
    let now = endpoints.auth.now();
    let pending = &endpoints.resets.as_ref().ok_or_else(Problem::not_found)?.pending;
    let looked = pending.look(&confirmation.token, now).await;
    let id = looked.inspect_err(|error| endpoints.report_unreset(error))?;
    let account = endpoints.accounts.by_id(&id, now).await?.filter(|account| !account.disabled);
    let account = account.ok_or_else(|| endpoints.unreset())?;
    // Before the token is used up: a weak password must not cost it.
    endpoints.check_password(&confirmation.new, &account).await?;
    let password = endpoints.hasher.hash(confirmation.new).await?;
    let finished = pending.finish(&confirmation.token, now).await;
    finished.inspect_err(|error| endpoints.report_unreset(error))?;
    // Who has changed it meanwhile needs no reset.
    if !endpoints.replace_password(&account, &password).await? {
        return Err(endpoints.unreset().into());
    }
    let subject = endpoints.auth.subject(&id);
    endpoints.auth.report(Kind::PasswordReset, Some(&subject), Ok(()));
    endpoints.end_all(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl AccountEndpoints {
    /// Makes every token of an account worthless that is still under way: it was asked for under
    /// another password.
    pub(super) async fn end_resets(&self, id: &str) -> Result<(), StoreError> {
        match &self.resets {
            Some(resets) => resets.pending.end_all(id, self.auth.now()).await,
            None => Ok(()),
        }
    }

    /// A token that resets nothing, reported.
    fn unreset(&self) -> ResetError {
        self.report_unreset(&ResetError::Invalid);
        ResetError::Invalid
    }

    /// Reports a token that resets nothing. A store that is down is not the token's fault.
    fn report_unreset(&self, error: &ResetError) {
        if let ResetError::Invalid = error {
            self.auth.report(Kind::PasswordReset, None, Err("reset-token-invalid"));
        }
    }
}
