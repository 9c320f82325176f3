//! A token over time. In: callers that need one, now. Out: a token that has not expired, and as few
//! requests for others as that takes.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

use super::{BearerToken, ClientCredentials, ClientError, Transport, answer, pace::Pace};
use crate::clock::{Clock, SystemClock, Timestamp};

/// How long a request may take, whatever the transport says.
const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// Where a service takes the access tokens from that it shows to others. Clones share the token.
///
/// - One request at a time, however many callers; one that gives up does not end it.
/// - After 80 % of a token's lifetime the next caller begins a renewal and is given the token at
///   hand, as are all others until the new one is there. There is no jitter.
/// - A renewal that fails changes nothing as long as the token at hand is valid. Requests after a
///   failure wait 1 s, 2 s, 4 s and so on, up to a minute; see [`ClientError`] for what failed.
/// - A token is given up shortly before it expires, and never given out after that.
///
/// A token whose server does not say how long it lives is kept for a minute.
///
/// # Example
///
/// At start, ask once: a wrong address or secret is then found before it matters.
///
/// ```no_run
/// use auth_runtime::{
///     client::{ClientCredentials, ClientError, HttpTransport, TokenSource},
///     secret::Secret,
/// };
///
/// async fn connect(secret: Secret) -> Result<TokenSource, ClientError> {
///     let billing = ClientCredentials::new("https://id.example/oauth/token", "billing", secret);
///     let source = TokenSource::new(billing.scopes(["read:posts"]), HttpTransport::production()?);
///     source.token().await?;
///     Ok(source)
/// }
/// ```
#[derive(Clone)]
pub struct TokenSource(Arc<Shared>);

struct Shared {
    credentials: ClientCredentials,
    transport: Box<dyn Transport>,
    clock: Box<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    held: Option<BearerToken>,
    pace: Pace,
    /// Closed when the last request ended.
    ended: watch::Receiver<()>,
}

impl TokenSource {
    /// The tokens of that client, asked for by those means.
    pub fn new(credentials: ClientCredentials, transport: impl Transport) -> Self {
        Self::with_clock(credentials, transport, SystemClock)
    }

    /// The same, by that clock.
    pub fn with_clock(
        credentials: ClientCredentials,
        transport: impl Transport,
        clock: impl Clock,
    ) -> Self {
        let (_, ended) = watch::channel(());
        let state = State { held: None, pace: Pace::new(), ended };
        Self(Arc::new(Shared {
            credentials,
            transport: Box::new(transport),
            clock: Box::new(clock),
            state: Mutex::new(state),
        }))
    }

    /// A token that has not expired. Called for each request that needs one, within a Tokio runtime:
    /// as a rule it takes no longer than a look at the clock.
    ///
    /// # Errors
    ///
    /// When there is no valid token at hand, and none came: what the last request failed of.
    pub async fn token(&self) -> Result<BearerToken, ClientError> {
        let now = self.0.clock.now();
        let held = self.0.state().held(now);
        if let Some(token) = held.as_ref().filter(|token| !token.is_due(now)) {
            return Ok(token.clone());
        }
        let request = self.0.request(now);
        match held {
            Some(token) => Ok(token),
            None => {
                wait(request).await;
                self.0.outcome()
            }
        }
    }
}

impl Shared {
    /// The request that is running, or one begun now; none if the last failed not long ago.
    fn request(self: &Arc<Self>, now: Timestamp) -> Option<watch::Receiver<()>> {
        let (ending, ended) = watch::channel(());
        {
            let mut state = self.state();
            if state.ended.has_changed().is_ok() {
                return Some(state.ended.clone());
            }
            // Somebody else's request may have ended since the caller looked.
            let fresh = state.held(now).is_some_and(|token| !token.is_due(now));
            if fresh || !state.pace.may_ask(now) {
                return None;
            }
            state.pace.begun(now);
            state.ended = ended.clone();
        }
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            shared.renew(now).await;
            drop(ending);
        });
        Some(ended)
    }

    async fn renew(&self, asked: Timestamp) {
        let token = self.ask(asked).await;
        self.report(&token);
        let now = self.clock.now();
        let mut state = self.state();
        match token {
            Ok(token) => {
                state.held = Some(token);
                state.pace.succeeded();
            }
            Err(error) => state.pace.failed(now, error),
        }
    }

    /// What the server grants now.
    async fn ask(&self, asked: Timestamp) -> Result<BearerToken, ClientError> {
        let request = self.credentials.request();
        let limited = tokio::time::timeout(REQUEST_LIMIT, self.transport.send(&request)).await;
        let answer = limited.unwrap_or(Err(ClientError::Timeout))?;
        let token = answer::read(&answer, self.credentials.wanted(), asked)?;
        if token.holds(self.clock.now()) { Ok(token) } else { Err(ClientError::Expired) }
    }

    /// What a caller is told who waited for a request, or could not have one.
    fn outcome(&self) -> Result<BearerToken, ClientError> {
        let state = self.state();
        state.held(self.clock.now()).ok_or_else(|| state.pace.error())
    }

    fn report(&self, token: &Result<BearerToken, ClientError>) {
        match token {
            Ok(token) if !token.missing_scopes().is_empty() => {
                let missing = token.missing_scopes().join(" ");
                tracing::warn!(target: "auth", %missing, "fewer scopes were granted than asked for");
            }
            Ok(_) => {}
            Err(error) => {
                let code = error.code();
                tracing::warn!(target: "auth", code, %error, "no token was obtained");
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // INVARIANT: no code that could panic runs while it is locked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The token at hand, if it may be given out.
    fn held(&self, now: Timestamp) -> Option<BearerToken> {
        self.held.clone().filter(|token| token.holds(now))
    }
}

/// Waits for a request to end, if there is one.
async fn wait(request: Option<watch::Receiver<()>>) {
    let Some(mut ended) = request else { return };
    // Nothing is ever sent: it ends by being closed, also when the transport panics.
    while ended.changed().await.is_ok() {}
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSource")
            .field("credentials", &self.0.credentials)
            .finish_non_exhaustive()
    }
}
