//! Posts. In: what authors write. Out: what readers read; only its author edits a post, and for
//! everybody else it might as well not be there.

use std::sync::{PoisonError, RwLock};

use auth_runtime::{
    Identity, authenticate,
    extract::{Json, Path},
    problem::Problem,
    public,
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};

use crate::app::App;

/// The longest title and body, in bytes.
const MAX_TITLE: usize = 200;
const MAX_TEXT: usize = 32 * 1024;
/// The most posts this memory holds.
const MAX_POSTS: usize = 10_000;

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Post {
    id: u64,
    title: String,
    body: String,
    /// The author's subject id.
    author: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPost {
    title: String,
    body: String,
}

#[derive(Debug, Default)]
pub(crate) struct Posts(RwLock<Stored>);

#[derive(Debug, Default)]
struct Stored {
    last_id: u64,
    posts: Vec<Post>,
}

#[public(reason = "titles are for everybody")]
pub(crate) async fn list(State(app): State<App>) -> Json<Vec<Post>> {
    Json(app.posts.all())
}

#[authenticate(jwt | api_key | session, scopes = "read:posts")]
pub(crate) async fn show(
    State(app): State<App>,
    Path(id): Path<u64>,
) -> Result<Json<Post>, Problem> {
    app.posts.find(id).map(Json).ok_or_else(Problem::not_found)
}

#[authenticate(api_key, scopes = "read:posts")]
pub(crate) async fn data(State(app): State<App>) -> Json<Vec<Post>> {
    Json(app.posts.all())
}

#[authenticate(jwt | session, scopes = "write:posts")]
pub(crate) async fn create(
    author: Identity,
    State(app): State<App>,
    Json(new): Json<NewPost>,
) -> Result<(StatusCode, Json<Post>), Problem> {
    new.check()?;
    let post = app.posts.add(new, &author.subject().id).ok_or_else(full)?;
    Ok((StatusCode::CREATED, Json(post)))
}

#[authenticate(rule = "edit_post")]
pub(crate) async fn edit(
    author: Identity,
    State(app): State<App>,
    Path(id): Path<u64>,
    Json(new): Json<NewPost>,
) -> Result<Json<Post>, Problem> {
    new.check()?;
    app.posts.edit(id, &author.subject().id, new).map(Json).ok_or_else(Problem::not_found)
}

#[authenticate(jwt, scopes = "delete:posts")]
pub(crate) async fn remove(
    State(app): State<App>,
    Path(id): Path<u64>,
) -> Result<StatusCode, Problem> {
    if app.posts.remove(id) { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}

fn full() -> Problem {
    Problem::new(StatusCode::INSUFFICIENT_STORAGE, "full", "The blog is full")
}

impl NewPost {
    pub(crate) fn new(title: &str, body: &str) -> Self {
        Self { title: title.to_owned(), body: body.to_owned() }
    }

    fn check(&self) -> Result<(), Problem> {
        let fits = self.title.len() <= MAX_TITLE && self.body.len() <= MAX_TEXT;
        let wrong = match (self.title.trim().is_empty(), fits) {
            (true, _) => "a post needs a title",
            (false, false) => "a title has 200 bytes at most, and a body 32 KiB",
            (false, true) => return Ok(()),
        };
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Err(Problem::new(status, "unprocessable", "Unprocessable body").detail(wrong))
    }
}

impl Posts {
    /// Adds a post; `None` when there is no room.
    pub(crate) fn add(&self, new: NewPost, author: &str) -> Option<Post> {
        let mut stored = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if stored.posts.len() >= MAX_POSTS {
            return None;
        }
        stored.last_id += 1;
        let (id, NewPost { title, body }) = (stored.last_id, new);
        let post = Post { id, title, body, author: author.to_owned() };
        stored.posts.push(post.clone());
        Some(post)
    }

    fn all(&self) -> Vec<Post> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).posts.clone()
    }

    fn find(&self, id: u64) -> Option<Post> {
        let stored = self.0.read().unwrap_or_else(PoisonError::into_inner);
        stored.posts.iter().find(|post| post.id == id).cloned()
    }

    /// Changes a post of that author; a post of somebody else's is not found.
    fn edit(&self, id: u64, author: &str, new: NewPost) -> Option<Post> {
        let mut stored = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let post = stored.posts.iter_mut().find(|post| post.id == id && post.author == author)?;
        NewPost { title: post.title, body: post.body } = new;
        Some(post.clone())
    }

    fn remove(&self, id: u64) -> bool {
        let mut stored = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = stored.posts.len();
        stored.posts.retain(|post| post.id != id);
        stored.posts.len() < before
    }
}
