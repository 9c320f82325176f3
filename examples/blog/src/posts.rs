//! Posts. In: what authors write. Out: what readers read; only its author edits a post, and for
//! everybody else it might as well not be there.

use std::sync::Arc;

use auth_runtime::{
    Denial, Identity, authenticate,
    clock::Timestamp,
    extract::{Json, Path},
    problem::Problem,
    public,
    store::{Collection, Key, Owner, Record, Store, StoreError},
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;

/// The longest title and body, in bytes.
const MAX_TITLE: usize = 200;
const MAX_TEXT: usize = 32 * 1024;
/// The most posts the blog holds: they are listed as a whole.
const MAX_POSTS: usize = 1_000;

const COLLECTION: Collection = Collection("post");

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Post {
    id: u64,
    title: String,
    body: String,
    /// The author's subject id.
    author: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPost {
    title: String,
    body: String,
}

/// The posts, in the store.
#[derive(Clone, Debug)]
pub(crate) struct Posts {
    store: Arc<dyn Store>,
}

#[utoipa::path(
    get,
    path = "/posts",
    operation_id = "listPosts",
    responses((status = 200, description = "All posts", body = Vec<Post>)),
)]
#[public(reason = "titles are for everybody")]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<Vec<Post>>, Denial> {
    Ok(Json(app.posts.all(app.auth.now()).await?))
}

#[utoipa::path(
    get,
    path = "/posts/{id}",
    operation_id = "showPost",
    params(("id" = u64, Path, description = "Its number")),
    responses(
        (status = 200, description = "A post", body = Post),
        (status = 404, description = "There is none"),
    ),
)]
#[authenticate(jwt | api_key | session, scopes = "read:posts")]
pub(crate) async fn show(
    State(app): State<App>,
    Path(id): Path<u64>,
) -> Result<Json<Post>, Denial> {
    let post = app.posts.find(id, app.auth.now()).await?;
    Ok(Json(post.ok_or_else(Problem::not_found)?.0))
}

#[utoipa::path(
    get,
    path = "/api/data",
    operation_id = "exportPosts",
    responses((status = 200, description = "All posts, for scripts", body = Vec<Post>)),
)]
#[authenticate(api_key, scopes = "read:posts")]
pub(crate) async fn data(State(app): State<App>) -> Result<Json<Vec<Post>>, Denial> {
    Ok(Json(app.posts.all(app.auth.now()).await?))
}

#[utoipa::path(
    post,
    path = "/posts",
    operation_id = "createPost",
    request_body = NewPost,
    responses((status = 201, description = "The post", body = Post)),
)]
#[authenticate(jwt | session, scopes = "write:posts")]
pub(crate) async fn create(
    author: Identity,
    State(app): State<App>,
    Json(new): Json<NewPost>,
) -> Result<(StatusCode, Json<Post>), Denial> {
    new.check()?;
    let post = app.posts.add(new, &author.subject().id, app.auth.now()).await?;
    Ok((StatusCode::CREATED, Json(post.ok_or_else(full)?)))
}

#[utoipa::path(
    put,
    path = "/posts/{id}",
    operation_id = "editPost",
    params(("id" = u64, Path, description = "Its number")),
    request_body = NewPost,
    responses(
        (status = 200, description = "The post", body = Post),
        (status = 404, description = "There is none of yours"),
    ),
)]
#[authenticate(rule = "edit_post")]
pub(crate) async fn edit(
    author: Identity,
    State(app): State<App>,
    Path(id): Path<u64>,
    Json(new): Json<NewPost>,
) -> Result<Json<Post>, Denial> {
    new.check()?;
    let post = app.posts.edit(id, &author.subject().id, new, app.auth.now()).await?;
    Ok(Json(post.ok_or_else(Problem::not_found)?))
}

#[utoipa::path(
    delete,
    path = "/posts/{id}",
    operation_id = "removePost",
    params(("id" = u64, Path, description = "Its number")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is none"),
    ),
)]
#[authenticate(jwt, scopes = "delete:posts")]
pub(crate) async fn remove(
    State(app): State<App>,
    Path(id): Path<u64>,
) -> Result<StatusCode, Denial> {
    if app.posts.remove(id, app.auth.now()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found().into())
    }
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
        Err(Problem::unprocessable(wrong))
    }
}

impl Posts {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// Adds a post under the next number; `None` when there is no room.
    pub(crate) async fn add(
        &self,
        new: NewPost,
        author: &str,
        now: Timestamp,
    ) -> Result<Option<Post>, StoreError> {
        let posts = self.all(now).await?;
        if posts.len() >= MAX_POSTS {
            return Ok(None);
        }
        let NewPost { title, body } = new;
        let mut post = Post { id: 0, title, body, author: author.to_owned() };
        let next = posts.last().map_or(1, |last| last.id.saturating_add(1));
        // Whoever takes a number first has it; the other takes the next one.
        for id in next.. {
            post.id = id;
            let Some(key) = key(id) else { break };
            if self.store.insert(&key, &post.to_bytes(), None, now).await? {
                return Ok(Some(post));
            }
        }
        Ok(None)
    }

    /// All posts, the oldest first.
    pub(crate) async fn all(&self, now: Timestamp) -> Result<Vec<Post>, StoreError> {
        let Some(owner) = owner() else { return Ok(Vec::new()) };
        let records = self.store.list(COLLECTION, &owner, now).await?;
        records.iter().map(Post::read).collect()
    }

    async fn find(&self, id: u64, now: Timestamp) -> Result<Option<(Post, u64)>, StoreError> {
        let Some(key) = key(id) else { return Ok(None) };
        let record = self.store.get(&key, now).await?;
        record.map(|record| Ok((Post::read(&record)?, record.version))).transpose()
    }

    /// Changes a post of that author; a post of somebody else's is not found.
    async fn edit(
        &self,
        id: u64,
        author: &str,
        new: NewPost,
        now: Timestamp,
    ) -> Result<Option<Post>, StoreError> {
        let NewPost { title, body } = new;
        // Until nobody else has written in between, or the post is gone.
        while let Some((old, version)) = self.find(id, now).await? {
            let Some(key) = key(id).filter(|_| old.author == author) else { break };
            let post = Post { title: title.clone(), body: body.clone(), ..old };
            if self.store.swap(&key, version, &post.to_bytes(), None, now).await? {
                return Ok(Some(post));
            }
        }
        Ok(None)
    }

    async fn remove(&self, id: u64, now: Timestamp) -> Result<bool, StoreError> {
        match key(id) {
            Some(key) => self.store.delete(&key, now).await,
            None => Ok(false),
        }
    }
}

impl Post {
    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    pub(crate) fn body(&self) -> &str {
        &self.body
    }

    fn read(record: &Record) -> Result<Self, StoreError> {
        serde_json::from_slice(&record.value).map_err(|_| StoreError::Damaged("a post".to_owned()))
    }

    fn to_bytes(&self) -> Vec<u8> {
        // INVARIANT: strings and numbers are always written.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// All posts have one owner, so that they are listed together.
fn owner() -> Option<Owner> {
    Owner::new("blog")
}

/// Numbers of one width sort like numbers.
fn key(id: u64) -> Option<Key> {
    Key::new(COLLECTION, owner()?, format!("{id:020}"))
}
