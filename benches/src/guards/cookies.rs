//! What people keep sessions with beside us: tower-sessions. In: nothing. Out: a route behind its layer,
//! and the cookie of somebody who is signed in there.

use std::error::Error;

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{StatusCode, header},
    routing::get,
};
use serde::{Deserialize, Serialize};
use tower::ServiceExt;
use tower_sessions::{Expiry, MemoryStore, Session, SessionManagerLayer, cookie::time::Duration};

use crate::contestant::Contestant;

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
    let routes = Router::new().route("/", get(whose)).route("/sign-in", get(sign_in));
    let app = routes.layer(layer);
    let request = Request::get("/sign-in").body(Body::empty())?;
    let answer = app.clone().oneshot(request).await?;
    let cookie = answer.headers().get(header::SET_COOKIE).ok_or("tower-sessions set no cookie")?;
    let cookie = cookie.to_str()?.split(';').next().unwrap_or_default();
    Contestant::new("tower-sessions, its memory store", app, "/", Some(("cookie", cookie)), 200)
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
    if user.scopes.iter().any(|scope| scope == "read:posts") {
        std::hint::black_box(user.id);
        StatusCode::OK
    } else {
        StatusCode::FORBIDDEN
    }
}
