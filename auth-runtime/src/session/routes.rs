//! The endpoints of sessions. In: a user name and a password, or a session. Out: a session's cookie,
//! what it is worth, a list of them, and their end.

use auth_policy::settings::EndpointKind;
use axum::{
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::{Begun, Session, SessionError, Sessions};
use crate::{
    Auth, Denial, Identity,
    context::Engine,
    csrf::SameOrigin,
    extract::{Json, Path},
    guard::{Guard, Public},
    limit::Client,
    problem::Problem,
    routing::{Router, delete, get, post},
    rule::{Own, SESSION, everybody},
    secret::Secret,
    sign_in::PasswordSignIn,
};

/// The largest body these take, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// Everybody may sign in, for this reason.
type Anybody = everybody!("this is where a session begins");

/// Whoever has a session.
type Holder = Guard<Own<{ SESSION }>>;

/// The endpoints of sessions, for an application to merge into its router:
///
/// | endpoint | answer |
/// |---|---|
/// | `POST /session` `{username, password}` | 200 `{csrf_token}` and the cookie |
/// | `GET /session` | 200 `{subject, roles, scopes, csrf_token, created_at, expires_at}` |
/// | `DELETE /session` | 204; the session has ended and the cookie is taken away |
/// | `POST /session/reauth` `{password}` | 200 `{csrf_token}` and another cookie; the old one is worth nothing |
/// | `GET /sessions` | 200 with a list of one's own, the current one marked |
/// | `DELETE /sessions/{id}` | 204; one of one's own has ended |
/// | `DELETE /sessions` | 204; all of one's own have ended |
///
/// Moments are seconds since 1970; `expires_at` is when the session is over unless it is used
/// again. The last two need a sign-in within `fresh_for`, but for ending the current session:
/// otherwise they are 401 `insufficient_user_authentication`. Somebody else's session is the 404
/// of one that is not there. The policy has to say under `endpoints.login` how often the first and
/// `reauth` answer: without that, `protect` refuses the router. Under a policy without a `session` scheme they admit nobody.
///
/// # Example
///
/// ```
/// use auth_runtime::{Router, session, sign_in::PasswordSignIn};
///
/// fn routes(sign_in: PasswordSignIn) -> Router {
///     Router::new().merge(session::router(sign_in))
/// }
/// ```
#[track_caller]
pub fn router<S>(sign_in: PasswordSignIn) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    Router::new()
        .route(
            "/session",
            post(begin).called_by_strangers(EndpointKind::Login).get(show).delete(end),
        )
        .route("/session/reauth", post(confirm).called_by_strangers(EndpointKind::Login))
        .route("/sessions", get(list).delete(end_all))
        .route("/sessions/{id}", delete(end_one))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(sign_in)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    username: String,
    password: Secret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirmation {
    password: Secret,
}

#[derive(Serialize)]
struct Started<'a> {
    csrf_token: &'a str,
}

#[derive(Serialize)]
struct Shown<'a> {
    subject: &'a str,
    roles: Vec<&'a str>,
    scopes: Vec<&'a str>,
    csrf_token: Option<&'a str>,
    created_at: i64,
    expires_at: i64,
}

#[derive(Serialize)]
struct Row {
    id: String,
    created_at: i64,
    last_seen_at: i64,
    expires_at: i64,
    current: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
}

async fn begin(
    _: Public<Anybody>,
    Engine(auth): Engine,
    State(sign_in): State<PasswordSignIn>,
    client: Client,
    headers: HeaderMap,
    origin: Result<SameOrigin, Denial>,
    Json(credentials): Json<Credentials>,
) -> Result<Response, Denial> {
    // After the body: a form is 415, wherever it comes from.
    let _: SameOrigin = origin?;
    let sessions = sessions(&auth)?;
    let account = sign_in.check_from(&client, &credentials.username, credentials.password).await;
    let account = account.map_err(|error| sign_in.denial(error))?;
    let subject = auth.subject(&account.id);
    let begun = sessions.begin(&account, &headers).await;
    match &begun {
        Ok(_) => auth.report_login(Some(&subject), Ok(())),
        Err(error) => auth.report_login(Some(&subject), Err(error.cause())),
    }
    Ok(answer(&begun.map_err(|error| sessions.denial(error))?))
}

async fn show(caller: Holder, Engine(auth): Engine) -> Result<Response, Denial> {
    let (caller, sessions) = (caller.identity(), sessions(&auth)?);
    let session = sessions.current(&caller).await.map_err(|error| sessions.denial(error))?;
    let csrf_token = caller.csrf_token();
    let shown = Shown {
        subject: &caller.subject().id,
        roles: caller.roles().collect(),
        scopes: caller.scopes().collect(),
        // Read by pages of our own, which send it back.
        csrf_token: csrf_token.as_ref().map(Secret::expose),
        created_at: session.created_at.0,
        expires_at: caller.expires_at().0,
    };
    Ok(unstored(axum::Json(shown)))
}

async fn end(caller: Holder, Engine(auth): Engine) -> Result<Response, Denial> {
    let (caller, sessions) = (caller.identity(), sessions(&auth)?);
    sessions.end(&caller.subject().id, caller.credential_id().unwrap_or_default()).await?;
    Ok(gone(&sessions))
}

async fn confirm(
    caller: Holder,
    Engine(auth): Engine,
    State(sign_in): State<PasswordSignIn>,
    client: Client,
    Json(confirmation): Json<Confirmation>,
) -> Result<Response, Denial> {
    let (caller, sessions) = (caller.identity(), sessions(&auth)?);
    let account = sign_in.confirm_from(&client, &caller.subject().id, confirmation.password).await;
    let account = account.map_err(|error| sign_in.denial(error))?;
    let begun = sessions.renew(&caller, &account).await;
    Ok(answer(&begun.map_err(|error| sessions.denial(error))?))
}

async fn list(caller: Holder, Engine(auth): Engine) -> Result<Response, Denial> {
    let (caller, sessions) = (caller.identity(), sessions(&auth)?);
    let listed = sessions.list(&caller.subject().id).await?;
    let rows: Vec<_> = listed.into_iter().map(|session| Row::new(session, &caller)).collect();
    Ok(unstored(axum::Json(rows)))
}

async fn end_one(
    caller: Holder,
    Engine(auth): Engine,
    Path(id): Path<String>,
) -> Result<Response, Denial> {
    let (caller, sessions) = (caller.identity(), sessions(&auth)?);
    let is_current = caller.credential_id() == Some(id.as_str());
    if !is_current {
        sessions.require_fresh(&caller)?;
    }
    // Only ever among one's own: somebody else's is not there.
    if !sessions.end(&caller.subject().id, &id).await? {
        return Err(Problem::not_found().into());
    }
    Ok(if is_current { gone(&sessions) } else { StatusCode::NO_CONTENT.into_response() })
}

async fn end_all(caller: Holder, Engine(auth): Engine) -> Result<Response, Denial> {
    let (caller, sessions) = (caller.identity(), sessions(&auth)?);
    sessions.require_fresh(&caller)?;
    sessions.end_all(&caller.subject().id).await?;
    Ok(gone(&sessions))
}

impl Row {
    fn new(session: Session, caller: &Identity) -> Self {
        Self {
            current: caller.credential_id() == Some(session.id.as_str()),
            id: session.id,
            created_at: session.created_at.0,
            last_seen_at: session.last_seen_at.0,
            expires_at: session.expires_at.0,
            user_agent: session.user_agent,
        }
    }
}

/// The sessions of the engine; without any, there is no such endpoint.
fn sessions(auth: &Auth) -> Result<Sessions, Denial> {
    auth.sessions().ok_or_else(|| Problem::not_found().into())
}

/// A session's cookie, and the token that pages send beside it.
fn answer(begun: &Begun) -> Response {
    // Read by pages of our own, which send it back.
    let mut response = unstored(axum::Json(Started { csrf_token: begun.csrf_token.expose() }));
    response.headers_mut().append(header::SET_COOKIE, begun.set_cookie.clone());
    response
}

/// The session has ended: the browser need not keep its cookie.
fn gone(sessions: &Sessions) -> Response {
    let mut response = unstored(StatusCode::NO_CONTENT);
    if let Some(cookie) = sessions.clear_cookie() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// An answer that no cache may keep.
fn unstored(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    response
}

impl SessionError {
    /// What the audit calls it.
    pub(crate) fn cause(&self) -> &'static str {
        match self {
            Self::Refused => "account-changed",
            Self::Full => "too-many-sessions",
            Self::Ended => "session-ended",
            Self::Ambiguous => "several-credentials",
            Self::NoCookie | Self::Random => "internal",
            Self::Store(_) => "store-unavailable",
        }
    }
}
