//! What people keep sessions with beside us: tower-sessions, and axum-login on top of it. In: nothing.
//! Out: a route behind their layers, and the cookie of somebody who is signed in there.

use std::{collections::HashSet, convert::Infallible, error::Error};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{StatusCode, header},
    routing::get,
};
use axum_login::{
    AuthManagerLayerBuilder, AuthSession, AuthUser, AuthnBackend, AuthzBackend,
    tower_sessions::SessionManagerLayer as LoginSessions,
};
use serde::{Deserialize, Serialize};
use tower::ServiceExt;
use tower_sessions::{Expiry, MemoryStore, Session, SessionManagerLayer, cookie::time::Duration};

use crate::{contestant::Contestant, theirs::SCOPE};

/// Where the session keeps its user.
const USER: &str = "user";

/// Who is signed in. Ours reads the account for each request instead, so that what it may do is what
/// it may do now.
#[derive(Serialize, Deserialize)]
struct User {
    id: String,
    scopes: Vec<String>,
}

/// The session of a user, in memory, asked for one scope.
pub(crate) async fn tower_sessions() -> Result<Contestant, Box<dyn Error>> {
    let layer = SessionManagerLayer::new(MemoryStore::default())
        .with_expiry(Expiry::OnInactivity(Duration::minutes(30)));
    let routes = Router::new().route(PATH, get(whose)).route("/sign-in", get(sign_in));
    signed_in("tower-sessions, its memory store", routes.layer(layer)).await
}

/// The same with axum-login, which asks its backend for the user and for what it may do.
pub(crate) async fn axum_login() -> Result<Contestant, Box<dyn Error>> {
    let store = axum_login_store::MemoryStore::default();
    let layer = AuthManagerLayerBuilder::new(Directory, LoginSessions::new(store)).build();
    let routes = Router::new().route(PATH, get(permitted)).route("/sign-in", get(log_in));
    signed_in("axum-login, its memory store", routes.layer(layer)).await
}

/// A path is parsed and routed letter by letter: ours is as long.
const PATH: &str = "/session";

/// The application, asked with the cookie that it sets at its `/sign-in`.
async fn signed_in(label: &'static str, app: Router) -> Result<Contestant, Box<dyn Error>> {
    let request = Request::get("/sign-in").body(Body::empty())?;
    let answer = app.clone().oneshot(request).await?;
    let cookie = answer.headers().get(header::SET_COOKIE).ok_or("no cookie was set")?;
    let cookie = cookie.to_str()?.split(';').next().unwrap_or_default();
    Contestant::new(label, app, PATH, Some(("cookie", cookie)), 200)
}

async fn sign_in(session: Session) -> StatusCode {
    let scopes = vec!["read:posts".to_owned(), "write:posts".to_owned()];
    let user = User { id: "ada".to_owned(), scopes };
    match session.insert(USER, user).await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

async fn whose(session: Session) -> StatusCode {
    let Ok(Some(user)) = session.get::<User>(USER).await else { return StatusCode::UNAUTHORIZED };
    if user.scopes.iter().any(|scope| scope == SCOPE) {
        std::hint::black_box(user.id);
        StatusCode::OK
    } else {
        StatusCode::FORBIDDEN
    }
}

/// Who may log in with axum-login: one person, whom nothing need be asked for.
#[derive(Clone)]
struct Directory;

#[derive(Clone, Debug)]
struct Person {
    id: String,
    scopes: HashSet<String>,
}

impl Person {
    fn ada() -> Self {
        let scopes = ["read:posts", "write:posts"].map(str::to_owned).into();
        Self { id: "ada".to_owned(), scopes }
    }
}

impl AuthUser for Person {
    type Id = String;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn session_auth_hash(&self) -> &[u8] {
        b"of a password"
    }
}

impl AuthnBackend for Directory {
    type User = Person;
    type Credentials = ();
    type Error = Infallible;

    async fn authenticate(&self, (): ()) -> Result<Option<Person>, Infallible> {
        Ok(Some(Person::ada()))
    }

    async fn get_user(&self, id: &String) -> Result<Option<Person>, Infallible> {
        Ok((id == "ada").then(Person::ada))
    }
}

impl AuthzBackend for Directory {
    type Permission = String;

    async fn get_user_permissions(&self, user: &Person) -> Result<HashSet<String>, Infallible> {
        Ok(user.scopes.clone())
    }
}

async fn log_in(mut session: AuthSession<Directory>) -> StatusCode {
    match session.login(&Person::ada()).await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

async fn permitted(session: AuthSession<Directory>) -> StatusCode {
    let Some(user) = session.user else { return StatusCode::UNAUTHORIZED };
    match session.backend.has_perm(&user, SCOPE.to_owned()).await {
        Ok(true) => StatusCode::OK,
        Ok(false) | Err(_) => StatusCode::FORBIDDEN,
    }
}
